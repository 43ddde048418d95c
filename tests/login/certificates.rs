//! Certificates of an authority of our own, in a folder that goes away.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use pgsluice::config::tls::Tls;
use pgsluice::config::words::SslMode;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use tempfile::TempDir;

/// An authority and its folder, where `NAME.crt` and `NAME.key` are.
pub(crate) struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "root");
        let own = params.self_signed(&key).unwrap();
        write(folder.path(), "root", &own.pem(), &key);
        // PostgreSQL runs as another user than the test and must get here.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    /// Makes a certificate out to a common name and hosts.
    pub(crate) fn issue(&self, file: &str, common_name: &str, hosts: &[&str]) {
        let hosts: Vec<String> = hosts.iter().map(|h| (*h).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        let issued = params.signed_by(&key, &self.issuer).unwrap();
        write(self.folder.path(), file, &issued.pem(), &key);
    }

    /// Makes a self-signed certificate that is an authority itself, as `openssl req -x509` does.
    pub(crate) fn self_signed(&self, file: &str, host: &str) {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        write(self.folder.path(), file, &own.pem(), &key);
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// TLS settings with this authority file and this certificate.
    pub(crate) fn tls(&self, sslmode: SslMode, ca: &str, own: Option<&str>) -> Tls {
        Tls {
            sslmode,
            ca_file: Some(self.path(ca)),
            cert_file: own.map(|file| self.path(&format!("{file}.crt"))),
            key_file: own.map(|file| self.path(&format!("{file}.key"))),
            ..Tls::default()
        }
    }
}

fn write(folder: &Path, file: &str, certificate: &str, key: &KeyPair) {
    fs::write(folder.join(format!("{file}.crt")), certificate).unwrap();
    fs::write(folder.join(format!("{file}.key")), key.serialize_pem()).unwrap();
}
