//! TLS towards servers.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::auth::scram::EndPoint;
use crate::config::tls::Tls;
use crate::config::words::SslMode;
use crate::net::stream::Socket;
use crate::net::stream::Stream;
use crate::net::tls::ALPN;
use crate::net::tls::Authorities;
use crate::net::tls::Fault;
use crate::net::tls::certificate;
use crate::net::tls::judge::Judge;
use crate::net::tls::judge::Trust;
use crate::net::tls::other_error;
use crate::net::tls::provider;
use crate::net::tls::read_chain;
use crate::net::tls::versions;

/// Whether and how servers are spoken to over TLS.
#[derive(Clone, Debug)]
pub struct ServerTls {
    mode: SslMode,
    config: Arc<ClientConfig>,
}

impl ServerTls {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// A file is missing or wrong, or there is no authority to check against.
    pub fn new(tls: &Tls) -> Result<Self, Fault> {
        Self::speaking(ALPN, tls.sslmode, tls)
    }

    /// For servers that speak HTTP: their certificates must be made out to the name that is dialed, by
    /// an authority of `ca_file` or of the system.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_http(tls: &Tls) -> Result<Self, Fault> {
        Self::speaking(ALPN_HTTP, SslMode::VerifyFull, tls)
    }

    fn speaking(protocol: &[u8], mode: SslMode, tls: &Tls) -> Result<Self, Fault> {
        let provider = provider(tls);
        let judge = Judge {
            trust: match mode {
                SslMode::Disable | SslMode::Allow | SslMode::Prefer | SslMode::Require => {
                    Trust::Anyone
                }
                SslMode::VerifyCa => Trust::Authority(Authorities::read(tls)?),
                SslMode::VerifyFull => Trust::Name(Authorities::read(tls)?),
            },
            algorithms: provider.signature_verification_algorithms,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(tls))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(judge));
        let chain = match mode {
            SslMode::Disable => None,
            SslMode::Allow
            | SslMode::Prefer
            | SslMode::Require
            | SslMode::VerifyCa
            | SslMode::VerifyFull => read_chain(tls)?,
        };
        let mut config = match chain {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self {
            mode,
            config: Arc::new(config),
        })
    }

    /// When TLS is used.
    pub fn mode(&self) -> SslMode {
        self.mode
    }

    /// Does the handshake with a server that agreed to it; `host` is the name that was dialed.
    ///
    /// # Errors
    /// The handshake failed, or the certificate is not good enough.
    pub async fn connect(&self, socket: Socket, host: &str) -> io::Result<Stream> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| other_error("the host's name cannot be used with TLS"))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector.connect(name, socket).await?;
        Ok(Stream::TlsDialed(Box::new(stream)))
    }
}

/// HTTP's name in TLS (RFC 7301).
const ALPN_HTTP: &[u8] = b"http/1.1";

/// What SCRAM can bind to: the certificate that the server showed.
pub fn end_point(stream: &Stream) -> Option<EndPoint> {
    match stream {
        Stream::Plain(_) | Stream::TlsAccepted(_) => None,
        Stream::TlsDialed(tls) => {
            let shown = tls.get_ref().1.peer_certificates()?;
            certificate::end_point(shown.first()?)
        }
    }
}
