//! psql, and so libpq, logs in with us.

use std::process::Stdio;

use pgsluice::auth::client_login::Method;
use pgsluice::auth::client_login::Proof;
use pgsluice::auth::verifier::Verifier;
use pgsluice::config::words::SslMode;
use pgsluice::demo::cluster::binaries::Binaries;
use pgsluice::net::tls::accept::ClientTls;
use tokio::process::Command;

use crate::certificates::Authority;
use crate::front::Front;
use crate::front::Outcome;
use crate::front::Rules;

/// What comes of a psql with these connection parameters. It ends with an error in any case, as
/// nobody answers its query.
async fn psql(front: &mut Front, parameters: &str) -> (Outcome, String) {
    let psql = Binaries::find().unwrap().folder().join("psql");
    let port = front.target.port;
    let output = Command::new(psql)
        .args(["-X", "-w", "-c", "SELECT 1", "-d"])
        .arg(format!(
            "host=127.0.0.1 port={port} user=me dbname=any {parameters}"
        ))
        .stdin(Stdio::null())
        .output();
    let (output, outcome) = tokio::join!(output, front.next());
    (
        outcome,
        String::from_utf8_lossy(&output.unwrap().stderr).into_owned(),
    )
}

fn open(tls: ClientTls, method: Method) -> Front {
    let verifier = Verifier::parse("secret");
    Front::open(Rules {
        method,
        verifier,
        tls,
    })
}

#[tokio::test]
async fn libpq_binds_scram_to_our_certificate() {
    let authority = Authority::new();
    authority.issue("server", "server", &["127.0.0.1"]);
    let tls = authority.tls(SslMode::Require, "root.crt", Some("server"));
    let mut front = open(ClientTls::new(&tls).unwrap(), Method::Scram);
    let root = authority.path("root.crt");
    let strict = format!(
        "sslmode=verify-full sslrootcert={} channel_binding=require",
        root.display()
    );
    let (outcome, said) = psql(&mut front, &format!("{strict} password=secret")).await;
    let Outcome::In {
        is_tls: true,
        proof: Proof::Scram(_),
    } = outcome
    else {
        panic!("{outcome:?} {said}");
    };
    let (_, said) = psql(&mut front, &format!("{strict} password=wrong")).await;
    assert!(
        said.contains("FATAL:  SASL authentication failed"),
        "{said}"
    );
    let (_, said) = psql(&mut front, "sslmode=disable password=secret").await;
    assert!(said.contains("FATAL:  SSL required"), "{said}");
}

#[tokio::test]
async fn libpq_logs_in_without_tls() {
    for method in [Method::Trust, Method::Plain, Method::Md5, Method::Scram] {
        let mut front = open(ClientTls::Off, method);
        let (outcome, said) = psql(&mut front, "sslmode=prefer password=secret").await;
        assert!(
            matches!(outcome, Outcome::In { is_tls: false, .. }),
            "{outcome:?} {said}"
        );
        if method != Method::Trust {
            let (_, said) = psql(&mut front, "sslmode=disable password=x").await;
            assert!(said.contains("authentication failed"), "{said}");
        }
    }
}
