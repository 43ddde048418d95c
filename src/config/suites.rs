//! Suites of TLS, as OpenSSL and PgBouncer name them.
//!
//! There are those of TLS 1.2 with ECDHE and AEAD, and those of TLS 1.3. Names that OpenSSL has for
//! more are known, so that lists written for it can be read.

use std::borrow::Cow;

use crate::config::value::Field;
use crate::config::value::Value;

/// A suite that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suite {
    /// The name that IANA gave it, which is OpenSSL's in TLS 1.3.
    pub name: &'static str,
    /// OpenSSL's name in TLS 1.2.
    openssl: &'static str,
    /// OpenSSL's words for the kinds that it is of, but for those of all.
    kinds: &'static [&'static str],
}

/// Those of TLS 1.2, best first.
const SUITES12: [Suite; 6] = [
    Suite {
        name: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        openssl: "ECDHE-ECDSA-AES256-GCM-SHA384",
        kinds: &["ECDSA", "AESGCM", "AES", "AES256"],
    },
    Suite {
        name: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        openssl: "ECDHE-ECDSA-AES128-GCM-SHA256",
        kinds: &["ECDSA", "AESGCM", "AES", "AES128"],
    },
    Suite {
        name: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        openssl: "ECDHE-ECDSA-CHACHA20-POLY1305",
        kinds: &["ECDSA", "CHACHA20"],
    },
    Suite {
        name: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        openssl: "ECDHE-RSA-AES256-GCM-SHA384",
        kinds: &["ARSA", "AESGCM", "AES", "AES256"],
    },
    Suite {
        name: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        openssl: "ECDHE-RSA-AES128-GCM-SHA256",
        kinds: &["ARSA", "AESGCM", "AES", "AES128"],
    },
    Suite {
        name: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        openssl: "ECDHE-RSA-CHACHA20-POLY1305",
        kinds: &["ARSA", "CHACHA20"],
    },
];

/// Those of TLS 1.3, best first.
const SUITES13: [Suite; 3] = [
    of_13("TLS_AES_256_GCM_SHA384"),
    of_13("TLS_AES_128_GCM_SHA256"),
    of_13("TLS_CHACHA20_POLY1305_SHA256"),
];

const fn of_13(name: &'static str) -> Suite {
    Suite {
        name,
        openssl: name,
        kinds: &[],
    }
}

/// Words for kinds that all suites of TLS 1.2 are of, PgBouncer's words for lists among them.
const ALL: [&str; 16] = [
    "DEFAULT", "SECURE", "NORMAL", "FAST", "COMPAT", "LEGACY", "INSECURE", "ALL", "HIGH", "FIPS",
    "TLSV1.2", "AEAD", "ECDHE", "EECDH", "KECDHE", "KEECDH",
];

/// Words for kinds that no suite here is of.
const NONE: [&str; 47] = [
    "COMPLEMENTOFALL",
    "COMPLEMENTOFDEFAULT",
    "RSA",
    "SHA256",
    "SHA384",
    "MEDIUM",
    "LOW",
    "EXPORT",
    "EXP",
    "ENULL",
    "NULL",
    "ANULL",
    "KRSA",
    "KDHE",
    "KEDH",
    "DHE",
    "EDH",
    "DH",
    "ADH",
    "AECDH",
    "ECDH",
    "KECDH",
    "ADSS",
    "DSS",
    "TLSV1",
    "TLSV1.0",
    "SSLV3",
    "AESCCM",
    "AESCCM8",
    "CAMELLIA",
    "CAMELLIA128",
    "CAMELLIA256",
    "ARIA",
    "ARIA128",
    "ARIA256",
    "ARIAGCM",
    "3DES",
    "DES",
    "RC4",
    "RC2",
    "IDEA",
    "SEED",
    "MD5",
    "SHA1",
    "SHA",
    "PSK",
    "SRP",
];

/// What names of OpenSSL's suites are made of.
const PARTS: [&str; 46] = [
    "TLS",
    "WITH",
    "ECDHE",
    "ECDH",
    "DHE",
    "EDH",
    "ADH",
    "AECDH",
    "DH",
    "ECDSA",
    "RSA",
    "DSS",
    "PSK",
    "SRP",
    "ANON",
    "AES",
    "AES128",
    "AES256",
    "128",
    "256",
    "CAMELLIA",
    "CAMELLIA128",
    "CAMELLIA256",
    "ARIA",
    "ARIA128",
    "ARIA256",
    "SEED",
    "IDEA",
    "RC4",
    "RC2",
    "DES",
    "3DES",
    "CBC",
    "CBC3",
    "EDE",
    "GCM",
    "CCM",
    "CCM8",
    "8",
    "CHACHA20",
    "POLY1305",
    "SHA",
    "SHA256",
    "SHA384",
    "MD5",
    "NULL",
];

