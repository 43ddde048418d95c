//! PostgreSQL's md5 passwords: stored as `md5(password user)`, sent as `md5(stored salt)`.
//!
//! Old and weak, kept for those who have nothing else stored.

use std::fmt;

use md5::Digest;
use md5::Md5;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The 32 hexadecimal digits of a stored md5 password, without the word `md5` before them.
///
/// As good as the password itself to whoever has it, so it is kept as a secret.
#[derive(Clone)]
pub struct Md5Hash(Zeroizing<[u8; 32]>);

impl Md5Hash {
    /// Makes what PostgreSQL stores for this user and password.
    pub fn of(user: &str, password: &[u8]) -> Self {
        Self(hex_digest(&[password, user.as_bytes()]))
    }

    /// Wraps a digest that was not made from a password.
    pub fn from_digest(digest: [u8; 16]) -> Self {
        Self(hex(digest))
    }

    /// Reads `md5` and 32 digits; `None` if it is anything else, as PostgreSQL decides.
    pub fn parse(stored: &[u8]) -> Option<Self> {
        let digits: [u8; 32] = stored.strip_prefix(PREFIX)?.try_into().ok()?;
        digits
            .iter()
            .all(|digit| DIGITS.contains(digit))
            .then(|| Self(Zeroizing::new(digits)))
    }

    /// What a client sends to show that it knows the password: `md5` and 32 digits.
    pub fn answer(&self, salt: [u8; 4]) -> Zeroizing<Vec<u8>> {
        let mut answer = Zeroizing::new(PREFIX.to_vec());
        answer.extend_from_slice(&*hex_digest(&[&*self.0, &salt]));
        answer
    }

    /// Whether `answer` is what a client that knows the password sends.
    pub fn is_answer(&self, salt: [u8; 4], answer: &[u8]) -> bool {
        self.answer(salt).as_slice().ct_eq(answer).into()
    }
}

impl PartialEq for Md5Hash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Eq for Md5Hash {}

impl fmt::Debug for Md5Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

const PREFIX: &[u8] = b"md5";
const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn hex_digest(parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hex(hash.finalize().into())
}

fn hex(digest: [u8; 16]) -> Zeroizing<[u8; 32]> {
    let mut digits = Zeroizing::new([0; 32]);
    for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
        let halves = [byte >> 4, byte & 15].map(|half| DIGITS.get(usize::from(half)));
        for (digit, half) in pair.iter_mut().zip(halves.into_iter().flatten()) {
            *digit = *half;
        }
    }
    digits
}
