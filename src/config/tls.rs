//! Versions and curves of TLS, as OpenSSL and PgBouncer name them: what there is, and what may be
//! named beside it.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::config::suites::Ciphers12;
use crate::config::suites::Ciphers13;
use crate::config::value::Field;
use crate::config::value::Value;
use crate::config::words::SslMode;

/// TLS on one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Whether and how TLS is used.
    pub sslmode: SslMode,
    /// Authorities (PEM) that the other side's certificates are checked against.
    pub ca_file: Option<PathBuf>,
    /// The certificate chain (PEM) that we show.
    pub cert_file: Option<PathBuf>,
    /// The key (PEM) of `cert_file`.
    pub key_file: Option<PathBuf>,
    /// The versions that may be spoken.
    pub protocols: Protocols,
    /// The suites of TLS 1.2.
    pub ciphers: Ciphers12,
    /// The suites of TLS 1.3.
    pub ciphers13: Ciphers13,
    /// The curves on which keys are agreed.
    pub curves: Curves,
}

/// Versions of TLS that may be spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// As it was written.
    text: String,
    /// TLS 1.2.
    pub tls12: bool,
    /// TLS 1.3.
    pub tls13: bool,
    /// TLS 1.0 or 1.1 was asked for too, which there is not.
    pub has_old: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Self {
            text: "secure".to_owned(),
            tls12: true,
            tls13: true,
            has_old: false,
        }
    }
}

impl Protocols {
    /// The words of PgBouncer's, in any case, by commas or colons; `!` takes one away.
    fn parse(text: &str) -> Option<Self> {
        let mut found = [false; 3];
        for word in text.split([',', ':']) {
            let word = word.trim().to_ascii_lowercase();
            let (takes, word) = match word.strip_prefix('!') {
                Some(word) => (true, word),
                None => (false, &*word),
            };
            let meant = match word {
                "secure" | "default" => [false, true, true],
                "all" | "legacy" | "tlsv1" => [true, true, true],
                "tlsv1.0" | "tlsv1.1" => [true, false, false],
                "tlsv1.2" => [false, true, false],
                "tlsv1.3" => [false, false, true],
                _ => return None,
            };
            for (found, _) in found.iter_mut().zip(meant).filter(|(_, meant)| *meant) {
                *found = !takes;
            }
        }
        let [has_old, tls12, tls13] = found;
        Some(Self {
            text: text.to_owned(),
            tls12,
            tls13,
            has_old,
        })
    }
}

impl Field for Protocols {
    fn set(&mut self, value: &Value) -> Result<(), Cow<'static, str>> {
        let parsed = match value {
            Value::One(text) => Self::parse(text),
            Value::Many(words) => Self::parse(&words.join(",")),
        };
        let expected = "secure, all, or a list of tlsv1.0, tlsv1.1, tlsv1.2, tlsv1.3 is expected";
        let parsed = parsed.ok_or(expected)?;
        if !parsed.tls12 && !parsed.tls13 {
            let message = "TLS 1.2 and 1.3 are what there is, and neither is in this list";
            return Err(message.into());
        }
        *self = parsed;
        Ok(())
    }

    fn show(&self) -> String {
        self.text.clone()
    }

    fn kind(&self) -> Cow<'static, str> {
        "list".into()
    }
}

/// Curves on which keys may be agreed, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curves {
    /// As it was written.
    text: String,
    /// What is meant by it.
    pub curves: Vec<Curve>,
}

/// A curve that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// X25519.
    X25519,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

impl Default for Curves {
    fn default() -> Self {
        Self {
            text: "auto".to_owned(),
            curves: vec![Curve::X25519, Curve::P256, Curve::P384],
        }
    }
}

impl Field for Curves {
    fn set(&mut self, value: &Value) -> Result<(), Cow<'static, str>> {
        let text = match value {
            Value::One(text) => text.clone(),
            Value::Many(words) => words.join(":"),
        };
        let mut curves = Vec::new();
        for word in text.split([':', ',']).map(str::trim) {
            match &*word.to_ascii_lowercase() {
                "auto" => curves.extend(Self::default().curves),
                "x25519" => curves.push(Curve::X25519),
                "prime256v1" | "secp256r1" | "p-256" => curves.push(Curve::P256),
                "secp384r1" | "p-384" => curves.push(Curve::P384),
                "none" => {
                    let message = "without a curve there would be no way to agree on a key";
                    return Err(message.into());
                }
                _ => {
                    let message = "auto, or some of X25519, prime256v1 and secp384r1, is expected";
                    return Err(message.into());
                }
            }
        }
        *self = Self { text, curves };
        Ok(())
    }

    fn show(&self) -> String {
        self.text.clone()
    }

    fn kind(&self) -> Cow<'static, str> {
        "list".into()
    }
}

#[cfg(test)]
mod tests;
