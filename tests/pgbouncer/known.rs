//! In what pgsluice differs from PgBouncer, each with the reason.

mod older;

pub(crate) use older::OLDER;

/// One difference.
#[derive(Debug)]
pub(crate) struct Known {
    /// The case; `*`: all that have the label.
    pub(crate) case: &'static str,
    /// What is heard under this label.
    pub(crate) label: &'static str,
    /// PgBouncer up to this version; `None`: all.
    pub(crate) until: Option<(u32, u32)>,
    /// What PgBouncer says in some line.
    pub(crate) theirs: &'static str,
    /// What pgsluice says in some line.
    pub(crate) ours: &'static str,
    /// Why.
    pub(crate) why: &'static str,
}

impl Known {
    /// Whether it is one from this version of PgBouncer.
    pub(crate) fn applies(&self, version: (u32, u32)) -> bool {
        self.until.is_none_or(|until| version <= until)
    }
}

const fn known(
    (case, label): (&'static str, &'static str),
    theirs: &'static str,
    ours: &'static str,
    why: &'static str,
) -> Known {
    Known {
        case,
        label,
        until: None,
        theirs,
        ours,
        why,
    }
}

/// Those that no version lacks.
pub(crate) const KNOWN: &[Known] = &[
    known(
        ("*", "a database that is gone"),
        "database \"forced\" does not exist",
        "no such database: forced",
        "a `*` that is taken out of the file is gone with RELOAD; PgBouncer keeps it until it restarts",
    ),
    known(
        ("*", "it, and a wrong password"),
        "database \"forced\" does not exist",
        "no such database: forced",
        "as above",
    ),
    known(
        ("*", "console, other"),
        "not allowed",
        "R ",
        "who may use the console is told to those who have shown who they are",
    ),
    known(
        ("secrets of all kinds", "scram-sha-256: md5 secret"),
        "SASL authentication failed",
        "R SASL goes on",
        "that a user cannot log in by SCRAM is not told at once, as for users that there are not",
    ),
    known(
        ("secrets of all kinds", "scram-sha-256: md5 secret, wrong"),
        "SASL authentication failed",
        "R SASL goes on",
        "as above",
    ),
    known(
        ("secrets of all kinds", "scram-sha-256: empty secret"),
        "R SASL is over",
        "SASL authentication failed",
        "an empty secret is none: nobody logs in by it, as in PostgreSQL",
    ),
    known(
        ("parameters", "options that are tracked"),
        "",
        "S DateStyle German, DMY",
        "settings are asked for of a server, and the client is told what they are there",
    ),
    known(
        ("parameters", "options that are not tracked"),
        "unsupported startup parameter",
        "R ok",
        "any setting is applied",
    ),
    known(
        ("parameters", "options that are not tracked: show timezone"),
        "",
        "D UTC",
        "as above",
    ),
    known(
        ("parameters", "options that are not tracked: show datestyle"),
        "",
        "D ISO, MDY",
        "as above",
    ),
    known(
        (
            "parameters",
            "options that are not tracked: show application_name",
        ),
        "",
        "T application_name",
        "as above",
    ),
    known(
        ("parameters", "a wrong value"),
        "S client_encoding nonsense",
        "C22023 Minvalid value for parameter",
        "a wrong setting is told at login, as by PostgreSQL",
    ),
    known(
        ("parameters", "a wrong value: show timezone"),
        "invalid server parameter",
        "",
        "as above",
    ),
    known(
        ("parameters", "a wrong value: show datestyle"),
        "end",
        "",
        "as above",
    ),
    known(
        ("parameters", "a wrong value: show application_name"),
        "end",
        "",
        "as above",
    ),
    known(
        ("users that are looked up", "unknown"),
        "no such user",
        "SASL authentication failed",
        "users that are not there cannot be told from others",
    ),
    known(
        ("max_client_conn", "a third"),
        "C08P01",
        "C53300",
        "the code that PostgreSQL has for it, which clients know for one to try again after",
    ),
    known(
        ("statement", "begin"),
        "E SFATAL C08P01",
        "E SERROR C0A000",
        "nothing has begun, so that the client may stay",
    ),
    known(
        ("per user", "begin"),
        "E SFATAL C08P01",
        "E SERROR C0A000",
        "as above",
    ),
    known(
        ("prepared", "again"),
        "E SFATAL C08P01 Mprepared statement name is already in use",
        "E SERROR C42P05",
        "as PostgreSQL answers, and the client may stay",
    ),
    known(
        ("a server that dies", "told"),
        "Mserver conn crashed?",
        "C57P01",
        "the server has said why; it is not said again",
    ),
    known(
        ("prepared", "unknown"),
        "E SFATAL C08P01 Mprepared statement did not exist",
        "E SERROR C26000",
        "as PostgreSQL answers, and the client may stay",
    ),
    known(
        ("prepared", "gone"),
        "E SFATAL C08P01 Mprepared statement did not exist",
        "E SERROR C26000",
        "as above",
    ),
];
