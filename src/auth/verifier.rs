//! What is stored of a user, by which a login is checked.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::auth::md5::Md5Hash;
use crate::auth::scram::ScramVerifier;
use crate::auth::secret::Secret;

/// A stored secret, in one of the forms that PostgreSQL and PgBouncer store. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verifier {
    /// The password itself.
    Plain(Plain),
    /// `md5` and a digest.
    Md5(Md5Hash),
    /// A SCRAM verifier.
    Scram(Arc<ScramVerifier>),
}

/// The form of a stored secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Verifier::Plain`].
    Plain,
    /// [`Verifier::Md5`].
    Md5,
    /// [`Verifier::Scram`].
    Scram,
}

impl Verifier {
    /// Reads a stored secret: what is neither an md5 digest nor a SCRAM verifier is a password, as
    /// PostgreSQL decides (`get_password_type` in `src/backend/libpq/crypt.c`).
    pub fn parse(stored: &str) -> Self {
        if let Some(hash) = Md5Hash::parse(stored.as_bytes()) {
            Self::Md5(hash)
        } else if let Some(verifier) = ScramVerifier::parse(stored) {
            Self::Scram(Arc::new(verifier))
        } else {
            Self::Plain(Plain::new(stored.into()))
        }
    }

    /// Its form.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Plain(_) => Kind::Plain,
            Self::Md5(_) => Kind::Md5,
            Self::Scram(_) => Kind::Scram,
        }
    }

    /// The same secret, of which nothing was derived yet.
    #[must_use]
    pub fn afresh(&self) -> Self {
        match self {
            Self::Plain(plain) => Self::Plain(Plain::new(plain.secret().clone())),
            Self::Md5(_) | Self::Scram(_) => self.clone(),
        }
    }
}

/// A password, with the SCRAM verifier that is derived of it once.
///
/// Clones share what was derived.
#[derive(Clone, Debug)]
pub struct Plain {
    secret: Secret,
    derived: Arc<OnceLock<Arc<ScramVerifier>>>,
}

impl Plain {
    /// Wraps a password; derives nothing yet.
    pub fn new(secret: Secret) -> Self {
        Self {
            secret,
            derived: Arc::default(),
        }
    }

    /// The password.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The verifier, if it was derived already.
    pub fn derived(&self) -> Option<&Arc<ScramVerifier>> {
        self.derived.get()
    }

    /// The verifier, which the first call derives: PBKDF2, milliseconds of work. Not on a task.
    ///
    /// Salt and iterations of later calls mean nothing.
    pub fn derive(&self, salt: &[u8], iterations: u32) -> &Arc<ScramVerifier> {
        self.derived.get_or_init(|| {
            let password = self.secret.as_bytes();
            Arc::new(ScramVerifier::derive(password, salt, iterations))
        })
    }
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.secret == other.secret
    }
}

impl Eq for Plain {}

impl From<&Secret> for Verifier {
    fn from(stored: &Secret) -> Self {
        match str::from_utf8(stored.as_bytes()) {
            Ok(text) => Self::parse(text),
            Err(_) => Self::Plain(Plain::new(stored.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
