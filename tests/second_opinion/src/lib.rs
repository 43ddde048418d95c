//! What PostgreSQL's own parser (libpg_query) says of a text, to hold pgsluice's classes against.
//!
//! A package of its own, because building the parser needs a C compiler and libclang; pgsluice
//! itself and its other tests do not.

use pgsluice::sql::catalog::Catalog;
use pgsluice::sql::names;
use pgsluice::sql::names::Builtin;
use serde_json::Value;

/// Everything in the text's parse tree that a replica must not be given; empty for a read.
///
/// # Errors
/// The parser's message if the text is no SQL.
pub fn objections(text: &str, catalog: &Catalog) -> Result<Vec<String>, String> {
    let parsed = pg_query::parse(text).map_err(|error| error.to_string())?;
    let tree = serde_json::to_value(&parsed.protobuf).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for statement in list(&tree["stmts"]) {
        let node = &statement["stmt"]["node"];
        let Some((kind, body)) = variant(node) else {
            continue;
        };
        statement_objections(kind, body, node, catalog, &mut found);
    }
    Ok(found)
}

/// By the kind of a statement; what only reads is searched through.
fn statement_objections(
    kind: &str,
    body: &Value,
    node: &Value,
    catalog: &Catalog,
    found: &mut Vec<String>,
) {
    match kind {
        "SelectStmt" => search(node, catalog, found),
        "DeclareCursorStmt" => {
            // CURSOR_OPT_HOLD of parsenodes.h.
            if body["options"].as_i64().is_some_and(|o| o & 0x20 != 0) {
                found.push("holdable cursor".into());
            }
            search(&body["query"], catalog, found);
        }
        "ExplainStmt" => explain_objections(body, catalog, found),
        "CopyStmt" => {
            let to_client = body["is_from"] == false
                && body["is_program"] == false
                && body["filename"].as_str().is_none_or(str::is_empty);
            if !to_client {
                found.push("COPY".into());
            }
            search(body, catalog, found);
        }
        "VariableShowStmt" | "VariableSetStmt" | "TransactionStmt" | "FetchStmt"
        | "ClosePortalStmt" | "DeallocateStmt" | "DiscardStmt" | "UnlistenStmt"
        | "ConstraintsSetStmt" => {
            let text = body.to_string();
            if text.contains("PREPARED") {
                found.push(kind.into());
            }
        }
        _ => found.push(kind.into()),
    }
}

fn explain_objections(body: &Value, catalog: &Catalog, found: &mut Vec<String>) {
    let analyzes = list(&body["options"]).iter().any(|option| {
        option["node"]["DefElem"]["defname"]
            .as_str()
            .is_some_and(|name| name == "analyze")
    });
    let inner = &body["query"]["node"];
    let Some((kind, inner_body)) = variant(inner) else {
        return found.push("EXPLAIN of nothing".into());
    };
    let changes = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].contains(&kind);
    if analyzes {
        statement_objections(kind, inner_body, inner, catalog, found);
    } else if kind != "SelectStmt" && !changes {
        found.push(format!("EXPLAIN {kind}"));
    }
}

/// Looks at every node below `tree`.
fn search(tree: &Value, catalog: &Catalog, found: &mut Vec<String>) {
    let mut waiting = vec![tree];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => {
                for (name, field) in fields {
                    node_objections(name, field, catalog, found);
                    waiting.push(field);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
        }
    }
}

fn node_objections(name: &str, node: &Value, catalog: &Catalog, found: &mut Vec<String>) {
    match name {
        "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" | "LockingClause" => {
            found.push(name.into());
        }
        "into_clause" if !node.is_null() => found.push("INTO".into()),
        "FuncCall" => function_objections(node, catalog, found),
        "RangeVar" | "relation" => relation_objections(node, found),
        _ => (),
    }
}

/// Calls of functions that are not PostgreSQL's own and fit for a replica, nor a user's that are
/// known not to be volatile.
fn function_objections(call: &Value, catalog: &Catalog, found: &mut Vec<String>) {
    let path: Vec<_> = list(&call["funcname"])
        .iter()
        .filter_map(|part| part["node"]["String"]["sval"].as_str())
        .collect();
    let Some((name, schema)) = path.split_last() else {
        return found.push("call of nothing".into());
    };
    // A database before the schema can only be the one that is connected to.
    let schema = &schema[schema.len().saturating_sub(1)..];
    let own = matches!(schema, [] | ["pg_catalog" | "information_schema"]);
    let builtin = names::builtin(name.as_bytes()).filter(|_| own);
    let users = catalog
        .is_volatile(name.as_bytes())
        .filter(|_| schema != ["pg_catalog"]);
    let made_by_grammar = call["funcformat"] == 3;
    let harmless = match (users, builtin) {
        (Some(volatile), None) => !volatile,
        (Some(true), Some(_)) => false,
        (_, Some(Builtin::Anywhere)) => true,
        // Judged by its arguments; the classifier's own tests have the cases.
        (_, Some(_)) => ["set_config", "current_setting"].contains(name),
        (None, None) => made_by_grammar && own,
    };
    if !harmless {
        found.push(format!("call of {}", path.join(".")));
    }
}

fn relation_objections(relation: &Value, found: &mut Vec<String>) {
    let name = relation["relname"].as_str().unwrap_or_default();
    let schema = relation["schemaname"].as_str().unwrap_or_default();
    let node = [
        "pg_locks",
        "pg_settings",
        "pg_sequences",
        "pg_replication_slots",
    ];
    if name.starts_with("pg_stat_") || node.contains(&name) || schema.starts_with("pg_temp") {
        found.push(format!("relation {name}"));
    }
}

/// The only field of an enum's object: its variant and what is in it.
fn variant(node: &Value) -> Option<(&str, &Value)> {
    node.as_object()?
        .iter()
        .next()
        .map(|(kind, body)| (kind.as_str(), body))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
