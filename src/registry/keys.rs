//! TLS towards servers as its files say, and whether these have changed.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::Digest;
use sha2::Sha256;

use crate::config::tls::Tls;
use crate::error::Blame;
use crate::error::Error;
use crate::net::tls::dial::ServerTls;
use crate::sqlstate::SqlState;

/// TLS towards servers.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Ready to be used.
    pub(super) tls: Arc<ServerTls>,
    /// A digest of the settings and of what is in the files.
    pub(super) print: [u8; 32],
}

impl Keys {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub(super) fn read(config: &Tls) -> Result<Self, Error> {
        let tls = ServerTls::new(config).map_err(|fault| {
            let message = format!("TLS towards servers: {fault}");
            Error::new(Blame::Proxy, SqlState::SYSTEM, message)
        })?;
        let mut digest = Sha256::new();
        digest.update(format!("{config:?}"));
        for path in [&config.ca_file, &config.cert_file, &config.key_file] {
            let bytes = path.as_ref().map(read).unwrap_or_default();
            digest.update(bytes.len().to_be_bytes());
            digest.update(&bytes);
        }
        Ok(Self {
            tls: Arc::new(tls),
            print: digest.finalize().into(),
        })
    }
}

/// What is in a file that could be read a moment ago.
fn read(path: &PathBuf) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}
