//! Files and texts to configurations and faults.

mod anything;

mod build;

mod faults;

mod files;

mod in_use;

mod peers;

mod reload;

mod samples;

mod secrets;

mod values;

use std::path::Path;

use crate::config::fault::Faults;
use crate::config::types::Config;

/// The configuration in `text`, as if it stood in `t.toml` of a folder without other files.
fn parse(text: &str) -> Result<Config, Faults> {
    Config::parse(text, Path::new("/nonexistent/t.toml"))
}

/// The configuration in `text`, which has no faults.
fn good(text: &str) -> Config {
    parse(text).unwrap_or_else(|faults| panic!("{faults}\nin:\n{text}"))
}

/// The faults of `text`, each as `line: key: message` or `key: message`.
fn faults_of(text: &str) -> Vec<String> {
    let Err(faults) = parse(text) else {
        return Vec::new();
    };
    let shown = faults.iter().map(ToString::to_string);
    shown
        .map(|f| {
            let rest = f
                .strip_prefix("/nonexistent/t.toml:")
                .expect("the file's name");
            rest.trim_start().to_owned()
        })
        .collect()
}

/// A configuration without faults, to be added to.
const BASE: &str = "\
[clusters.main]
nodes = [\"a:1\", \"b:2\"]
[databases.app]
cluster = \"main\"
[users.joe]
password = \"p\"
";
