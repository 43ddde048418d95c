use std::fs;
use std::path::PathBuf;

use rcgen::CertificateParams;
use rcgen::KeyPair;
use rcgen::PKCS_ECDSA_P384_SHA384;
use rcgen::PKCS_ED25519;
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use crate::auth::scram::EndPoint;
use crate::config::tls::Tls;
use crate::config::words::SslMode;
use crate::net::tls::accept::ClientTls;
use crate::net::tls::certificate::end_point;
use crate::net::tls::dial::ServerTls;
use crate::net::tls::judge::is_match;

fn write(folder: &TempDir, name: &str, text: &str) -> Option<PathBuf> {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    Some(path)
}

#[test]
fn missing_and_wrong_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["a".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let cert = write(&folder, "own.crt", &own.pem());
    let key = write(&folder, "own.key", &key.serialize_pem());
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let other = write(&folder, "other.key", &other_key);
    let empty = write(&folder, "empty", "");
    let absent = Some(folder.path().join("absent"));
    let all = Tls {
        sslmode: SslMode::Require,
        ca_file: None,
        cert_file: cert,
        key_file: key,
        ..Tls::default()
    };
    let with = |cert_file: &Option<PathBuf>, key_file: &Option<PathBuf>| Tls {
        cert_file: cert_file.clone(),
        key_file: key_file.clone(),
        ..all.clone()
    };
    let (cert, key) = (&all.cert_file, &all.key_file);
    for (tls, expected) in [
        (with(cert, key), None),
        (
            with(&None, &None),
            Some("a certificate and a key are needed"),
        ),
        (with(cert, &None), Some("must be given together")),
        (with(&absent, key), Some("could not read certificates from")),
        (with(&empty, key), Some("no certificate in")),
        (with(cert, &empty), Some("could not read a key from")),
        (with(cert, &other), Some("TLS cannot be set up")),
    ] {
        let said = ClientTls::new(&tls).err().map(|fault| fault.to_string());
        match (said, expected) {
            (None, None) => (),
            (Some(said), Some(expected)) => assert!(said.contains(expected), "{said}"),
            (said, expected) => panic!("{said:?} where {expected:?} was expected"),
        }
    }
    let verifying = Tls {
        sslmode: SslMode::VerifyCa,
        ca_file: absent.clone(),
        ..Tls::default()
    };
    assert!(ServerTls::new(&verifying).is_err());
    // Without TLS nothing is read.
    let off = Tls {
        sslmode: SslMode::Disable,
        ..with(&absent, &None)
    };
    ClientTls::new(&off).unwrap();
    ServerTls::new(&off).unwrap();
}

#[test]
fn binding_uses_the_hash_of_the_signature() {
    let of = |algorithm| {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let own = CertificateParams::new(vec!["a".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        end_point(own.der()).map(|EndPoint(hash)| hash.len())
    };
    assert_eq!(of(&rcgen::PKCS_ECDSA_P256_SHA256), Some(32));
    assert_eq!(of(&PKCS_ECDSA_P384_SHA384), Some(48));
    assert_eq!(of(&PKCS_ED25519), None, "it has no hash of its own");
    assert_eq!(end_point(&CertificateDer::from(vec![0x30, 0])), None);
}

#[test]
fn common_names_match_no_more_than_in_libpq() {
    for (pattern, host, expected) in [
        ("db.example.com", "DB.example.com", true),
        ("*.example.com", "db.example.com", true),
        ("*.example.com", "a.db.example.com", false),
        ("*.example.com", ".example.com", false),
        ("*.example.com", "example.com", false),
        ("*.com", "example.com", false),
        ("*", "db", false),
        ("db", "db.example.com", false),
        ("10.0.0.1", "10.0.0.1", true),
    ] {
        assert_eq!(is_match(pattern, host), expected, "{pattern} {host}");
    }
}
