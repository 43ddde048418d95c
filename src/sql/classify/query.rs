//! The tokens of what reads or writes rows: SELECT, VALUES, TABLE, WITH and the statements that
//! change rows. Looks for whatever makes it more than a read.

use super::call;
use super::findings::Findings;
use super::stream::Name;
use super::stream::Stream;
use crate::sql::catalog::Catalog;
use crate::sql::effect::Effect;
use crate::sql::lexer::Kind;
use crate::sql::lexer::Token;
use crate::sql::names;
use crate::sql::names::Keyword;
use crate::sql::statement::Reason;

/// How far to walk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// To the end of the statement.
    Statement,
    /// To the parenthesis that closes the one before the place where the walk begins.
    Parenthesis,
}

/// Notes in `findings` what the tokens from here on tell.
pub(super) fn walk(
    stream: &mut Stream<'_>,
    catalog: &Catalog,
    findings: &mut Findings,
    extent: Extent,
) {
    let outside = match extent {
        Extent::Statement => None,
        Extent::Parenthesis => Some(stream.depth().saturating_sub(1)),
    };
    let effects_before = findings.effects.len();
    let mut walk = Walk {
        stream,
        catalog,
        findings,
        place: Place::default(),
    };
    while outside.is_none_or(|depth| depth < walk.stream.depth()) {
        let Some(token) = walk.stream.next() else {
            break;
        };
        walk.findings.at = token.start;
        walk.token(token);
    }
    if walk.place.computes {
        call::doubt_settings(findings, effects_before);
    }
}

/// Reads a relation's name, with its schema, and judges it.
pub(super) fn relation(stream: &mut Stream<'_>, catalog: &Catalog, findings: &mut Findings) {
    while let Some(name) = stream.take_name() {
        let qualifies = stream.peek().is_some_and(|t| t.kind == Kind::Dot);
        judge_name(&name, qualifies, catalog, findings);
        if !qualifies {
            return;
        }
        stream.next();
    }
}

/// Whether objects in a schema of this name belong to one session.
pub(super) fn is_temporary_schema(name: &[u8]) -> bool {
    name.starts_with(b"pg_temp") || name.starts_with(b"pg_toast_temp")
}

/// A walk and what it has passed.
pub(super) struct Walk<'w, 'a> {
    pub(super) stream: &'w mut Stream<'a>,
    pub(super) catalog: &'w Catalog,
    pub(super) findings: &'w mut Findings,
    pub(super) place: Place,
}

/// Where in a statement a token stands, as far as the tokens before it tell.
#[derive(Default)]
pub(super) struct Place {
    /// The token before.
    pub(super) before: Option<Token>,
    /// The token before the first name of `a.b.c`.
    pub(super) before_chain: Option<Token>,
    /// How many parentheses are open where the list of a GROUP BY (or GROUPING SETS) is.
    pub(super) grouping_depth: Option<u32>,
    /// The token before, unless it is a word that is but a name: after a dot or AS.
    word_before: Option<Token>,
    /// The same of the token before a chain.
    word_before_chain: Option<Token>,
    /// The name before the dot before.
    pub(super) qualifier: Option<Name>,
    /// Whether a parenthesis may be followed by an expression (DISTINCT ON, OPERATOR), not only by
    /// an alias.
    pub(super) open_ended: bool,
    /// Whether it does more than select constants.
    computes: bool,
    /// One bit per open parenthesis, the innermost lowest: whether the list of a WITH stands there.
    with_lists: u128,
}

impl Place {
    /// Whether the innermost parenthesis is in the list of a WITH, between its queries.
    pub(super) fn is_in_with_list(&self) -> bool {
        self.with_lists & 1 == 1
    }
}

impl Walk<'_, '_> {
    /// The word before; empty if it was none, or one that is but a name.
    pub(super) fn word_before(&self) -> Name {
        self.stream.word(self.place.word_before)
    }

    /// As `word_before`, of the token before the first name of `a.b.c`.
    pub(super) fn word_before_chain(&self) -> Name {
        self.stream.word(self.place.word_before_chain)
    }

