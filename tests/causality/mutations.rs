//! The patches that build the proxy wrong on purpose, for this checker and that of `tests/failover`,
//! which `make mutations` does one after the other: that takes minutes. Here it is only seen to that
//! each still applies.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn each_mutation_still_applies_and_names_its_scene() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/causality/mutations", "tests/failover/mutations"];
    let entries = folders.map(|folder| fs::read_dir(root.join(folder)).expect("there are patches"));
    let mut count = 0;
    for entry in entries.into_iter().flatten() {
        let patch = entry.expect("a patch").path();
        let text = fs::read_to_string(&patch).expect("it is text");
        assert!(text.contains("\nTest: "), "{}", patch.display());
        assert!(text.contains("\nScene: "), "{}", patch.display());
        let mut check = Command::new("git");
        check
            .args(["apply", "--check"])
            .arg(&patch)
            .current_dir(root);
        let output = check.output().expect("git runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", patch.display());
        count += 1;
    }
    assert!(6 <= count, "{count} patches");
}
