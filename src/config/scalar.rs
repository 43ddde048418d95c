//! How each type of option is written: numbers, times, paths, addresses, words.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::database::PoolSizes;
use crate::config::types::FileMode;
use crate::config::value::Scalar;
use crate::config::words::Timeout;

impl Scalar for String {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("text")
    }

    fn parse(text: &str) -> Option<Self> {
        // PostgreSQL takes no zero byte in any text.
        (!text.contains('\0')).then(|| text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Scalar for PathBuf {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("path")
    }

    fn parse(text: &str) -> Option<Self> {
        (!text.contains('\0')).then(|| Self::from(text))
    }

    fn show(&self) -> String {
        self.to_string_lossy().into_owned()
    }
}

impl Scalar for bool {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("true or false")
    }

    fn expected() -> Cow<'static, str> {
        Self::kind()
    }

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" => Some(true),
            "false" | "0" | "off" | "no" => Some(false),
            _ => None,
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Scalar for u32 {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("number")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Owned(format!("a whole number from 0 to {}", Self::MAX))
    }

    fn parse(text: &str) -> Option<Self> {
        Self::try_from(whole_number(text)?).ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn is_zero(&self) -> bool {
        *self == 0
    }
}

/// Ports.
impl Scalar for u16 {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("port")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed("a port from 1 to 65535")
    }

    fn parse(text: &str) -> Option<Self> {
        Self::try_from(whole_number(text)?).ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn is_zero(&self) -> bool {
        *self == 0
    }
}

/// Weights.
impl Scalar for f64 {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("weight")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed("a number from 0 to 1000000")
    }

    fn parse(text: &str) -> Option<Self> {
        let number: Self = text.parse().ok()?;
        (0.0..=1e6).contains(&number).then_some(number)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Scalar for FileMode {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("file mode")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed("permissions in octal, such as 0o770,")
    }

    fn parse(text: &str) -> Option<Self> {
        let bits = digits_in(text.strip_prefix('0')?, 8)?;
        let bits = u32::try_from(bits).ok()?;
        (bits <= 0o777).then_some(Self(bits))
    }

    fn show(&self) -> String {
        format!("0{:03o}", self.0)
    }
}

impl Scalar for SocketAddr {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("address and port")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed("an address and port, such as 127.0.0.1:9127,")
    }

    fn parse(text: &str) -> Option<Self> {
        let any = text
            .strip_prefix("*:")
            .map(|port| format!("0.0.0.0:{port}"));
        any.as_deref().unwrap_or(text).parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Scalar for PoolSizes {
    fn kind() -> Cow<'static, str> {
        u32::kind()
    }

    fn expected() -> Cow<'static, str> {
        u32::expected()
    }

    fn parse(text: &str) -> Option<Self> {
        u32::parse(text).map(Self::both)
    }

    fn show(&self) -> String {
        self.primary.to_string()
    }

    fn is_zero(&self) -> bool {
        self.primary == 0 || self.replica == 0
    }
}

impl Scalar for Duration {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("time")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Borrowed("a time such as 20ms, 5s or 1h, or a number of seconds,")
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(end)?;
        let unit_seconds = match unit.trim() {
            "us" => 1e-6,
            "ms" => 1e-3,
            "" | "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let seconds = number.parse::<f64>().ok()? * unit_seconds;
        let time = Self::try_from_secs_f64(seconds).ok()?;
        (time <= TIME_MAX).then_some(time)
    }

    fn show(&self) -> String {
        let (seconds, micros) = (self.as_secs(), self.as_micros());
        if seconds != 0 && seconds.is_multiple_of(3600) && self.subsec_nanos() == 0 {
            format!("{}h", seconds / 3600)
        } else if micros.is_multiple_of(1_000_000) {
            format!("{seconds}s")
        } else if micros.is_multiple_of(1000) {
            format!("{}ms", micros / 1000)
        } else {
            format!("{micros}us")
        }
    }

    fn is_zero(&self) -> bool {
        Self::is_zero(self)
    }
}

/// The longest time: ten years, so that no sum of an instant and a time overflows.
const TIME_MAX: Duration = Duration::from_secs(3650 * 86_400);

impl Scalar for Timeout {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("time, 0 is off")
    }

    fn expected() -> Cow<'static, str> {
        Duration::expected()
    }

    fn parse(text: &str) -> Option<Self> {
        Duration::parse(text).map(Self::after)
    }

    fn show(&self) -> String {
        self.limit()
            .map_or_else(|| "0".to_owned(), |t| Scalar::show(&t))
    }
}

/// A whole number in C's notation: `0x1f`, `017`, `15`.
fn whole_number(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(hex), _) => (hex, 16),
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        (None, _) => (text, 10),
    };
    digits_in(digits, radix)
}

/// Digits and nothing else: the standard library's reader takes a sign also.
fn digits_in(digits: &str, radix: u32) -> Option<u64> {
    let is_number = digits.chars().all(|c| c.is_digit(radix));
    is_number.then(|| u64::from_str_radix(digits, radix).ok())?
}
