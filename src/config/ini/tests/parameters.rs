//! Every parameter of PgBouncer is an option, or has no effect for a reason.

use std::path::Path;

use crate::config::ini::entry;
use crate::config::ini::entry::Keys;
use crate::config::ini::form::Form;
use crate::config::ini::idle;
use crate::config::ini::tests::faults_of;
use crate::config::rows;
use crate::config::shown::shown;
use crate::config::types::Config;

/// The names in `keys` that there is no option for.
fn without_option(keys: &Keys) -> Vec<&'static str> {
    let is_option = |name: &str| {
        rows::all().any(|row| {
            row.pgbouncer == Some(name) && row.sections().iter().any(|s| keys.sections.contains(s))
        })
    };
    let names = keys.parameters.iter().map(|p| p.name);
    names
        .filter(|name| !is_option(name) && idle::reason(name).is_none())
        .collect()
}

#[test]
fn every_parameter_has_an_option_or_no_effect() {
    let all = [&entry::GLOBAL, &entry::DATABASE, &entry::USER, &entry::PEER];
    let mut found: Vec<_> = all.into_iter().flat_map(without_option).collect();
    found.sort_unstable();
    found.dedup();
    assert!(found.is_empty(), "without an option: {found:?}");
}

#[test]
fn what_has_no_effect_is_a_parameter_without_an_option() {
    for parameter in entry::GLOBAL.parameters {
        if idle::reason(parameter.name).is_some() {
            let row = rows::all().find(|r| r.pgbouncer == Some(parameter.name));
            assert!(row.is_none(), "{}", parameter.name);
        }
    }
}

/// A wrong value of each parameter is told with file and line, and nothing else is.
#[test]
fn every_parameter_with_a_wrong_value() {
    for parameter in entry::GLOBAL.parameters {
        let wrong: &[&str] = match parameter.form {
            Form::Text => &[],
            Form::Word => &["", "nonsense", "1"],
            Form::Int | Form::Flag | Form::WholeSeconds | Form::Milliseconds | Form::Mode => &[
                "",
                "nonsense",
                "true",
                "1.5",
                "08",
                "0xg",
                "1 2",
                "99999999999999999999",
            ],
            Form::Seconds => &["", "nonsense", "-1", "1h", "1,5", "1 2", "--1"],
        };
        let name = parameter.name;
        for value in wrong {
            let last = format!(
                "invalid value \"{value}\" for parameter {name} in configuration (t.ini:2)"
            );
            let faults = faults_of("pgbouncer", &format!("{name} = {value}"));
            assert_eq!(faults, [last], "{name} = {value}");
        }
    }
}

/// PgBouncer's own default of each parameter may be written down.
#[test]
fn every_parameter_with_its_default() {
    for parameter in entry::GLOBAL.parameters {
        let Some(default) = parameter.default else {
            continue;
        };
        let text = format!("[pgbouncer]\n{} = {default}\n", parameter.name);
        let written = Config::parse(&text, Path::new("t.ini"));
        let silent = Config::parse("[pgbouncer]\n", Path::new("t.ini")).expect("it is right");
        let written = written.unwrap_or_else(|faults| panic!("{text}{faults}"));
        let notices = Vec::new();
        assert_eq!(Config { notices, ..written }, silent, "{text}");
    }
}

/// What must not be 0: PgBouncer starts, and then serves nobody, or nobody by TCP.
const NOT_ZERO: [&str; 4] = [
    "listen_port",
    "max_client_conn",
    "max_packet_size",
    "scram_iterations",
];

/// To PgBouncer a limit of 0 is none as a rule, and it shows what was written.
#[test]
fn every_number_may_be_zero() {
    for parameter in entry::GLOBAL.parameters {
        if matches!(parameter.form, Form::Text | Form::Word) {
            continue;
        }
        let name = parameter.name;
        let read = Config::parse(&format!("[pgbouncer]\n{name} = 0\n"), Path::new("t.ini"));
        assert_eq!(read.is_err(), NOT_ZERO.contains(&name), "{name}: {read:?}");
        if let (Ok(config), None) = (read, idle::reason(name)) {
            let shown = shown(&config).into_iter().find(|shown| shown.name == name);
            let value = shown.and_then(|shown| shown.value).expect("it is shown");
            assert!(["0", "0000"].contains(&&*value), "{name}: {value}");
        }
    }
    for section in ["[databases]\nx = pool_size=0", "[users]\nx = pool_size=0"] {
        let text = format!("{section}\n[pgbouncer]\n");
        assert!(Config::parse(&text, Path::new("t.ini")).is_ok(), "{text}");
    }
}