    /// The kind of the token before.
    pub(super) fn kind_before(&self) -> Option<Kind> {
        self.place.before.map(|t| t.kind)
    }

    fn token(&mut self, token: Token) {
        let mut is_label = false;
        match token.kind {
            Kind::Word | Kind::Quoted => is_label = self.name(token),
            Kind::Open => {
                if self.kind_before() == Some(Kind::Close) {
                    // After the last query of a WITH list: the main one, in parentheses.
                    self.place.with_lists &= !1;
                }
                self.place.with_lists <<= 1;
            }
            Kind::Close => self.place.with_lists >>= 1,
            Kind::String | Kind::Comma | Kind::Dot => (),
            Kind::Operator => {
                self.place.computes = true;
                let operator = self.stream.bytes(token);
                if self.catalog.is_primary_relation(operator) {
                    self.findings.write(Reason::Function, operator);
                }
            }
            _ => self.place.computes = true,
        }
        self.place.before = Some(token);
        self.place.word_before = Some(token).filter(|_| !is_label);
    }

    /// Whether the token is but a name, whatever word it is.
    fn name(&mut self, token: Token) -> bool {
        let name = self.stream.name(token).unwrap_or(Name::EMPTY);
        let qualified = self.kind_before() == Some(Kind::Dot);
        if !qualified {
            self.place.before_chain = self.place.before;
            self.place.word_before_chain = self.place.word_before;
            self.place.qualifier = None;
        }
        let next = self.stream.peek().map(|t| t.kind);
        let label = !qualified && self.word_before().is("as");
        if next == Some(Kind::Open) {
            call::call(self, token, &name);
        } else if !label || 0 < self.stream.depth() {
            // In parentheses it may be the type of a CAST.
            let qualifies = next == Some(Kind::Dot);
            judge_name(&name, qualifies, self.catalog, self.findings);
            if qualified && !qualifies && self.catalog.is_volatile(name.as_bytes()) == Some(true) {
                // `row.function` calls it as much as `function(row)` does.
                self.findings.write(Reason::Function, name.as_bytes());
            }
        }
        if token.kind == Kind::Word && !qualified && !label {
            self.keyword(&name);
        }
        let harmless = ["select", "as", "true", "false", "set_config", "pg_catalog"];
        self.place.computes |= !label && !name.is_any(&harmless);
        self.place.qualifier = Some(name);
        qualified || label
    }

    fn keyword(&mut self, word: &Name) {
        match word.as_bytes() {
            b"into" => self.into(),
            b"for" => {
                let next = self.stream.peek_word();
                if next.is_any(&["update", "share", "no", "key"]) {
                    self.findings.write(Reason::Locking, b"for");
                }
            }
            b"insert" | b"update" | b"delete" | b"merge" => self.change(word),
            b"with" => self.with(),
            b"distinct" => self.place.open_ended |= self.stream.peek_word().is("on"),
            b"operator" => self.place.open_ended = true,
            b"group" if self.stream.peek_word().is("by") => {
                self.place.grouping_depth = Some(self.stream.depth());
                self.end_of_lists(word);
            }
            b"sets" if self.word_before().is("grouping") => {
                self.place.grouping_depth = Some(self.stream.depth().saturating_add(1));
            }
            b"values" => self.place.with_lists &= !1,
            _ => self.end_of_lists(word),
        }
    }

    fn into(&mut self) {
        self.findings.write(Reason::Into, b"into");
        if self.word_before().is_any(&["insert", "merge"]) {
            return;
        }
        let next = self.stream.peek_word();
        let temporary = next.is_any(&["temp", "temporary", "local", "global"]);
        if temporary || is_temporary_schema(next.as_bytes()) {
            self.findings.effect(Effect::TemporaryTable);
        }
    }

