use super::*;

fn command(name: &str, argument: Option<&str>) -> Result<Request<'static>, Fault> {
    Ok(Request::Command {
        name: name.to_owned(),
        argument: argument.map(str::to_owned),
    })
}

fn set(name: &str, value: &str) -> Result<Request<'static>, Fault> {
    Ok(Request::Set {
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

/// A question with these options about a statement.
fn asks<'a>(database: &str, user: &str, sql: &'a str) -> Result<Request<'a>, Fault> {
    let option = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    Ok(Request::ExplainRoute(Question {
        database: option(database),
        user: option(user),
        settings: Vec::new(),
        sql: sql.as_bytes(),
    }))
}

fn check(text: &str, expected: Result<Request<'_>, Fault>) {
    assert_eq!(parse(text.as_bytes()), expected, "{text:?}");
}

#[test]
fn commands_have_one_or_two_words() {
    check("reload", command("reload", None));
    check(" RELOAD ; \n", command("reload", None));
    check("show\t\r\nNodes", command("show", Some("Nodes")));
    check("\"SHOW\" \"a b\";", command("show", Some("a b")));
    check("pause \"a\"\"b\"", command("pause", Some("a\"b")));
    check("kill_client 12", command("kill_client", Some("12")));
}

#[test]
fn one_text_is_one_command() {
    for text in [
        "",
        ";",
        "  ",
        "show nodes;;",
        "show nodes; show nodes",
        "select 1; select 2",
        "show nodes routes",
        "-- x\nshow nodes",
        "/* x */ show nodes",
        "show 'nodes'",
        "show\"nodes\"",
        "show \"nodes",
        "show n\u{f6}des",
        "set x",
        "set x =",
        "set x 1",
        "set = 1",
        "set x = 1; show nodes",
        "explain",
        "explain select 1",
        "explain (route) select 1",
    ] {
        // Two words are a command, if one that does not exist.
        if !matches!(text, "set x" | "explain") {
            check(text, Err(Fault::Invalid));
        }
    }
    check("set x", command("set", Some("x")));
    check("explain", command("explain", None));
}

#[test]
fn settings_have_a_name_and_a_value() {
    check("set a=1", set("a", "1"));
    check("SET A to b;", set("a", "b"));
    check("set a = 'it''s'", set("a", "it's"));
    check("set a = ''", set("a", ""));
    check("set a='x;y'", set("a", "x;y"));
}

#[test]
fn words_are_bounded() {
    let longest = "x".repeat(WORD_BYTES_MAX);
    check(&longest, command(&longest, None));
    let longer = "x".repeat(WORD_BYTES_MAX + 1);
    check(&longer, Err(Fault::TooLong));
    check(&format!("show {longer}"), Err(Fault::TooLong));
    check(&format!("set a = '{longer}'"), Err(Fault::TooLong));
    check(&format!("{longer};;"), Err(Fault::Invalid));
}

#[test]
fn explain_route_takes_the_rest_of_the_text() {
    check("explain route select 1", asks("", "", "select 1"));
    let several = "select 1; update t set a = 1;";
    check(&format!("EXPLAIN\nROUTE  {several}"), asks("", "", several));
    let hinted = "/* pgsluice: primary */ select 1";
    check(&format!("explain route {hinted}"), asks("", "", hinted));
    let query = "(select 1) union (select 2)";
    check(&format!("explain route {query}"), asks("", "", query));
    let query = "((values (1)))";
    check(&format!("explain route{query}"), asks("", "", query));
    let query = "( with a as (select 1) table a)";
    check(&format!("explain route {query}"), asks("", "", query));
}

#[test]
fn explain_route_has_options() {
    let check = |options: &str, database: &str, user: &str| {
        let text = format!("explain route {options} select (1)");
        super::tests::check(&text, asks(database, user, "select (1)"));
    };
    check("(database app)", "app", "");
    check("( USER joe ,DATABASE \"a b\" )", "a b", "joe");
    check("(database 'it''s', user \"x\"\"y\")", "it's", "x\"y");
    check("(user a, user b)", "", "b");
}

#[test]
fn explain_route_takes_settings_of_a_session() {
    let text = "explain route (CONSISTENCY strong, max_staleness '5 s', wait_for \"1/2\") table t";
    let expected = Question {
        settings: vec![
            ("consistency", "strong".to_owned()),
            ("max_staleness", "5 s".to_owned()),
            ("wait_for", "1/2".to_owned()),
        ],
        sql: b"table t",
        ..Question::default()
    };
    check(text, Ok(Request::ExplainRoute(expected)));
}

#[test]
fn what_explain_route_is_not() {
    for text in [
        "explain route",
        "explain route ; ",
        "explain route (database app);",
    ] {
        check(text, Err(Fault::NoStatement));
    }
    for text in [
        "explain route () select 1",
        "explain route (database) select 1",
        "explain route (database app select 1",
        "explain route (database app user joe) select 1",
        "explain route (database 'app",
        "explain route (",
    ] {
        check(text, Err(Fault::Options));
    }
    let unknown = Fault::UnknownOption("analyze".to_owned());
    check("explain route (analyze) select 1", Err(unknown));
}

#[test]
fn every_cut_of_a_text_is_read() {
    let text = b"explain route (database 'a''b', user \"c\"\"d\") select 1; set a = 'b'";
    for end in 0..=text.len() {
        for start in 0..=end {
            // What it says is of no concern here: it says something.
            let _ = parse(&text[start..end]);
        }
    }
    assert!(parse(&[0xff, 0]).is_err());
}

#[test]
fn a_switchover_names_a_node() {
    let to = |node: &str| Ok(Request::Switchover(node.to_owned()));
    check("switchover to pg2:5432", to("pg2:5432"));
    check(" SWITCHOVER  TO 'pg2:5432' ;", to("pg2:5432"));
    check("SWITCHOVER TO [::1]:5433;", to("[::1]:5433"));
    check("SWITCHOVER TO \"/run/a b:5432\"", to("/run/a b:5432"));
    check("SWITCHOVER TO", command("switchover", Some("TO")));
    check("SWITCHOVER pg2", command("switchover", Some("pg2")));
    check("SWITCHOVER TO ''", Err(Fault::Invalid));
    check("SWITCHOVER TO a b", Err(Fault::Invalid));
}
