use std::fs;

use super::*;

fn line(body: &str) -> Line<'_> {
    Line {
        level: Level::INFO,
        head: "head ",
        body,
    }
}

#[test]
fn a_file_that_was_moved_away_is_made_anew_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let log = Log {
        file: Some(path.clone()),
        ..Log::default()
    };
    let outlet = Outlet::new(false);
    outlet.write(line("lost"));
    outlet.open(&log).unwrap();
    outlet.write(line("one"));
    let moved = folder.path().join("b.log");
    fs::rename(&path, &moved).unwrap();
    outlet.write(line("two"));
    outlet.open(&log).unwrap();
    outlet.write(line("three"));
    assert_eq!(fs::read_to_string(moved).unwrap(), "head one\nhead two\n");
    assert_eq!(fs::read_to_string(path).unwrap(), "head three\n");
}

#[test]
fn a_file_that_cannot_be_opened_leaves_all_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let mut log = Log {
        file: Some(path.clone()),
        ..Log::default()
    };
    let outlet = Outlet::new(false);
    outlet.open(&log).unwrap();
    log.file = Some(folder.path().join("none/a.log"));
    let said = outlet.open(&log).unwrap_err();
    let shown = folder.path().display();
    let expected = format!("Cannot open logfile: '{shown}/none/a.log': No such file or directory");
    assert_eq!(said, expected);
    outlet.write(line("still"));
    assert_eq!(fs::read_to_string(path).unwrap(), "head still\n");
}
