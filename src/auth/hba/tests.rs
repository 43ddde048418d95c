//! Lines of HBA files, and which of them a connection comes under.

use std::net::IpAddr;

use proptest::prop_assert;
use proptest::proptest;

use crate::auth::hba::Connection;
use crate::auth::hba::Hba;
use crate::auth::hba::Method;
use crate::auth::ident::Maps;

/// The rules of `text`, with an ident map `m` and a file `names`; and what is wrong with it.
fn parse(text: &str) -> (Hba, Vec<String>) {
    let (maps, _) = Maps::parse("m joe app\n");
    let read = |name: &str| match name {
        "names" => Ok("ann, bob # both\n\"all\"\n".to_owned()),
        _ => Err(format!("there is no file {name}")),
    };
    let (hba, broken) = Hba::parse(text, &maps, read);
    (hba, broken.into_iter().map(|b| b.message).collect())
}

/// The method that `database user from` comes to.
fn method(text: &str, who: &str) -> Option<Method> {
    let who: Vec<_> = who.split(' ').collect();
    let [database, user, from] = who[..] else {
        panic!("{who:?} is not three words");
    };
    let (hba, broken) = parse(text);
    assert!(broken.is_empty(), "{broken:?} in:\n{text}");
    let (address, is_tls) = match from.strip_suffix("+tls") {
        Some(address) => (address, true),
        None => (from, false),
    };
    let address: Option<IpAddr> = (address != "unix").then(|| address.parse().expect("address"));
    let connection = Connection {
        database,
        user,
        is_replication: database == "(replication)",
        address,
        is_tls,
    };
    hba.rule(&connection).map(|rule| rule.method)
}

/// Rules, `database user from`, and the method that it comes to.
const FITS: &[(&str, &str, Option<Method>)] = &[
    ("", "d u unix", None),
    ("local all all trust", "d u unix", Some(Method::Trust)),
    ("local all all trust", "d u 10.0.0.1", None),
    ("host all all all md5", "d u unix", None),
    ("host all all all md5", "d u ::1", Some(Method::Md5)),
    ("hostssl all all all cert", "d u 1.2.3.4", None),
    (
        "hostssl all all all cert",
        "d u 1.2.3.4+tls",
        Some(Method::Certificate),
    ),
    (
        "hostnossl all all all reject\nhost all all all scram-sha-256",
        "d u 1.2.3.4",
        Some(Method::Reject),
    ),
    (
        "hostnossl all all all reject\nhost all all all scram-sha-256",
        "d u 1.2.3.4+tls",
        Some(Method::Scram),
    ),
    ("local d all peer map=m", "d u unix", Some(Method::Peer)),
    ("local d all peer", "e u unix", None),
    ("local a,d , b all trust", "b u unix", Some(Method::Trust)),
    ("local \"all\" all trust", "d u unix", None),
    ("local \"all\" all trust", "all u unix", Some(Method::Trust)),
    ("local sameuser all trust", "u u unix", Some(Method::Trust)),
    ("local sameuser all trust", "d u unix", None),
    ("local all @names trust", "d bob unix", Some(Method::Trust)),
    ("local all @names trust", "d joe unix", None),
    ("local all all trust", "(replication) u unix", None),
    (
        "local replication all trust",
        "(replication) u unix",
        Some(Method::Trust),
    ),
    ("local replication all trust", "replication u unix", None),
    (
        "# comment\n\n  local  all \"o\"\"neil\" reject # so",
        "d o\"neil unix",
        Some(Method::Reject),
    ),
];

#[test]
fn the_first_rule_that_fits_decides() {
    for (text, who, expected) in FITS {
        assert_eq!(method(text, who), *expected, "{who} in:\n{text}");
    }
}

