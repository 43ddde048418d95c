//! TLS towards clients.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use rustls::server::NoServerSessionStorage;
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::auth::scram::EndPoint;
use crate::config::tls::Tls;
use crate::config::words::SslMode;
use crate::net::stream::Socket;
use crate::net::stream::Stream;
use crate::net::tls::ALPN;
use crate::net::tls::Authorities;
use crate::net::tls::Chain;
use crate::net::tls::Fault;
use crate::net::tls::certificate;
use crate::net::tls::other_error;
use crate::net::tls::provider;
use crate::net::tls::read_chain;
use crate::net::tls::versions;

/// Whether and how clients are offered TLS.
#[derive(Clone, Debug)]
pub enum ClientTls {
    /// Not at all.
    Off,
    /// If they ask for it.
    Offered(Offer),
    /// They must ask for it.
    Required(Offer),
}

/// What clients are shown.
#[derive(Clone, Debug)]
pub struct Offer {
    config: Arc<ServerConfig>,
    end_point: Option<EndPoint>,
}

/// A stream over TLS with what its handshake has told.
#[derive(Debug)]
pub struct Accepted {
    /// The stream.
    pub stream: Stream,
    /// What SCRAM can bind to: the certificate that we showed.
    pub end_point: Option<EndPoint>,
    /// The common name of the client's certificate, checked against our authorities.
    pub certificate_name: Option<String>,
}

impl ClientTls {
    /// Reads certificates and keys. `VerifyCa` and `VerifyFull` require a client certificate of a
    /// known authority; in the other modes none is asked for.
    ///
    /// # Errors
    /// A file is missing or wrong.
    pub fn new(tls: &Tls) -> Result<Self, Fault> {
        let offer = || Offer::new(tls, read_chain(tls)?.ok_or(Fault::NoCertificate)?);
        match tls.sslmode {
            SslMode::Disable => Ok(Self::Off),
            SslMode::Allow | SslMode::Prefer => offer().map(Self::Offered),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                offer().map(Self::Required)
            }
        }
    }

    /// What is offered, if anything.
    pub fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Off => None,
            Self::Offered(offer) | Self::Required(offer) => Some(offer),
        }
    }
}

impl Offer {
    fn new(tls: &Tls, (chain, key): Chain) -> Result<Self, Fault> {
        let end_point = chain.first().and_then(|own| certificate::end_point(own));
        let provider = provider(tls);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(tls))?;
        let builder = match tls.sslmode {
            SslMode::VerifyCa | SslMode::VerifyFull => {
                let roots = Authorities::read(tls)?.roots;
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build()?)
            }
            SslMode::Disable | SslMode::Allow | SslMode::Prefer | SslMode::Require => {
                builder.with_no_client_auth()
            }
        };
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        // As PostgreSQL: sessions are not resumed, so nothing is kept of them.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self {
            config: Arc::new(config),
            end_point,
        })
    }

    /// Answers the handshake of a client that asked for TLS.
    ///
    /// # Errors
    /// The handshake failed; the client was told so within TLS.
    pub async fn accept(&self, socket: Socket) -> io::Result<Accepted> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        self.accepted(acceptor.accept(socket).await?)
    }

    /// Answers the handshake of a client that began it without asking; `read` was read of it.
    ///
    /// # Errors
    /// The handshake failed, or the client did not name the protocol (ALPN): PostgreSQL 17 refuses
    /// that too, lest another protocol's client be led here.
    pub async fn accept_direct(&self, socket: Socket, mut read: &[u8]) -> io::Result<Accepted> {
        let mut acceptor = Acceptor::default();
        while !read.is_empty() {
            acceptor.read_tls(&mut read)?;
        }
        let start = LazyConfigAcceptor::new(acceptor, socket).await?;
        let stream = start.into_stream(Arc::clone(&self.config)).await?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            return Err(other_error(
                "received direct SSL connection request without ALPN protocol negotiation extension",
            ));
        }
        self.accepted(stream)
    }

    fn accepted(&self, stream: TlsStream<Socket>) -> io::Result<Accepted> {
        let shown = stream.get_ref().1.peer_certificates();
        let certificate_name = shown
            .and_then(|chain| chain.first())
            .and_then(|own| certificate::common_name(own));
        Ok(Accepted {
            stream: Stream::TlsAccepted(Box::new(stream)),
            end_point: self.end_point.clone(),
            certificate_name,
        })
    }
}
