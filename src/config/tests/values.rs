//! How each type of option is written and shown.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::docs::default_and_kind;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::rows;
use crate::config::types::Config;
use crate::config::types::FileMode;
use crate::config::value::Field;
use crate::config::value::Value;
use crate::config::words::SslMode;
use crate::config::words::Timeout;

/// Each text, and what is shown once it is set; `None`: it is refused.
fn check<T: Field + Default>(cases: &[(&str, Option<&str>)]) {
    for (text, expected) in cases {
        let mut field = T::default();
        let before = field.show();
        let set = field.set(&Value::One((*text).to_owned()));
        assert_eq!(set.is_ok(), expected.is_some(), "{text}: {set:?}");
        assert_eq!(field.show(), expected.unwrap_or(&before), "{text}");
        assert!(field.set(&Value::One(field.show())).is_ok(), "{text}");
        assert_eq!(field.show(), expected.unwrap_or(&before), "{text}");
    }
}

impl Default for FileMode {
    fn default() -> Self {
        Self(0o600)
    }
}

#[test]
fn times() {
    check::<Duration>(&[
        ("20ms", Some("20ms")),
        ("5s", Some("5s")),
        ("5 s", Some("5s")),
        ("1h", Some("1h")),
        ("2min", Some("120s")),
        ("2m", Some("120s")),
        ("1d", Some("24h")),
        ("15", Some("15s")),
        ("0.5", Some("500ms")),
        ("1.5s", Some("1500ms")),
        ("250us", Some("250us")),
        ("0", Some("0s")),
        ("3650d", Some("87600h")),
        ("3651d", None),
        ("99999999999999999999999999999999999999", None),
        ("", None),
        ("s", None),
        (".", None),
        ("1.2.3", None),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("inf", None),
        ("5S", None),
        ("5 parsecs", None),
    ]);
    check::<Timeout>(&[("0", Some("0")), ("5", Some("5s")), ("x", None)]);
}

#[test]
fn numbers() {
    check::<u32>(&[
        ("0", Some("0")),
        ("0x1f", Some("31")),
        ("017", Some("15")),
        ("4294967295", Some("4294967295")),
        ("4294967296", None),
        ("99999999999999999999999999", None),
        ("08", None),
        ("-1", None),
        ("+1", None),
        ("0x+1", None),
        ("0+1", None),
        ("1.0", None),
        ("", None),
        ("0x", None),
    ]);
    check::<u16>(&[("65535", Some("65535")), ("65536", None)]);
    check::<f64>(&[
        ("0.5", Some("0.5")),
        ("2", Some("2")),
        ("nan", None),
        ("inf", None),
        ("-0.1", None),
        ("1e7", None),
    ]);
    check::<FileMode>(&[
        ("0770", Some("0770")),
        ("00", Some("0000")),
        ("0777", Some("0777")),
        ("01777", None),
        ("770", None),
        ("0o770", None),
        ("0", None),
        ("0+7", None),
    ]);
}

#[test]
fn words_addresses_and_texts() {
    check::<bool>(&[
        ("true", Some("true")),
        ("1", Some("true")),
        ("Off", Some("false")),
        ("2", None),
    ]);
    check::<SslMode>(&[
        ("verify-full", Some("verify-full")),
        ("REQUIRE", Some("require")),
        ("verify_full", None),
        ("", None),
    ]);
    check::<Option<SocketAddr>>(&[
        ("", Some("")),
        ("127.0.0.1:9127", Some("127.0.0.1:9127")),
        ("[::1]:9127", Some("[::1]:9127")),
        ("*:9127", Some("0.0.0.0:9127")),
        ("9127", None),
    ]);
    check::<Option<PathBuf>>(&[("", Some("")), ("a/b", Some("a/b")), ("a\0b", None)]);
    check::<Vec<String>>(&[("a, b,,c ", Some("a, b, c")), ("", Some(""))]);
    check::<String>(&[(" a ", Some(" a ")), ("\0", None)]);
}

#[test]
fn lists_come_as_lists_also() {
    let mut list: Vec<String> = Vec::new();
    let value = Value::Many(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(list.set(&value), Ok(()));
    assert_eq!(list, ["a", "b"]);
    assert!(0_u32.set(&value).is_err());
}

#[test]
fn rows_are_named_once_per_section_and_explained() {
    let sections = [
        Section::Global,
        Section::Cluster,
        Section::Node,
        Section::Database,
        Section::User,
    ];
    for section in sections {
        let here = rows::all().filter(|r| r.sections().contains(&section));
        let mut names: Vec<_> = here.map(|r| r.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{section:?}");
        assert!(names.iter().all(|n| rows::find(section, n).is_some()));
    }
    for row in rows::all() {
        assert!(
            row.help.ends_with('.') && !row.help.contains('|'),
            "{}",
            row.name
        );
        assert!(!default_and_kind(row).1.is_empty(), "{}", row.name);
    }
}

#[test]
fn what_an_option_shows_can_be_set() {
    for row in rows::all() {
        let mut config = Config::default();
        let Some(field) = config.field(row) else {
            continue;
        };
        let shown = field.show();
        assert_eq!(
            field.set(&Value::One(shown.clone())),
            Ok(()),
            "{}",
            row.name
        );
        assert_eq!(field.show(), shown, "{}", row.name);
        assert_eq!(config, Config::default(), "{}", row.name);
    }
}