#[test]
fn networks_are_addresses_with_a_mask() {
    let cases: &[(&str, &str, bool)] = &[
        ("10.0.0.0/8", "10.200.3.4", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("0.0.0.0/0", "255.1.1.1", true),
        ("0.0.0.0/0", "::1", false),
        ("127.0.0.1/32", "127.0.0.1", true),
        ("127.0.0.1/32", "127.0.0.2", false),
        ("10.1.0.0 255.255.0.0", "10.1.9.9", true),
        ("10.1.0.0 255.255.0.0", "10.2.9.9", false),
        ("10.0.1.0 255.0.255.0", "10.9.1.7", true),
        ("10.0.1.0 255.0.255.0", "10.9.2.7", false),
        ("::1/128", "::1", true),
        ("fe80::/10", "fe80::1", true),
        ("fe80::/10", "fec0::1", false),
        ("::/0", "10.0.0.1", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("fe80:: ffc0::", "fe80::7", true),
    ];
    for (network, address, expected) in cases {
        let line = format!("host all all {network} trust");
        let found = method(&line, &format!("d u {address}")).is_some();
        assert_eq!(found, *expected, "{address} in {network}");
    }
}

#[test]
fn broken_lines_are_left_out_and_told_of() {
    let cases = [
        ("remote all all trust", "hba line 1: unknown type"),
        ("\"local\" all all trust", "hba line 1: unknown type"),
        ("LOCAL all all trust", "hba line 1: unknown type"),
        (
            "local all all \"trust\"",
            "hba line 1: unsupported method: buf=",
        ),
        (
            "local all all plain",
            "hba line 1: unsupported method: buf=plain",
        ),
        ("local all +g trust", "hba line 1: groups are not supported"),
        (
            "local samerole all trust",
            "hba line 1: samerole is not supported",
        ),
        ("host all all 10.0.0.0/33 trust", "hba line 1: invalid mask"),
        ("host all all 10.0.0.0/ trust", "hba line 1: invalid mask"),
        ("host all all 10.0.0.0/+8 trust", "hba line 1: invalid mask"),
        ("host all all", "hba line 1: did not find address"),
        ("host all all 10.0.0.0", "hba line 1: did not find mask"),
        (
            "host all all a.example/8 trust",
            "hba line 1: failed to parse address - a.example",
        ),
        (
            "host all all 10.0.0.0 ffff:: trust",
            "hba line 1: failed to parse mask: ffff::",
        ),
        (
            "host all all 10.0.0.1/8 trust",
            "hba line 1: address does not match mask: 10.0.0.1 / 8",
        ),
        (
            "local all all pam",
            "hba line 1: unsupported method: buf=pam",
        ),
        (
            "local all all any",
            "hba line 1: unsupported method: buf=any",
        ),
        ("local all all", "hba line 1: unsupported method: buf="),
        ("local all", "hba line 1: a list of names is missing"),
        (
            "local all all trust more",
            "hba line 1: Ident map more is malformed. It is not in map=value format.",
        ),
        (
            "local all all md5 mop=m",
            "hba line 1: unsupported parameters",
        ),
        (
            "local all all peer map=x",
            "hba line 1: Ident map x is not found in ident config file",
        ),
        (
            "local all \"u all trust",
            "hba line 1: unterminated quoted string",
        ),
        ("local all @gone trust", "hba line 1: there is no file gone"),
    ];
    for (line, expected) in cases {
        let (hba, broken) = parse(&format!("{line}\nlocal all all trust\n"));
        assert_eq!(broken, [expected], "{line}");
        assert_eq!(hba.rules.len(), 1, "{line}");
        assert_eq!(hba.rules[0].line, 2, "{line}");
    }
}

#[test]
fn options_of_ldap_are_kept() {
    let line = "host all all all ldap ldapserver=\"a, b\" ldaptls=1";
    let (hba, broken) = parse(line);
    assert!(broken.is_empty(), "{broken:?}");
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [option("ldapserver", "a, b"), option("ldaptls", "1")];
    assert_eq!(hba.rules[0].options, expected);
}

#[test]
fn cut_at_every_byte() {
    let text = "hostssl \"a\"\"b\",c @names,u 10.0.0.0 255.0.0.0 cert map=m # é\n\
                local all all peer map=m\nhost all all ::/0 ldap ldapserver=\"x\"\n";
    for end in (0..text.len()).filter(|i| text.is_char_boundary(*i)) {
        let _ = parse(&text[..end]);
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "(local|host|all|,|\"|@names|/|10\\.0\\.0\\.0|::|trust|cert|map=|[ \n#]|\\PC){0,40}") {
        let (hba, broken) = parse(&text);
        prop_assert!(hba.rules.len() + broken.len() <= text.lines().count());
    }
}
