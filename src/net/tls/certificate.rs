//! What we read of certificates ourselves.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::UnixTime;
use sha2::Digest;
use sha2::Sha224;
use sha2::Sha256;
use sha2::Sha384;
use sha2::Sha512;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::auth::scram::EndPoint;

/// The hash of a certificate for channel binding: by the hash of its signature, but SHA-256 where
/// that is MD5 or SHA-1 (RFC 5929). `None` where the signature has no hash of its own, as Ed25519.
pub fn end_point(der: &CertificateDer<'_>) -> Option<EndPoint> {
    let certificate = parse(der)?;
    let hash: Arc<[u8]> = match certificate
        .signature_algorithm
        .algorithm
        .to_id_string()
        .as_str()
    {
        MD5_RSA | SHA1_RSA | SHA256_RSA | SHA1_ECDSA | SHA256_ECDSA => {
            Sha256::digest(der).as_slice().into()
        }
        SHA224_RSA | SHA224_ECDSA => Sha224::digest(der).as_slice().into(),
        SHA384_RSA | SHA384_ECDSA => Sha384::digest(der).as_slice().into(),
        SHA512_RSA | SHA512_ECDSA => Sha512::digest(der).as_slice().into(),
        _ => return None,
    };
    Some(EndPoint(hash))
}

const MD5_RSA: &str = "1.2.840.113549.1.1.4";
const SHA1_RSA: &str = "1.2.840.113549.1.1.5";
const SHA256_RSA: &str = "1.2.840.113549.1.1.11";
const SHA384_RSA: &str = "1.2.840.113549.1.1.12";
const SHA512_RSA: &str = "1.2.840.113549.1.1.13";
const SHA224_RSA: &str = "1.2.840.113549.1.1.14";
const SHA1_ECDSA: &str = "1.2.840.10045.4.1";
const SHA224_ECDSA: &str = "1.2.840.10045.4.3.1";
const SHA256_ECDSA: &str = "1.2.840.10045.4.3.2";
const SHA384_ECDSA: &str = "1.2.840.10045.4.3.3";
const SHA512_ECDSA: &str = "1.2.840.10045.4.3.4";

/// The common name of the subject, if there is one and it is text.
pub(super) fn common_name(der: &CertificateDer<'_>) -> Option<String> {
    let certificate = parse(der)?;
    let name = certificate.subject().iter_common_name().next()?;
    // A zero byte would be the end of the name for C and not for us.
    let name = name.as_str().ok().filter(|name| !name.contains('\0'))?;
    Some(name.to_owned())
}

/// Whether the certificate has no alternative names of hosts, so that its common name counts, as
/// it does for libpq.
pub(super) fn is_named_by_common_name(der: &CertificateDer<'_>) -> bool {
    let Some(certificate) = parse(der) else {
        return false;
    };
    match certificate.subject_alternative_name() {
        Ok(None) => true,
        Ok(Some(names)) => !names
            .value
            .general_names
            .iter()
            .any(|name| matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_))),
        Err(_) => false,
    }
}

/// Whether `now` is within the certificate's validity.
pub(super) fn is_valid_at(der: &CertificateDer<'_>, now: UnixTime) -> bool {
    let now = i64::try_from(now.as_secs())
        .ok()
        .and_then(|seconds| ASN1Time::from_timestamp(seconds).ok());
    match (parse(der), now) {
        (Some(certificate), Some(now)) => certificate.validity().is_valid_at(now),
        (None, _) | (_, None) => false,
    }
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(der).ok().map(|(_, found)| found)
}
