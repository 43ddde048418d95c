//! Command lines, and what is understood or said.

use std::ffi::OsString;

use clap::CommandFactory;

use crate::app::Launch;
use crate::app::logs::Manner;
use crate::cli::arguments::Arguments;
use crate::cli::arguments::Asked;
use crate::cli::arguments::Command;
use crate::cli::arguments::Page;
use crate::cli::arguments::Wrong;
use crate::cli::arguments::read;
use crate::cli::version;

/// What `words` ask for, or the message.
fn parse(words: &[&str]) -> Result<Asked, String> {
    let words = std::iter::once("pgsluice").chain(words.iter().copied());
    let words: Vec<_> = words.map(OsString::from).collect();
    read(&words).map_err(|wrong| match wrong {
        Wrong::Plain(program, said) => {
            assert_eq!(program, "pgsluice");
            said
        }
        Wrong::Clap(error) => error.to_string(),
    })
}

fn launch() -> Launch {
    Launch {
        path: "a.toml".into(),
        ..Launch::default()
    }
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn commands_are_understood() {
    let check = Command::Check {
        file: "a.toml".into(),
    };
    let demo = |seconds, keep| Ok(Asked::Command(Command::Demo { seconds, keep }));
    assert_eq!(parse(&["check", "a.toml"]), Ok(Asked::Command(check)));
    let run = || Ok(Asked::Serve(launch()));
    assert_eq!(parse(&["run", "a.toml"]), run());
    assert_eq!(parse(&["a.toml"]), run());
    assert_eq!(parse(&["demo"]), demo(None, false));
    assert_eq!(parse(&["demo", "--seconds", "20"]), demo(Some(20), false));
    assert_eq!(parse(&["demo", "--keep"]), demo(None, true));
    let docs = Command::Docs { page: Page::Config };
    assert_eq!(parse(&["docs", "config"]), Ok(Asked::Command(docs)));
}

#[test]
fn options_of_pgbouncer_are_understood_before_and_behind_the_file() {
    let all = Launch {
        manner: Manner {
            quiet: true,
            verbose: 3,
        },
        daemon: true,
        takes_over: true,
        user: Some("joe".to_owned()),
        ..launch()
    };
    for words in [
        &["-d", "-q", "-R", "-u", "joe", "-v", "-v", "-v", "a.toml"][..],
        &["-dqvvvR", "-ujoe", "a.toml"],
        &["a.toml", "-dqRvvv", "--user=joe"],
        &[
            "--daemon",
            "a.toml",
            "--reboot",
            "--quiet",
            "--user",
            "joe",
            "--verbose",
            "-vv",
        ],
        &["run", "-Rdqvvv", "a.toml", "-u", "joe"],
    ] {
        assert_eq!(parse(words), Ok(Asked::Serve(all.clone())), "{words:?}");
    }
    for words in [&["-V"][..], &["--version"], &["-V", "a.toml"], &["-dV"]] {
        assert_eq!(parse(words), Ok(Asked::Version), "{words:?}");
    }
}

#[test]
fn what_is_not_understood_is_named_with_what_was_meant() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["chekc", "a.toml"], &["'chekc'", "'check'"]),
        (&["chekc"], &["'chekc'", "'check'"]),
        (&["xyzzy"], &["'xyzzy' is neither a command nor a file"]),
        (&["a.toml", "b.toml"], &["'b.toml'"]),
        (&["check"], &["<FILE>"]),
        (&["check", "a.toml", "b.toml"], &["'b.toml'"]),
        (&["demo", "--second", "5"], &["'--second'", "'--seconds'"]),
        (&["demo", "--seconds", "0"], &["'0'", "1..=86400"]),
        (&["demo", "--seconds", "long"], &["'long'"]),
        (&["docs", "confg"], &["'confg'", "'config'"]),
    ];
    for (words, expected) in cases {
        let message = parse(words).expect_err("it is wrong");
        for part in *expected {
            assert!(message.contains(part), "{words:?}: {message}");
        }
    }
}

#[test]
fn what_pgbouncer_refuses_is_refused_in_its_words() {
    let check = |words: &[&str], expected: &str| {
        assert_eq!(parse(words), Err(expected.to_owned()), "{words:?}");
    };
    check(&[], "no configuration file specified");
    check(&["run"], "no configuration file specified");
    check(&["-d"], "no configuration file specified");
    check(&["-Z"], "invalid option -- 'Z'");
    check(&["-Z", "a.toml"], "invalid option -- 'Z'");
    check(&["a.toml", "--foo"], "unrecognized option '--foo'");
    check(&["--foo=1"], "unrecognized option '--foo'");
    check(&["--user"], "option '--user' requires an argument");
    check(&["a.toml", "-u"], "option '--user' requires an argument");
    check(
        &["--daemon=3"],
        "option '--daemon' doesn't allow an argument",
    );
}

#[test]
fn version_and_help_are_shown() {
    let version = version::text();
    let mut lines = version.lines();
    assert_eq!(lines.next(), Some("PgBouncer 1.25.2"));
    let own = format!("pgsluice {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines.next(), Some(&*own));
    let help = parse(&["--help"]).expect_err("it is shown, nothing is run");
    for word in [
        "run",
        "check",
        "demo",
        "-d, --daemon",
        "-u, --user <USERNAME>",
    ] {
        assert!(help.contains(word), "{help}");
    }
    assert!(!help.contains("docs"), "{help}");
}
