use super::*;

fn settings(pairs: &[(&str, &str)]) -> Arc<Settings> {
    let mut all = Arc::new(Settings::default());
    for (name, value) in pairs {
        all = all.after(
            &Change::Set((*name).into(), value.as_bytes().into()),
            &Arc::default(),
        );
    }
    all
}

fn difference(to: &[(&str, &str)], from: &[(&str, &str)]) -> String {
    let mut out = BytesMut::new();
    settings(to).write_difference(&settings(from), &mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn only_what_differs_is_said() {
    let check = |to: &[(&str, &str)], from: &[(&str, &str)], expected: &str| {
        assert_eq!(difference(to, from), expected, "{to:?} from {from:?}");
    };
    check(&[], &[], "");
    check(&[("work_mem", "'1MB'")], &[("work_mem", "'1MB'")], "");
    check(&[("work_mem", "'1MB'")], &[], "SET \"work_mem\" TO '1MB';");
    check(&[], &[("work_mem", "'1MB'")], "RESET \"work_mem\";");
    check(
        &[("app.x", "'1'")],
        &[("a", "b")],
        "RESET \"a\";SET \"app\".\"x\" TO '1';",
    );
    check(
        &[("role", "r"), ("z", "1")],
        &[],
        "SET \"z\" TO 1;SET \"role\" TO r;",
    );
    check(
        &[("session_authorization", "u"), ("role", "r")],
        &[("role", "r")],
        "SET \"session_authorization\" TO u;SET \"role\" TO r;",
    );
}

#[test]
fn a_reset_goes_back_to_the_start() {
    let base = Arc::new(Settings::from_startup([("Search_Path", "a'b")].into_iter()));
    let set = base.after(
        &Change::Set("search_path".into(), b"x".as_slice().into()),
        &base,
    );
    assert_eq!(set.value("search_path"), Some(&b"x"[..]));
    let role = set.after(&Change::Set("role".into(), b"r".as_slice().into()), &base);
    let reset = role.after(&Change::Reset("search_path".into()), &base);
    assert_eq!(reset.value("search_path"), Some(&b"\"a'b\""[..]));
    let all = role.after(&Change::ResetAll, &base);
    assert_eq!(
        (all.value("search_path"), all.value("role")),
        (Some(&b"\"a'b\""[..]), Some(&b"r"[..]))
    );
    assert_eq!(role.after(&Change::DiscardAll, &base), base);
}

// `SET search_path TO 'app,public'` names one schema, which nobody has.
#[test]
fn a_list_of_names_is_laid_as_a_list() {
    for (name, value, expected) in [
        ("search_path", "app,public", r#""app", "public""#),
        ("Search_Path", "\"$user\", public", r#""$user", "public""#),
        ("search_path", "\"A b\"", r#""A b""#),
        ("search_path", "", "''"),
        ("search_path", "a b", "'a b'"),
        ("temp_tablespaces", "x,y", r#""x", "y""#),
        ("work_mem", "1MB,2MB", "'1MB,2MB'"),
    ] {
        let settings = Settings::from_startup([(name, value)].into_iter());
        let laid = settings.value(&name.to_ascii_lowercase()).unwrap();
        assert_eq!(String::from_utf8_lossy(laid), expected, "{name} = {value}");
    }
}
