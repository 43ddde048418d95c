//! What a client is told to cancel its queries with, and what its requests show of it.

use subtle::ConstantTimeEq;

use crate::wire::peer_key;
use crate::wire::startup::CancelKey;

/// Bytes of a secret in protocol 3.2; in 3.0 it has 4.
pub const CANCEL_KEY_BYTES: usize = 32;

/// A process id and a secret. If the process has peers, both say something of it, too.
#[derive(Clone)]
pub struct Key {
    pid: u32,
    secret: [u8; CANCEL_KEY_BYTES],
    secret_bytes: usize,
    has_peers: bool,
}

impl Key {
    /// A key for the client of this number whose head is not taken.
    pub(super) fn free(
        number: u64,
        (secret, secret_bytes): ([u8; CANCEL_KEY_BYTES], usize),
        peer_id: u16,
        is_taken: impl Fn(u64) -> bool,
    ) -> Self {
        let mut key = Self {
            pid: 0,
            secret,
            secret_bytes: secret_bytes.min(CANCEL_KEY_BYTES),
            has_peers: peer_id != 0,
        };
        if key.has_peers {
            peer_key::allow_hops(&mut key.secret);
        }
        let mut number = number;
        loop {
            key.pid = match peer_id {
                0 => u32::try_from(number & 0x7fff_ffff).unwrap_or(1).max(1),
                peer => peer_key::pid(peer, number),
            };
            if !is_taken(key.head()) {
                return key;
            }
            number += 1;
        }
    }

    /// What the client is told as process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What it is told as secret.
    pub fn secret(&self) -> &[u8] {
        self.secret.get(..self.secret_bytes).unwrap_or(&self.secret)
    }

    /// By what it is found: the process id, and as much of the secret as all have.
    pub(super) fn head(&self) -> u64 {
        head(self.pid, &self.secret)
    }

    /// The heads of the keys of which `shown` may be one: as it is, and as it was told if it was
    /// passed on since.
    pub(super) fn heads(shown: &CancelKey) -> [u64; 2] {
        let told = peer_key::as_told(&shown.secret);
        [&*shown.secret, &*told].map(|secret| head(shown.pid, secret))
    }

    /// Whether a request shows this key. The secret is compared in constant time.
    pub(super) fn is_shown(&self, shown: &CancelKey) -> bool {
        let secret = match self.has_peers {
            true => peer_key::as_told(&shown.secret),
            false => shown.secret.clone(),
        };
        self.pid == shown.pid && bool::from(self.secret().ct_eq(&secret))
    }
}

fn head(pid: u32, secret: &[u8]) -> u64 {
    let mut start = [0; peer_key::HEAD_BYTES];
    for (to, from) in start.iter_mut().zip(secret) {
        *to = *from;
    }
    (u64::from(pid) << 32) | u64::from(u32::from_be_bytes(start))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn shown(key: &Key) -> CancelKey {
        CancelKey {
            pid: key.pid(),
            secret: key.secret().into(),
        }
    }

    fn check(peer_id: u16, secret_bytes: usize) {
        let secret = [0b1010_1000; CANCEL_KEY_BYTES];
        let key = Key::free(7, (secret, secret_bytes), peer_id, |_| false);
        let told = shown(&key);
        assert_eq!(told.secret.len(), secret_bytes);
        let finds = |shown: &CancelKey| Key::heads(shown).contains(&key.head());
        assert!(key.is_shown(&told) && finds(&told));
        for hops in 0..4 {
            let mut passed_on = told.clone();
            passed_on.secret[3] = (secret[3] & !0b11) | hops;
            let is_it = peer_id != 0 || hops == 0;
            assert_eq!(finds(&passed_on) && key.is_shown(&passed_on), is_it);
        }
        for i in 0..secret_bytes {
            let mut wrong = told.clone();
            wrong.secret[i] ^= 0b1000;
            assert!(!key.is_shown(&wrong), "byte {i}");
        }
        let mut longer = told.clone();
        longer.secret = [&*told.secret, &[0]].concat().into();
        assert!(!key.is_shown(&longer));
        let mut other = told;
        other.pid += 1;
        assert!(!key.is_shown(&other) && !finds(&other));
    }

    #[test]
    fn a_key_is_known_however_often_it_was_passed_on() {
        for peer_id in [0, 1, 16_383] {
            check(peer_id, 4);
            check(peer_id, CANCEL_KEY_BYTES);
        }
    }

    #[test]
    fn a_head_that_is_taken_is_not_given_again() {
        for peer_id in [0, 3] {
            let asked = Cell::new(0);
            let first = Key::free(7, ([1; 32], 4), peer_id, |_| false).head();
            let key = Key::free(7, ([1; 32], 4), peer_id, |head| {
                asked.set(asked.get() + 1);
                head == first
            });
            assert_eq!(asked.get(), 2);
            assert_ne!(key.head(), first);
        }
    }
}
