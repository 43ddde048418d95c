//! Whether a server's certificate is good enough for the `sslmode`.

use rustls::DigitallySignedStruct;
use rustls::Error;
use rustls::SignatureScheme;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::client::verify_server_name;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::crypto::verify_tls12_signature;
use rustls::crypto::verify_tls13_signature;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::UnixTime;
use rustls::server::ParsedCertificate;

use crate::net::tls::Authorities;
use crate::net::tls::certificate;

/// Checks servers' certificates.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) trust: Trust,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// Whom we trust.
#[derive(Debug)]
pub(super) enum Trust {
    /// Anyone who has the key of the certificate that they show.
    Anyone,
    /// Whoever these authorities vouch for.
    Authority(Authorities),
    /// As `Authority`, under the name that was dialed.
    Name(Authorities),
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.trust {
            Trust::Anyone => (),
            Trust::Authority(authorities) => {
                self.check_chain(authorities, end_entity, intermediates, now)?;
            }
            Trust::Name(authorities) => {
                self.check_chain(authorities, end_entity, intermediates, now)?;
                check_name(end_entity, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Judge {
    fn check_chain(
        &self,
        authorities: &Authorities,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // A self-signed certificate that is itself the authority, as `openssl req -x509` makes
        // them: webpki takes no authority for an end, OpenSSL and so libpq do.
        if authorities.certificates.iter().any(|own| own == end_entity)
            && certificate::is_valid_at(end_entity, now)
        {
            return Ok(());
        }
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &authorities.roots,
            intermediates,
            now,
            self.algorithms.all,
        )
    }
}

fn check_name(end_entity: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    let by_alternative = verify_server_name(&ParsedCertificate::try_from(end_entity)?, name);
    if by_alternative.is_ok() || !certificate::is_named_by_common_name(end_entity) {
        return by_alternative;
    }
    match certificate::common_name(end_entity) {
        Some(pattern) if is_match(&pattern, &name.to_str()) => Ok(()),
        Some(_) | None => by_alternative,
    }
}

/// Whether a common name stands for a host; `*.` at its start stands for one label.
pub(super) fn is_match(pattern: &str, host: &str) -> bool {
    let by_wildcard = || {
        let rest = pattern.strip_prefix("*.")?;
        let (label, domain) = host.split_once('.')?;
        (!label.is_empty() && rest.contains('.')).then_some(rest.eq_ignore_ascii_case(domain))
    };
    pattern.eq_ignore_ascii_case(host) || by_wildcard().unwrap_or(false)
}
