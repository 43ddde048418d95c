//! What stands in for the secret of a user that is not known, so that a login fails as it fails
//! for a known user with a wrong password.

use std::sync::Arc;

use crate::auth::md5::Md5Hash;
use crate::auth::scram::SALT_BYTES;
use crate::auth::scram::ScramVerifier;
use crate::auth::scram::hmac;
use crate::auth::secret::Key;
use crate::auth::secret::Secret;
use crate::auth::verifier::Kind;
use crate::auth::verifier::Plain;
use crate::auth::verifier::Verifier;

/// Makes stand-ins: always the same one for the same name, and none that a password fits.
///
/// Known users whose stored secret is a password get their SCRAM salt here too, so that both
/// kinds of salt stay the same while the process runs and change with it.
#[derive(Clone, Debug)]
pub struct Mock {
    key: Key,
    iterations: u32,
    kind: Kind,
}

impl Mock {
    /// `key` is random and made once per process. `kind` is what an unknown user is taken to have
    /// stored, so the form that most known users have; `iterations` are those of their verifiers.
    pub fn new(key: Key, iterations: u32, kind: Kind) -> Self {
        Self {
            key,
            iterations,
            kind,
        }
    }

    /// The form that most of these have; SCRAM if there are none.
    pub fn kind_of_most(kinds: impl Iterator<Item = Kind>) -> Kind {
        let [mut plain, mut md5, mut scram] = [0_usize; 3];
        for kind in kinds {
            match kind {
                Kind::Plain => plain += 1,
                Kind::Md5 => md5 += 1,
                Kind::Scram => scram += 1,
            }
        }
        if md5.max(scram) < plain {
            Kind::Plain
        } else if scram < md5 {
            Kind::Md5
        } else {
            Kind::Scram
        }
    }

    /// Rounds of PBKDF2 of verifiers that are made here.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The salt of this user's SCRAM verifier.
    pub fn salt(&self, user: &str) -> [u8; SALT_BYTES] {
        let key = self.drawn("salt", user);
        let mut salt = [0; SALT_BYTES];
        for (byte, drawn) in salt.iter_mut().zip(key.as_bytes()) {
            *byte = *drawn;
        }
        salt
    }

    /// A secret of the usual form that nobody can prove to know.
    pub fn verifier(&self, user: &str) -> Verifier {
        match self.kind {
            Kind::Plain => {
                let password = Secret::from(self.drawn("password", user).as_bytes().as_slice());
                Verifier::Plain(Plain::new(password))
            }
            Kind::Md5 => Verifier::Md5(self.md5(user)),
            Kind::Scram => Verifier::Scram(self.scram(user)),
        }
    }

    /// An md5 digest that nobody can prove to know.
    pub fn md5(&self, user: &str) -> Md5Hash {
        Md5Hash::of(user, self.drawn("md5", user).as_bytes())
    }

    /// A SCRAM verifier whose StoredKey is the hash of no known key.
    pub fn scram(&self, user: &str) -> Arc<ScramVerifier> {
        Arc::new(ScramVerifier {
            iterations: self.iterations,
            salt: self.salt(user).into(),
            stored_key: self.drawn("stored", user),
            server_key: self.drawn("server", user),
        })
    }

    fn drawn(&self, purpose: &str, user: &str) -> Key {
        hmac(&self.key, &[purpose.as_bytes(), &[0], user.as_bytes()])
    }
}