    /// INSERT, UPDATE, DELETE or MERGE: a statement of its own, unless it stands where only a name
    /// can.
    fn change(&mut self, word: &Name) {
        let next = self.stream.peek_word();
        let begins = match word.as_bytes() {
            b"update" => self.stream.peek().is_some_and(|t| is_relation(t, &next)),
            b"delete" => next.is("from"),
            _ => next.is("into"),
        };
        let before = self.word_before();
        let is_name = matches!(self.kind_before(), Some(Kind::Comma | Kind::Operator))
            || before.is_any(BEFORE_A_NAME);
        if begins && !is_name {
            self.findings.write(Reason::DataModifying, word.as_bytes());
        }
        if !is_name {
            self.place.with_lists &= !1;
        }
    }

    fn with(&mut self) {
        let starts = matches!(self.kind_before(), None | Some(Kind::Open));
        if starts {
            self.place.with_lists |= 1;
        }
    }

    /// The list of a WITH ends where its main query begins, and one of a GROUP BY at the next clause.
    fn end_of_lists(&mut self, word: &Name) {
        if word.is_any(AFTER_GROUP_BY) {
            self.place.grouping_depth = None;
        }
        if self.place.is_in_with_list()
            && names::keyword(word.as_bytes()) == Some(Keyword::Reserved)
            && !word.is_any(IN_A_WITH_LIST)
        {
            self.place.with_lists &= !1;
        }
    }
}

/// Words, none of them a possible name itself, after which INSERT, UPDATE, DELETE and MERGE are names.
const BEFORE_A_NAME: &[&str] = &[
    "as",
    "select",
    "distinct",
    "all",
    "where",
    "and",
    "or",
    "not",
    "on",
    "from",
    "join",
    "with",
    "having",
    "when",
    "then",
    "else",
    "case",
    "returning",
    "in",
    "like",
];

/// Words that the list of a GROUP BY does not go beyond.
const AFTER_GROUP_BY: &[&str] = &[
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "intersect",
    "except",
    "select",
    "from",
    "where",
];

/// Reserved words that may stand between the queries of a WITH.
const IN_A_WITH_LIST: &[&str] = &[
    "as", "not", "to", "using", "default", "true", "false", "null", "with",
];

/// Whether UPDATE may be followed by this as its table.
fn is_relation(token: Token, word: &Name) -> bool {
    match token.kind {
        Kind::Quoted | Kind::QuotedUnicode => true,
        Kind::Word => {
            word.is("only")
                || !matches!(
                    names::keyword(word.as_bytes()),
                    Some(Keyword::Reserved | Keyword::FunctionName)
                )
        }
        _ => false,
    }
}

/// Judges a name that is not called: a relation or column, or the schema of one.
fn judge_name(name: &Name, qualifies: bool, catalog: &Catalog, findings: &mut Findings) {
    let bytes = name.as_bytes();
    if qualifies {
        if is_temporary_schema(bytes) {
            findings.write(Reason::PerSession, bytes);
        }
        return;
    }
    if is_about_one_session(bytes) {
        findings.write(Reason::PerSession, bytes);
    } else if is_about_one_node(bytes) || catalog.is_primary_relation(bytes) {
        findings.write(Reason::PerNode, bytes);
    }
}

fn is_about_one_session(name: &[u8]) -> bool {
    matches!(
        name,
        b"pg_cursors" | b"pg_prepared_statements" | b"pg_backend_memory_contexts"
    )
}

/// Whether a relation (or a column of every sequence) tells of the node that is asked.
fn is_about_one_node(name: &[u8]) -> bool {
    name.starts_with(b"pg_stat_")
        || name.starts_with(b"pg_statio_")
        || name.starts_with(b"pg_buffercache")
        || matches!(
            name,
            b"pg_aios"
                | b"pg_config"
                | b"pg_dsm_registry_allocations"
                | b"pg_file_settings"
                | b"pg_hba_file_rules"
                | b"pg_ident_file_mappings"
                | b"pg_locks"
                | b"pg_prepared_xacts"
                | b"pg_replication_origin_status"
                | b"pg_replication_slots"
                | b"pg_sequences"
                | b"pg_settings"
                | b"pg_shmem_allocations"
                | b"pg_shmem_allocations_numa"
                | b"is_called"
                | b"last_value"
                | b"log_cnt"
        )
}
