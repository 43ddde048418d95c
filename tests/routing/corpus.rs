//! The corpus as it is written: files of blocks, blocks of statements.
//!
//! A block ends at an empty line and is one session's work, in order. A statement ends with a
//! semicolon at the end of a line. A line that begins with `--~` says something of the statement
//! after it: `pooled: REASON` (known to be answered otherwise where servers are shared), `shape:
//! REASON` (what it answers differs by nature, so only its shape is compared),
//! `refused: REASON` (a standby refuses it although the classifier takes it for a read), `values: a,
//! b` (parameters, for the extended protocol), `data: …` (what COPY reads, with `\n` and `\t`),
//! `simple: REASON` (for the simple protocol only), `primary: REASON` (is not tried on a standby).
//! Other lines that begin with `--` before a statement are for people. `{db}` is the name of the
//! database: what is one for all databases of a cluster has it in its name.

use std::fs;
use std::path::Path;

/// A session's work.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) file: String,
    pub(crate) texts: Vec<Text>,
}

/// A statement, and what is said of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) sql: String,
    /// Why only the shape of its answer is compared.
    pub(crate) shape: Option<String>,
    /// Why the proxy answers otherwise than PostgreSQL.
    pub(crate) pooled: Option<String>,
    /// Why a standby refuses what the classifier takes for a read.
    pub(crate) refused: Option<String>,
    pub(crate) values: Option<Vec<String>>,
    pub(crate) data: Option<String>,
    pub(crate) is_simple_only: bool,
    pub(crate) is_primary_only: bool,
}

/// Why an answer may differ from one run to the next.
const BY_NATURE: &[&str] = &[
    "files", "load", "lsn", "oid", "pid", "random", "time", "timing", "xid",
];

/// All blocks, by file; only those of files with `filter` in their names.
pub(crate) fn read(folder: &Path, filter: &str) -> Vec<Block> {
    let files = fs::read_dir(folder).expect("the corpus is there");
    let mut files: Vec<_> = files.map(|f| f.expect("it is readable").path()).collect();
    files.sort();
    let mut blocks = Vec::new();
    for path in files {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if !file.contains(filter) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("it is text");
        for paragraph in text.split("\n\n") {
            let texts = texts(&file, paragraph);
            if !texts.is_empty() {
                let file = file.clone();
                blocks.push(Block { file, texts });
            }
        }
    }
    blocks
}

fn texts(file: &str, paragraph: &str) -> Vec<Text> {
    let (mut texts, mut text) = (Vec::new(), Text::default());
    for line in paragraph.lines() {
        if text.sql.is_empty() && line.starts_with("--") {
            if let Some(said) = line.strip_prefix("--~ ") {
                note(&mut text, file, said);
            }
            continue;
        }
        if !text.sql.is_empty() {
            text.sql.push('\n');
        }
        text.sql.push_str(line);
        if line.ends_with(';') {
            text.sql.pop();
            texts.push(std::mem::take(&mut text));
        }
    }
    assert!(text.sql.is_empty(), "{file}: no end of {}", text.sql);
    texts
}

fn note(text: &mut Text, file: &str, said: &str) {
    let (what, said) = said.split_once(": ").unwrap_or((said, ""));
    assert!(!said.is_empty(), "{file}: {what} without a word more");
    match what {
        "shape" => {
            assert!(BY_NATURE.contains(&said), "{file}: {said} is no reason");
            text.shape = Some(said.to_owned());
        }
        "pooled" => text.pooled = Some(said.to_owned()),
        "refused" => text.refused = Some(said.to_owned()),
        "values" => text.values = Some(said.split(", ").map(str::to_owned).collect()),
        "data" => text.data = Some(said.replace("\\n", "\n").replace("\\t", "\t")),
        "simple" => text.is_simple_only = true,
        "primary" => text.is_primary_only = true,
        _ => panic!("{file}: {what} is unknown"),
    }
}
