//! What the command line answers, as PgBouncer does.

use std::os::unix::fs::symlink;
use std::process::Command;

/// Exit code, standard output, standard error.
fn run(program: &str, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(program).args(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn tools_that_look_for_pgbouncer_find_it() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("pgbouncer");
    symlink(env!("CARGO_BIN_EXE_pgsluice"), &link).unwrap();
    let link = link.to_str().unwrap();
    for program in [env!("CARGO_BIN_EXE_pgsluice"), link] {
        for word in ["-V", "--version"] {
            let (code, out, errors) = run(program, &[word]);
            assert_eq!((code, &*errors), (Some(0), ""));
            assert_eq!(out.lines().next(), Some("PgBouncer 1.25.2"));
            assert!(out.contains("\npgsluice "), "{out}");
        }
        let (code, out, _) = run(program, &["--help"]);
        assert_eq!(code, Some(0));
        assert!(out.contains("CONFIG_FILE"), "{out}");
        let hint = format!("Try \"{program} --help\" for more information.\n");
        for (words, said) in [
            (&[][..], "no configuration file specified"),
            (&["-Z"], "invalid option -- 'Z'"),
            (&["--foo", "a.ini"], "unrecognized option '--foo'"),
            (&["--user"], "option '--user' requires an argument"),
            (
                &["--daemon=3"],
                "option '--daemon' doesn't allow an argument",
            ),
        ] {
            let expected = format!("{program}: {said}\n{hint}");
            let found = run(program, words);
            assert_eq!(found, (Some(1), String::new(), expected), "{words:?}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (code, _, errors) = run(env!("CARGO_BIN_EXE_pgsluice"), &["/nonexistent.toml"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("/nonexistent.toml"), "{errors}");
}
