use crate::config::tls::Curves;
use crate::config::tls::Protocols;
use crate::config::value::Field;
use crate::config::value::Value;

fn set<T: Field + Default>(text: &str) -> Result<T, String> {
    let mut field = T::default();
    let set = field.set(&Value::One(text.to_owned()));
    set.map(|()| field).map_err(|message| message.into_owned())
}

#[test]
fn versions_are_those_that_there_are() {
    let check = |text: &str, expected: Option<(bool, bool, bool)>| {
        let found = set::<Protocols>(text).ok();
        let found = found.map(|p| (p.has_old, p.tls12, p.tls13));
        assert_eq!(found, expected, "{text:?}");
    };
    check("secure", Some((false, true, true)));
    check("ALL", Some((true, true, true)));
    check("tlsv1.2", Some((false, true, false)));
    check("TLSv1.1, tlsv1.3", Some((true, false, true)));
    check("all:!tlsv1.0:!tlsv1.2", Some((false, false, true)));
    for refused in [
        "",
        "tlsv1.0",
        "tlsv1.0,tlsv1.1",
        "tlsv1.4",
        "secure,nonsense",
        "secure,!secure",
    ] {
        check(refused, None);
    }
}

#[test]
fn curves_by_their_names() {
    let count = |text: &str| set::<Curves>(text).map(|c| c.curves.len());
    assert_eq!(count("auto"), Ok(3));
    assert_eq!(count("prime256v1"), Ok(1));
    assert_eq!(count("X25519:P-384"), Ok(2));
    for refused in ["", "none", "secp521r1", "auto,nonsense"] {
        assert!(count(refused).is_err(), "{refused}");
    }
}
