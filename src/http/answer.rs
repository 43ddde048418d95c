//! Which request gets which answer.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Method;
use hyper::Response;
use hyper::StatusCode;
use hyper::header::ALLOW;
use hyper::header::CACHE_CONTROL;
use hyper::header::CONTENT_TYPE;
use hyper::header::HeaderValue;

use crate::control::Run;
use crate::http::Pages;
use crate::http::Readiness;

/// The answer to a request for `path`.
pub(super) fn answer(
    method: &Method,
    path: &str,
    pages: &dyn Pages,
    run: Run,
) -> Response<Full<Bytes>> {
    let page = match path {
        "/metrics" => Page::Metrics,
        "/healthz" => Page::Health,
        "/readyz" => Page::Readiness,
        "/" => Page::Index,
        _ => return text(StatusCode::NOT_FOUND, "no such page\n".to_owned()),
    };
    if method != Method::GET && method != Method::HEAD {
        let mut refused = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET and HEAD\n".to_owned(),
        );
        let allowed = HeaderValue::from_static("GET, HEAD");
        refused.headers_mut().insert(ALLOW, allowed);
        return refused;
    }
    match page {
        Page::Metrics => {
            let mut answer = text(StatusCode::OK, pages.metrics());
            let kind = HeaderValue::from_static(EXPOSITION);
            answer.headers_mut().insert(CONTENT_TYPE, kind);
            answer
        }
        Page::Health => text(StatusCode::OK, "alive\n".to_owned()),
        Page::Readiness => readiness(pages, run),
        Page::Index => text(StatusCode::OK, "/metrics\n/healthz\n/readyz\n".to_owned()),
    }
}

enum Page {
    Metrics,
    Health,
    Readiness,
    Index,
}

fn readiness(pages: &dyn Pages, run: Run) -> Response<Full<Bytes>> {
    let readiness = match run {
        Run::Running => pages.readiness(),
        Run::Draining { .. } | Run::Stopping => {
            Readiness::NotReady(vec!["shutting down".to_owned()])
        }
    };
    let status = match readiness {
        Readiness::Ready => StatusCode::OK,
        Readiness::NotReady(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    text(status, format!("{readiness}\n"))
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PLAIN));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Prometheus' text format.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

const PLAIN: &str = "text/plain; charset=utf-8";
