//! How passwords and stored verifiers are written. They are never shown.

use std::borrow::Cow;

use crate::auth::secret::Secret;
use crate::auth::server_login::Credential;
use crate::auth::verifier::Kind;
use crate::auth::verifier::Verifier;
use crate::config::value::Scalar;

/// A password that we log in with: a verifier is of no use for that.
impl Scalar for Secret {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("password")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed("a password in plain text")
    }

    fn parse(text: &str) -> Option<Self> {
        match verifier(text)? {
            Verifier::Plain(plain) => Some(plain.secret().clone()),
            Verifier::Md5(_) | Verifier::Scram(_) => None,
        }
    }

    fn show(&self) -> String {
        HIDDEN.to_owned()
    }

    fn is_secret() -> bool {
        true
    }
}

/// What servers are logged in to with as a database's user: as in PgBouncer also a digest, which serves
/// where md5 is asked for.
impl Scalar for Credential {
    fn kind() -> Cow<'static, str> {
        Secret::kind()
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed("a password in plain text, or md5…,")
    }

    fn parse(text: &str) -> Option<Self> {
        match verifier(text)? {
            Verifier::Plain(plain) => Some(Self::Password(plain.secret().clone())),
            Verifier::Md5(hash) => Some(Self::Md5(hash)),
            Verifier::Scram(_) => None,
        }
    }

    fn show(&self) -> String {
        HIDDEN.to_owned()
    }

    fn is_secret() -> bool {
        true
    }
}

impl Scalar for Verifier {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("secret")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed(SECRET_EXPECTED)
    }

    fn parse(text: &str) -> Option<Self> {
        verifier(text)
    }

    fn show(&self) -> String {
        HIDDEN.to_owned()
    }

    fn is_secret() -> bool {
        true
    }
}

/// What is said where [`verifier`] gives `None`.
pub(super) const SECRET_EXPECTED: &str =
    "a password, md5… or a whole SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey";

/// What stands for a secret where it would be shown.
const HIDDEN: &str = "…";

/// A stored secret. A broken SCRAM verifier, which PostgreSQL would take for a password, is not
/// one: nobody would ever log in with it.
pub(super) fn verifier(text: &str) -> Option<Verifier> {
    if text.contains('\0') {
        return None;
    }
    let found = Verifier::parse(text);
    let is_broken = found.kind() == Kind::Plain && text.starts_with("SCRAM-SHA-256$");
    (!is_broken).then_some(found)
}
