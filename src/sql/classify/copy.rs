//! COPY: where from, where to.

use super::command;
use super::findings::Findings;
use super::query;
use super::stream::Stream;
use crate::sql::catalog::Catalog;
use crate::sql::effect::Effect;
use crate::sql::lexer::Kind;
use crate::sql::statement::Class;
use crate::sql::statement::Reason;

/// After `COPY`.
pub(super) fn copy(stream: &mut Stream<'_>, catalog: &Catalog, findings: &mut Findings) {
    findings.literal();
    if stream.peek().is_some_and(|t| t.kind == Kind::Open) {
        stream.next();
        if command::is_query(stream) {
            findings.judge(Class::Read, Reason::Read, b"");
        } else {
            findings.write(Reason::Command, b"copy");
        }
        query::walk(stream, catalog, findings, query::Extent::Parenthesis);
    } else {
        stream.take_word("binary");
        query::relation(stream, catalog, findings);
        stream.skip_parenthesised();
    }
    target(stream, findings);
}

/// From `TO` or `FROM` on.
fn target(stream: &mut Stream<'_>, findings: &mut Findings) {
    let direction = stream.next_word();
    // PostgreSQL takes STDIN for STDOUT and the other way round.
    let client = stream.peek_word().is_any(&["stdin", "stdout"]);
    if direction.is("to") && client {
        findings.judge(Class::Read, Reason::Read, b"");
        findings.effect(Effect::CopyToStdout);
        return;
    }
    findings.write(Reason::Copy, b"copy");
    if direction.is("from") && client {
        findings.effect(Effect::CopyFromStdin);
    }
}
