use super::*;

fn read(functions: &[[&str; 2]], relations: &[&str], definitions: &[[&str; 2]]) -> Vec<String> {
    let pair = |pair: &[&str; 2]| pair.iter().map(|t| Some((*t).to_owned())).collect();
    let mut names = Names::read([
        functions.iter().map(pair).collect(),
        relations
            .iter()
            .map(|t| vec![Some((*t).to_owned())])
            .collect(),
        definitions.iter().map(pair).collect(),
    ]);
    names.primary_relations.sort();
    names.primary_relations
}

#[test]
fn what_is_defined_by_more_than_a_read_is_the_primary_s() {
    let found = read(
        &[["stamp", "t"], ["calm", "f"]],
        &["ids"],
        &[
            ["plain", "SELECT a, calm(a) FROM t"],
            ["role", "SELECT pg_is_in_recovery()"],
            ["stamped", "SELECT stamp() AS at"],
            ["numbers", "SELECT last_value FROM ids"],
            ["<~>", "SELECT stamp()"],
            ["code", "SELECT (length(VALUE) < 5)"],
            ["too_long_to_read", ""],
        ],
    );
    let expected = [
        "<~>",
        "ids",
        "numbers",
        "role",
        "stamped",
        "too_long_to_read",
    ];
    assert_eq!(found, expected);
}

#[test]
fn views_of_views_are_followed() {
    let found = read(
        &[],
        &[],
        &[
            ["third", "SELECT a FROM second"],
            ["second", "SELECT a FROM first"],
            ["first", "SELECT pg_backend_pid() AS a"],
            ["other", "SELECT a FROM t"],
        ],
    );
    assert_eq!(found, ["first", "second", "third"]);
}

#[test]
fn nesting_without_end_is_not_followed() {
    let names: Vec<_> = (0..100).map(|n| format!("v{n}")).collect();
    let texts: Vec<_> = (0..100)
        .map(|n| match n {
            0 => "SELECT txid_current()".to_owned(),
            _ => format!("SELECT * FROM v{}", n - 1),
        })
        .collect();
    let definitions = names.iter().zip(&texts).rev();
    let definitions: Vec<[&str; 2]> = definitions.map(|(n, t)| [n.as_str(), t.as_str()]).collect();
    assert_eq!(read(&[], &[], &definitions).len(), 100);
}
