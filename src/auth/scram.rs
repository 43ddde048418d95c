//! SCRAM-SHA-256: what both sides compute. The exchanges are in `verify` (clients log in with us)
//! and `prove` (we log in with servers).
//!
//! Source: RFC 5802, RFC 7677; PostgreSQL's `src/common/scram-common.c`.

pub mod attributes;
pub mod prove;
pub mod verify;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Digest;
use sha2::Sha256;

use crate::auth::secret::Key;

/// The mechanism without channel binding.
pub const SCRAM_SHA_256: &str = "SCRAM-SHA-256";

/// The mechanism with channel binding.
pub const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// Random bytes in a nonce, as in PostgreSQL (`SCRAM_RAW_NONCE_LEN`).
pub const NONCE_BYTES: usize = 18;

/// Bytes of a salt that we make, as in PostgreSQL (`SCRAM_DEFAULT_SALT_LEN`).
pub const SALT_BYTES: usize = 16;

/// Both keys that a SCRAM login needs, with which the password is not needed.
///
/// They belong to one stored verifier: a server whose verifier has another salt refuses them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScramKeys {
    /// Proves that one knows the password.
    pub client_key: Key,
    /// Shows whether the other side knows the verifier.
    pub server_key: Key,
}

impl ScramKeys {
    /// Derives the keys: PBKDF2 of `iterations` rounds, milliseconds of work. Not on a task.
    pub fn derive(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = salted_password(&prepared(password), salt, iterations);
        Self {
            client_key: hmac(&salted, &[b"Client Key"]),
            server_key: hmac(&salted, &[b"Server Key"]),
        }
    }
}

/// What is stored of a SCRAM password; from it nobody can log in.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramVerifier {
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// The salt of this password.
    pub salt: Box<[u8]>,
    /// The hash of the ClientKey.
    pub stored_key: Key,
    /// The ServerKey.
    pub server_key: Key,
}

impl ScramVerifier {
    /// Derives the verifier of a password: PBKDF2, milliseconds of work. Not on a task.
    pub fn derive(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let keys = ScramKeys::derive(password, salt, iterations);
        Self {
            iterations,
            salt: salt.into(),
            stored_key: stored_key(&keys.client_key),
            server_key: keys.server_key,
        }
    }

    /// Reads PostgreSQL's `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, salt and keys in
    /// base64; `None` if it is anything else.
    pub fn parse(stored: &str) -> Option<Self> {
        let (mechanism, rest) = stored.split_once('$')?;
        let (head, keys) = rest.split_once('$')?;
        let (iterations, salt) = head.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        if mechanism != SCRAM_SHA_256 || !iterations.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            iterations: iterations.parse().ok().filter(|count| *count != 0)?,
            salt: STANDARD.decode(salt).ok().filter(|s| !s.is_empty())?.into(),
            stored_key: key_from_base64(stored_key)?,
            server_key: key_from_base64(server_key)?,
        })
    }
}

impl fmt::Debug for ScramVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The hash of the certificate that the TLS of a connection showed (RFC 5929,
/// `tls-server-end-point`): what SCRAM binds the login to, so that nobody can sit in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndPoint(pub Arc<[u8]>);

/// The name of the only channel-binding type that is used.
const END_POINT: &str = "tls-server-end-point";

/// What is signed: client-first-message-bare, server-first-message and
/// client-final-message-without-proof.
struct AuthMessage<'a>([&'a [u8]; 3]);

impl AuthMessage<'_> {
    fn sign(&self, key: &Key) -> Key {
        let [first, server_first, last] = self.0;
        hmac(key, &[first, b",", server_first, b",", last])
    }
}

/// Recovers the ClientKey from a proof, or makes a proof of the ClientKey: both are the exclusive
/// or with the client's signature.
fn masked(key: &Key, signature: &Key) -> Key {
    let mut masked = *key.as_bytes();
    for (byte, mask) in masked.iter_mut().zip(signature.as_bytes()) {
        *byte ^= mask;
    }
    Key::new(masked)
}

fn stored_key(client_key: &Key) -> Key {
    Key::new(Sha256::digest(client_key.as_bytes()).into())
}

fn key_from_base64(text: impl AsRef<[u8]>) -> Option<Key> {
    let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
    Some(Key::new(bytes))
}

/// HMAC-SHA-256 over the parts together.
pub(crate) fn hmac(key: &Key, parts: &[&[u8]]) -> Key {
    let mut mac = keyed(key.as_bytes());
    for part in parts {
        mac.update(part);
    }
    Key::new(mac.finalize().into_bytes().into())
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// `Hi` of RFC 5802: PBKDF2 with one block of output.
fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> Key {
    let keyed = keyed(password);
    let first = keyed.clone().chain_update(salt).chain_update([0, 0, 0, 1]);
    let mut last = first.finalize().into_bytes();
    let mut salted: [u8; 32] = last.into();
    for _ in 1..iterations {
        last = keyed.clone().chain_update(last).finalize().into_bytes();
        for (byte, mask) in salted.iter_mut().zip(last) {
            *byte ^= mask;
        }
    }
    Key::new(salted)
}

/// The password as SCRAM wants it (SASLprep), or as it is where SASLprep refuses it or it is not
/// UTF-8, as PostgreSQL and libpq do.
fn prepared(password: &[u8]) -> Cow<'_, [u8]> {
    match str::from_utf8(password).map(stringprep::saslprep) {
        Ok(Ok(Cow::Owned(text))) => Cow::Owned(text.into_bytes()),
        Ok(Ok(Cow::Borrowed(_))) | Ok(Err(_)) | Err(_) => Cow::Borrowed(password),
    }
}

/// A nonce of random bytes as text.
fn nonce_text(random: [u8; NONCE_BYTES]) -> String {
    STANDARD.encode(random)
}

#[cfg(test)]
mod tests;