/// Suites of one version that may be used, in the order in which servers are offered them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphers<const IS_13: bool> {
    /// As it was written.
    text: String,
    /// What is meant by it.
    pub suites: Vec<Suite>,
    /// Suites that are named, and that there are not.
    pub missing: Vec<String>,
}

/// Suites of TLS 1.2.
pub type Ciphers12 = Ciphers<false>;

/// Suites of TLS 1.3.
pub type Ciphers13 = Ciphers<true>;

impl Default for Ciphers12 {
    fn default() -> Self {
        Self {
            text: "default".to_owned(),
            suites: SUITES12.to_vec(),
            missing: Vec::new(),
        }
    }
}

impl Default for Ciphers13 {
    fn default() -> Self {
        Self {
            text: String::new(),
            suites: SUITES13.to_vec(),
            missing: Vec::new(),
        }
    }
}

impl<const IS_13: bool> Ciphers<IS_13> {
    fn known() -> &'static [Suite] {
        if IS_13 { &SUITES13 } else { &SUITES12 }
    }

    /// A list in OpenSSL's format: suites and kinds by colons, commas or blanks; `!` and `-` take
    /// away (`!` for good), `+` before one puts it last, `+` between two is what both are.
    ///
    /// Source: openssl-ciphers(1), "CIPHER LIST FORMAT".
    fn parse(text: &str) -> Result<Self, String> {
        let (mut picked, mut missing) = (Picked::default(), Vec::new());
        let words = text.split([':', ',', ' ', ';']);
        for word in words.filter(|word| !word.is_empty()) {
            if word.eq_ignore_ascii_case("@STRENGTH") || word.starts_with("@SECLEVEL=") {
                // All there are have the strength that is asked for anywhere.
                continue;
            }
            let (sign, name) = match word.split_at_checked(1) {
                Some((sign @ ("!" | "-" | "+"), name)) => (sign, name),
                _ => ("", word),
            };
            picked.on_word(sign, &Self::meant(name, &mut missing)?);
        }
        Ok(Self {
            text: text.to_owned(),
            suites: picked.suites,
            missing,
        })
    }

    /// What one element of a list stands for.
    fn meant(name: &str, missing: &mut Vec<String>) -> Result<Vec<Suite>, String> {
        let mut meant = Self::known().to_vec();
        for part in name.split('+') {
            let upper = part.to_ascii_uppercase();
            let named = |suite: &Suite| suite.name == upper || suite.openssl == upper;
            if Self::known().iter().any(named) {
                meant.retain(named);
            } else if is_suite(&upper) {
                missing.push(part.to_owned());
                meant.clear();
            } else if !IS_13 && is_kind(&upper) {
                meant.retain(|suite| is_of(suite, &upper));
            } else {
                return Err(format!("there is no cipher suite, or kind of them, {part}"));
            }
        }
        Ok(meant)
    }
}

/// What a list has come to so far.
#[derive(Default)]
struct Picked {
    suites: Vec<Suite>,
    /// Those that no later word brings back.
    killed: Vec<Suite>,
}

impl Picked {
    fn on_word(&mut self, sign: &str, meant: &[Suite]) {
        let is_meant = |suite: &Suite| meant.contains(suite);
        match sign {
            "" => {
                let is_new = |s: &&Suite| !self.suites.contains(*s) && !self.killed.contains(*s);
                let more: Vec<_> = meant.iter().filter(is_new).copied().collect();
                self.suites.extend(more);
            }
            // In the order in which they are there.
            "+" => self.suites.sort_by_key(is_meant),
            _ => self.suites.retain(|suite| !is_meant(suite)),
        }
        if sign == "!" {
            self.killed.extend(meant);
        }
    }
}

/// Whether this is made of what the names of OpenSSL's suites are made of.
fn is_suite(word: &str) -> bool {
    word.contains(['-', '_']) && word.split(['-', '_']).all(|part| PARTS.contains(&part))
}

fn is_of(suite: &Suite, kind: &str) -> bool {
    ALL.contains(&kind)
        || suite.kinds.contains(&kind)
        || (kind == "AECDSA" && suite.kinds.contains(&"ECDSA"))
}

fn is_kind(word: &str) -> bool {
    NONE.contains(&word) || SUITES12.iter().any(|suite| is_of(suite, word))
}

impl<const IS_13: bool> Field for Ciphers<IS_13>
where
    Self: Default,
{
    fn set(&mut self, value: &Value) -> Result<(), Cow<'static, str>> {
        let text = match value {
            Value::One(text) => text.clone(),
            Value::Many(words) => words.join(":"),
        };
        if text.is_empty() && IS_13 {
            *self = Self::default();
            return Ok(());
        }
        let parsed = Self::parse(&text)?;
        if parsed.suites.is_empty() {
            let there = Self::known().iter().map(|suite| suite.openssl);
            let there = there.collect::<Vec<_>>().join(":");
            return Err(format!("no cipher suite of this list is here; there are {there}").into());
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

#[cfg(test)]
mod tests;
