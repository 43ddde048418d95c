//! The process's source of random numbers, filled from the operating system's at the start.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A cryptographic generator behind a short lock: for keys, salts and nonces, not for routing.
pub struct Seed(Mutex<StdRng>);

impl Seed {
    /// A generator that starts from 32 bytes of the operating system's.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Mutex::new(StdRng::from_seed(bytes)))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes
    }

    /// A random number.
    pub fn number(&self) -> u64 {
        u64::from_ne_bytes(self.bytes())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}
