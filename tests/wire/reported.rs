//! Settings that servers report: what a login is told of them, and `track_extra_parameters`.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::settings::check;
use crate::support::proxy::Proxy;

pub(crate) const CASES: &[Case] = &[
    ("what a login asks for is what it is told", told_at_login),
    ("further settings follow by what is reported", extra),
    ("a search path is a list wherever it came from", search_path),
];

const READ_ONLY: &str = "default_transaction_read_only";
// A server that had temporary tables has a schema for them to its end.
const PATH: &str = "select array(select s from unnest(current_schemas(true)) s \
    where s not like 'pg_temp%')::text";

// Settings that are reported but not followed were told as they were on the server before.
fn told_at_login(world: &World) {
    let option = format!("-c {READ_ONLY}=on");
    let mut c = Raw::connect_with(world.tight.port(), &[("options", &option)]);
    let told = c.parameters.iter().find(|(n, _)| n == READ_ONLY);
    assert_eq!(told.map(|(_, v)| &**v), Some("on"));
    check(&mut c, READ_ONLY, "on");
    // On servers that are so already, which they do not report again.
    for ms in 1..5 {
        let option = format!("{option} -c statement_timeout={}", 10_000 + ms);
        let c = Raw::connect_with(world.tight.port(), &[("options", &option)]);
        let told = c.parameters.iter().find(|(n, _)| n == READ_ONLY);
        assert_eq!(told.map(|(_, v)| &**v), Some("on"), "login {ms}");
    }
}

fn extra(world: &World) {
    let global = format!("track_extra_parameters = [\"{READ_ONLY}\", \"is_superuser\"]");
    let proxy = Proxy::start(&world.cluster, &global, "pool_size = 1");
    let mut c = Raw::connect(proxy.port());
    let mut other = Raw::connect(proxy.port());
    // No statement says what it sets.
    let set = format!("do $$ begin perform set_config('{READ_ONLY}', 'on', false); end $$");
    let heard = c.q(&set);
    assert!(
        heard.contains("S(default_transaction_read_only=on)"),
        "{heard}"
    );
    check(&mut c, READ_ONLY, "on");
    check(&mut other, READ_ONLY, "off");
    check(&mut c, READ_ONLY, "on");
    c.q("begin");
    assert_eq!(c.value("select on_replica()"), "t", "routed as read only");
    c.q("rollback");
    other.q("begin");
    assert_eq!(other.value("select on_replica()"), "f");
    other.q("rollback");
    c.q(&format!("begin; set {READ_ONLY} = off; rollback"));
    check(&mut c, READ_ONLY, "on");
    c.q(&format!("reset {READ_ONLY}"));
    check(&mut c, READ_ONLY, "off");
}

// The path of a login, or of set_config, was laid on servers as the name of one schema.
fn search_path(world: &World) {
    world.admin(
        "create schema \"A b\"; create table \"A b\".of_ab (a int);
         grant usage on schema \"A b\" to public; grant select on \"A b\".of_ab to public",
    );
    let asked = |c: &mut Raw| {
        ["primary", "replica"].map(|node| c.value(&format!("/* pgsluice: {node} */ {PATH}")))
    };
    for path in [
        "information_schema,public",
        "\"$user\", public",
        "\"A b\"",
        "PUBLIC , \"A b\"",
        "public",
        "",
    ] {
        let escaped = path.replace(' ', "\\ ");
        let login = [("options", &*format!("-csearch_path={escaped}"))];
        let mut direct = Raw::connect_with(world.primary(), &login);
        let expected = direct.value(PATH);
        let mut other = Raw::connect(world.tight.port());
        let default = asked(&mut other);
        let mut by_login = Raw::connect_with(world.tight.port(), &login);
        let mut by_parameter = Raw::connect_with(world.tight.port(), &[("search_path", path)]);
        let mut by_call = Raw::connect(world.tight.port());
        by_call.q(&format!(
            "select set_config('search_path', '{path}', false)"
        ));
        for c in [&mut by_login, &mut by_parameter, &mut by_call] {
            assert_eq!(asked(c), [&*expected, &*expected], "{path:?}");
            assert_eq!(asked(&mut other), default, "{path:?}");
            assert_eq!(asked(c), [&*expected, &*expected], "{path:?}");
        }
        let sql = "select count(*) from of_ab";
        for c in [&mut by_login, &mut by_call] {
            assert_eq!(c.q(sql), direct.q(sql), "{path:?}");
        }
    }
}
