//! No text makes the reader panic, and a file cut anywhere is refused or read, never half read.

use proptest::prelude::Strategy;
use proptest::prop_assert_eq;
use proptest::proptest;

use crate::config::option::Target;
use crate::config::rows;
use crate::config::tests::BASE;
use crate::config::tests::parse;
use crate::config::types::Config;
use crate::config::value::Value;

#[test]
fn cut_at_every_byte() {
    let full = include_str!("../../../config/full.toml");
    let lines = full
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    let full = lines.collect::<Vec<_>>().join("\n");
    for end in (0..full.len()).filter(|i| full.is_char_boundary(*i)) {
        let _ = parse(&full[..end]);
    }
    let with_table =
        format!("{BASE}[clusters.c]\nnodes = [{{ host = 'é', port = 0o17 }}, 'x:1']\n");
    let ends = (0..with_table.len()).filter(|i| with_table.is_char_boundary(*i));
    for end in ends {
        let _ = parse(&with_table[..end]);
    }
}

/// Pieces that files are made of, good and bad.
fn piece() -> impl Strategy<Value = String> {
    let names: Vec<String> = rows::all().map(|r| r.name.to_owned()).collect();
    let values = [
        "0",
        "-1",
        "1.5",
        "nan",
        "'5s'",
        "''",
        "'*'",
        "true",
        "[]",
        "['a', 1]",
        "{}",
        "{ a = 1 }",
        "[[1]]",
        "1979-05-27",
        "0xff",
        "0o777",
        "0b11",
        "'SCRAM-SHA-256$1'",
        "'md5'",
        "'a:b:c'",
        "\"\\u0000\"",
        "99999999999999999999999",
        "[{ host = 'h' }]",
        "'/'",
        "'main'",
    ];
    let value = proptest::sample::select(values.to_vec());
    let line = (proptest::sample::select(names), value).prop_map(|(n, v)| format!("{n} = {v}\n"));
    let headers = [
        "[clusters.main]\n",
        "[clusters.b]\n",
        "[databases.app]\n",
        "[databases.'*']\n",
        "[users.u]\n",
        "[users]\n",
        "[databases]\n",
        "[[clusters]]\n",
        "[x]\n",
        "nodes = ['a']\n",
        "nodes = [{ host = 'h', port = 1 }]\n",
        "clusters = 5\n",
        "users.x = 1\n",
    ];
    let header = proptest::sample::select(headers.to_vec()).prop_map(str::to_owned);
    let noise = "\\PC{0,12}\n?";
    proptest::prop_oneof![4 => line, 2 => header, 1 => noise]
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_arrangement_of_options_panics(pieces in proptest::collection::vec(piece(), 0..30)) {
        let _ = parse(&pieces.concat());
    }

    /// Whatever an option takes, it shows in a way that it takes again, to the same effect.
    #[test]
    fn what_is_set_is_shown_and_set_again(text in "[0-9a-z.:/*, -]{0,12}", at in 0_usize..200) {
        let Some(row) = rows::all().nth(at % rows::all().count()) else {
            return Ok(());
        };
        let mut config = Config::default();
        let Some(field) = config.field(row) else {
            return Ok(());
        };
        if field.is_secret() || field.set(&Value::One(text)).is_err() {
            return Ok(());
        }
        let (shown, once) = (field.show(), config.clone());
        let set = config.field(row).map(|f| f.set(&Value::One(shown)));
        prop_assert_eq!(set, Some(Ok(())));
        prop_assert_eq!(config, once);
    }
}
