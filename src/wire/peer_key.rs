//! What a cancel key says of the process that gave it out, as PgBouncer writes it.
//!
//! Of the eight bytes that a client of protocol 3.0 is told, process id and secret, the second and
//! third hold the `peer_id` (the low byte first), and the last two bits of the eighth say how often
//! a request may still be passed on. Keys of protocol 3.2 begin in the same way. See `peer_id` in
//! <https://www.pgbouncer.org/config.html>.

use crate::wire::startup::CancelKey;

/// Bytes of a secret in protocol 3.0; of longer ones this is where the peer's bits end.
pub const HEAD_BYTES: usize = 4;

/// Where a secret says how often it may be passed on.
const HOPS_AT: usize = HEAD_BYTES - 1;

const HOPS_MASK: u8 = 0b11;

/// The process id that clients of peer `id` are told, `number` being the client's: its last 15 bits.
pub fn pid(id: u16, number: u64) -> u32 {
    let [low, high] = id.to_le_bytes();
    let [.., first, last] = number.to_be_bytes();
    u32::from_be_bytes([first & 0x7f, low, high, last])
}

/// Writes into a secret that a request may be passed on as often as can be said.
pub fn allow_hops(secret: &mut [u8]) {
    if let Some(byte) = secret.get_mut(HOPS_AT) {
        *byte |= HOPS_MASK;
    }
}

/// The peer that gave out a key.
pub fn id(key: &CancelKey) -> u16 {
    let [_, low, high, _] = key.pid.to_be_bytes();
    u16::from_le_bytes([low, high])
}

/// The key as it is passed on; `None`: it has been passed on too often.
pub fn next(key: &CancelKey) -> Option<CancelKey> {
    let mut secret = key.secret.clone();
    let byte = secret.get_mut(HOPS_AT)?;
    if *byte & HOPS_MASK == 0 {
        return None;
    }
    *byte -= 1;
    Some(CancelKey {
        pid: key.pid,
        secret,
    })
}

/// A secret as it was told, however often it was passed on since.
pub fn as_told(secret: &[u8]) -> Box<[u8]> {
    let mut told: Box<[u8]> = secret.into();
    allow_hops(&mut told);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bytes: [u8; 8]) -> CancelKey {
        let (pid, secret) = bytes.split_at(4);
        CancelKey {
            pid: u32::from_be_bytes(pid.try_into().unwrap()),
            secret: secret.into(),
        }
    }

    /// Keys that PgBouncer 1.24.1 gave out as peers 1 and 2.
    #[test]
    fn keys_of_pgbouncer_are_read() {
        let one = key([0x28, 0x01, 0x00, 0xd3, 0xcc, 0x51, 0x8b, 0x8b]);
        let two = key([0x6c, 0x02, 0x00, 0xe0, 0x10, 0x8a, 0x16, 0x4b]);
        assert_eq!((id(&one), id(&two)), (1, 2));
        assert_eq!(*as_told(&one.secret), *one.secret);
        // What it sent to a peer for a key that ended in 3f.
        let sent = next(&key([0x56, 3, 0, 0x1c, 0x4f, 0x6f, 0xe0, 0x3f])).unwrap();
        assert_eq!(*sent.secret, [0x4f, 0x6f, 0xe0, 0x3e]);
    }

    #[test]
    fn a_key_is_passed_on_three_times() {
        let mut secret = [7, 7, 7, 0b100, 9];
        allow_hops(&mut secret);
        let told = CancelKey {
            pid: pid(258, 0x1234_ff42),
            secret: secret.as_slice().into(),
        };
        assert_eq!(told.pid.to_be_bytes(), [0x7f, 2, 1, 0x42]);
        let mut seen = vec![told.clone()];
        while let Some(next) = seen.last().and_then(next) {
            seen.push(next);
        }
        assert_eq!(seen.len(), 4);
        for key in seen {
            assert_eq!(id(&key), 258);
            assert_eq!(*as_told(&key.secret), *told.secret);
        }
        let short = CancelKey {
            pid: 1,
            secret: [].as_slice().into(),
        };
        assert!(next(&short).is_none() && as_told(&short.secret).is_empty());
    }
}
