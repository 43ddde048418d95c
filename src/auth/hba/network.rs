//! An address with a mask: which addresses it stands for.

use std::fmt::Display;
use std::net::IpAddr;

/// Addresses that are the same under a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    mask: u128,
}

impl Network {
    /// `address/bits`
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn with_bits(address: &str, bits: &str) -> Result<Self, String> {
        let address = parse(address)?;
        let is_number = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
        let bits: Option<u32> = bits.parse().ok().filter(|_| is_number);
        let bits = bits.filter(|bits| *bits <= width(address));
        let bits = bits.ok_or("invalid mask")?;
        let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
        Self::new(address, mask, &bits)
    }

    /// An address and a mask such as `255.255.0.0`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn with_mask(address: &str, mask: &str) -> Result<Self, String> {
        let address = parse(address)?;
        let parsed: Option<IpAddr> = mask.parse().ok();
        let same_kind = parsed.filter(|m| m.is_ipv4() == address.is_ipv4());
        let found = same_kind.ok_or_else(|| format!("failed to parse mask: {mask}"))?;
        Self::new(address, as_number(found), &mask)
    }

    /// One that has bits outside its mask would have no addresses in it, not even its own.
    fn new(address: IpAddr, mask: u128, shown: &dyn Display) -> Result<Self, String> {
        if as_number(address) & !mask == 0 {
            Ok(Self { address, mask })
        } else {
            Err(format!("address does not match mask: {address} / {shown}"))
        }
    }

    /// Whether `address` is one of them.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && as_number(address) & self.mask == as_number(self.address)
    }
}

fn parse(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("failed to parse address - {text}"))
}

/// How many bits the addresses of this kind have.
fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The bits of an address from the top of the number, so that masks of both kinds are alike.
fn as_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}
