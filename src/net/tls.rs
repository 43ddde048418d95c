//! TLS towards clients and towards servers, with the meanings that PostgreSQL and libpq give the
//! words of `sslmode`. The cryptography is ring's, given explicitly: nothing is global.

pub mod accept;
pub mod certificate;
pub mod dial;
pub mod judge;

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::SupportedCipherSuite;
use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::ALL_CIPHER_SUITES;
use rustls::crypto::ring::default_provider;
use rustls::crypto::ring::kx_group;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem;
use rustls::pki_types::pem::PemObject;
use rustls::version::TLS12;
use rustls::version::TLS13;
use thiserror::Error;

use crate::config::tls::Curve;
use crate::config::tls::Protocols;
use crate::config::tls::Tls;

/// The protocol's name in TLS (ALPN), which PostgreSQL 17 and later ask for.
pub const ALPN: &[u8] = b"postgresql";

/// Why TLS cannot be set up.
#[derive(Debug, Error)]
pub enum Fault {
    /// A file that cannot be read, or is not PEM.
    #[error("could not read {what} from {}: {source}", path.display())]
    File {
        /// What should be there.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// A file without a certificate.
    #[error("no certificate in {}", path.display())]
    Empty {
        /// Where.
        path: PathBuf,
    },
    /// Clients cannot be offered TLS without a certificate.
    #[error("a certificate and a key are needed to offer TLS to clients")]
    NoCertificate,
    /// A certificate without its key or the other way round.
    #[error("a certificate and its key must be given together")]
    Half,
    /// Nothing to check certificates against.
    #[error("no certificate authority was given, and the system has none: {0}")]
    NoRoots(String),
    /// Certificate and key do not fit, or are of a kind that is not supported.
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
    /// The authorities cannot be used.
    #[error("certificate authorities cannot be used: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// A certificate chain, its end first, and its key.
type Chain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Certificate authorities, as rustls and as we look at them.
#[derive(Debug)]
struct Authorities {
    roots: Arc<RootCertStore>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// Those of `ca_file`, else the system's.
    fn read(tls: &Tls) -> Result<Self, Fault> {
        let certificates = match &tls.ca_file {
            Some(path) => read_certificates(path)?,
            None => {
                let found = rustls_native_certs::load_native_certs();
                if found.certs.is_empty() {
                    let said: Vec<String> = found.errors.iter().map(|e| e.to_string()).collect();
                    return Err(Fault::NoRoots(said.join("; ")));
                }
                found.certs
            }
        };
        let mut roots = RootCertStore::empty();
        match &tls.ca_file {
            Some(_) => {
                for certificate in &certificates {
                    roots.add(certificate.clone())?;
                }
            }
            // The system's list may hold what rustls does not know; the rest is of use.
            None => {
                roots.add_parsable_certificates(certificates.iter().cloned());
            }
        }
        Ok(Self {
            roots: Arc::new(roots),
            certificates,
        })
    }
}

fn read_chain(tls: &Tls) -> Result<Option<Chain>, Fault> {
    match (&tls.cert_file, &tls.key_file) {
        (None, None) => Ok(None),
        (Some(certificates), Some(key)) => {
            let chain = read_certificates(certificates)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(file("a key", key))?;
            Ok(Some((chain, key)))
        }
        (Some(_), None) | (None, Some(_)) => Err(Fault::Half),
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(|found| found.collect::<Result<Vec<_>, _>>())
        .map_err(file("certificates", path))?;
    if certificates.is_empty() {
        let path = path.to_owned();
        return Err(Fault::Empty { path });
    }
    Ok(certificates)
}

fn file(what: &'static str, path: &Path) -> impl FnOnce(pem::Error) -> Fault {
    let path = path.to_owned();
    move |source| Fault::File { what, path, source }
}

/// The cryptography that the configuration allows.
fn provider(tls: &Tls) -> Arc<CryptoProvider> {
    let mut provider = default_provider();
    let wanted = tls.ciphers13.suites.iter().chain(&tls.ciphers.suites);
    let found = wanted.filter_map(|suite| {
        let mut all = ALL_CIPHER_SUITES.iter();
        all.find(|s| name_of(s) == suite.name).copied()
    });
    provider.cipher_suites = found.collect();
    provider.kx_groups = tls
        .curves
        .curves
        .iter()
        .map(|curve| group(*curve))
        .collect();
    Arc::new(provider)
}

/// The name that IANA gave a suite.
fn name_of(suite: &SupportedCipherSuite) -> String {
    let name = suite.suite().as_str().unwrap_or_default();
    name.replacen("TLS13_", "TLS_", 1)
}

fn group(curve: Curve) -> &'static dyn SupportedKxGroup {
    match curve {
        Curve::X25519 => kx_group::X25519,
        Curve::P256 => kx_group::SECP256R1,
        Curve::P384 => kx_group::SECP384R1,
    }
}

/// The versions that the configuration allows.
fn versions(tls: &Tls) -> Vec<&'static SupportedProtocolVersion> {
    let Protocols { tls12, tls13, .. } = tls.protocols;
    let all = [(tls13, &TLS13), (tls12, &TLS12)].into_iter();
    all.filter_map(|(is_on, version)| is_on.then_some(version))
        .collect()
}

fn other_error(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests;
