//! Settings that servers report: what a login is told of them, and `track_extra_parameters`.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::settings::check;
use crate::support::proxy::Proxy;

pub(crate) const CASES: &[Case] = &[
    ("what a login asks for is what it is told", told_at_login),
    ("further settings follow by what is reported", extra),
];

const READ_ONLY: &str = "default_transaction_read_only";

// Settings that are reported but not followed were told as they were on the server before.
fn told_at_login(world: &World) {
    let option = format!("-c {READ_ONLY}=on");
    let mut c = Raw::connect_with(world.tight.port(), &[("options", &option)]);
    let told = c.parameters.iter().find(|(n, _)| n == READ_ONLY);
    assert_eq!(told.map(|(_, v)| &**v), Some("on"));
    check(&mut c, READ_ONLY, "on");
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
