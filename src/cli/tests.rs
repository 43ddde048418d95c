//! Command lines, and what is understood or said.

use clap::CommandFactory;
use clap::Parser;

use crate::cli::Arguments;
use crate::cli::Command;
use crate::cli::Page;
use crate::cli::file_among;

/// The command of `words`, or the message.
fn parse(words: &[&str]) -> Result<Command, String> {
    let words = std::iter::once("pgsluice").chain(words.iter().copied());
    match Arguments::try_parse_from(words) {
        Ok(arguments) => match arguments.command {
            Command::File(words) => {
                file_among(&words).map(|file| Command::Run { file: file.into() })
            }
            command => Ok(command),
        },
        Err(error) => Err(error.to_string()),
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
    let demo = |seconds, keep| Command::Demo { seconds, keep };
    assert_eq!(parse(&["check", "a.toml"]), Ok(check));
    let run = || Command::Run {
        file: "a.toml".into(),
    };
    assert_eq!(parse(&["run", "a.toml"]), Ok(run()));
    assert_eq!(parse(&["a.toml"]), Ok(run()));
    assert_eq!(parse(&["demo"]), Ok(demo(None, false)));
    assert_eq!(
        parse(&["demo", "--seconds", "20"]),
        Ok(demo(Some(20), false))
    );
    assert_eq!(parse(&["demo", "--keep"]), Ok(demo(None, true)));
    let docs = Command::Docs { page: Page::Config };
    assert_eq!(parse(&["docs", "config"]), Ok(docs));
}

#[test]
fn what_is_not_understood_is_named_with_what_was_meant() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["chekc", "a.toml"], &["'chekc'", "'check'"]),
        (&["chekc"], &["'chekc'", "'check'"]),
        (&["xyzzy"], &["'xyzzy' is neither a command nor a file"]),
        (&["a.toml", "b.toml"], &["'b.toml'"]),
        (&["run"], &["<FILE>"]),
        (&["--keep"], &["'--keep'"]),
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
fn version_and_help_are_shown() {
    let version = parse(&["-V"]).expect_err("it is shown, nothing is run");
    assert_eq!(version, format!("pgsluice {}\n", env!("CARGO_PKG_VERSION")));
    let help = parse(&["--help"]).expect_err("it is shown, nothing is run");
    assert!(help.contains("run") && help.contains("check") && help.contains("demo"));
    assert!(!help.contains("docs"), "{help}");
}
