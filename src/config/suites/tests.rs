use crate::config::suites::Ciphers12;
use crate::config::suites::Ciphers13;
use crate::config::value::Field;
use crate::config::value::Value;

fn set<T: Field + Default>(text: &str) -> Result<T, String> {
    let mut field = T::default();
    let set = field.set(&Value::One(text.to_owned()));
    set.map(|()| field).map_err(|message| message.into_owned())
}

/// What a list comes to: parts of the names of its suites, and those that are missing.
fn suites(text: &str) -> Result<(String, usize), String> {
    let ciphers = set::<Ciphers12>(text)?;
    let short = |name: &str| {
        let name = name.replace("TLS_ECDHE_", "").replace("WITH_", "");
        let parts: Vec<_> = name.split('_').collect();
        format!("{}-{}", parts[0], parts[2].replace("POLY1305", "chacha"))
    };
    let names: Vec<_> = ciphers.suites.iter().map(|s| short(s.name)).collect();
    Ok((names.join(" "), ciphers.missing.len()))
}

const EACH: &str = "ECDSA-256 ECDSA-128 ECDSA-chacha RSA-256 RSA-128 RSA-chacha";

#[test]
fn lists_of_suites_are_read_as_openssl_reads_them() {
    for (text, expected) in [
        ("default", EACH),
        ("secure", EACH),
        ("all", EACH),
        ("HIGH:!aNULL:!MD5", EACH),
        ("HIGH:MEDIUM:+3DES:!aNULL@STRENGTH", ""),
        ("HIGH:MEDIUM:+3DES:!aNULL:@STRENGTH", EACH),
        ("ECDHE-RSA-AES128-GCM-SHA256", "RSA-128"),
        ("tls_ecdhe_rsa_with_aes_128_gcm_sha256", "RSA-128"),
        ("AES256:AES128", "ECDSA-256 RSA-256 ECDSA-128 RSA-128"),
        (
            "ECDHE+CHACHA20,aRSA",
            "ECDSA-chacha RSA-chacha RSA-256 RSA-128",
        ),
        ("ALL:!ECDSA:-AES:AES256", "RSA-chacha RSA-256"),
        ("ALL:!ECDSA:+AES256", "RSA-128 RSA-chacha RSA-256"),
        ("!aRSA:ALL:aRSA", "ECDSA-256 ECDSA-128 ECDSA-chacha"),
    ] {
        let found = suites(text);
        match expected {
            "" => assert!(found.is_err(), "{text}: {found:?}"),
            expected => assert_eq!(found, Ok((expected.to_owned(), 0)), "{text}"),
        }
    }
    // A list as it is found everywhere.
    let usual = "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:AES128-SHA:DES-CBC3-SHA";
    assert_eq!(suites(usual), Ok(("RSA-128".to_owned(), 3)));
}

#[test]
fn what_leaves_no_suite_or_is_unknown_is_refused() {
    for (text, said) in [
        ("", "no cipher suite of this list"),
        ("RC4:3DES", "no cipher suite of this list"),
        ("DHE-RSA-AES128-GCM-SHA256", "no cipher suite of this list"),
        ("ALL:!ALL", "no cipher suite of this list"),
        (
            "ALL:nonsense",
            "there is no cipher suite, or kind of them, nonsense",
        ),
        ("ECDHE-RSA-NONSENSE", "or kind of them, ECDHE-RSA-NONSENSE"),
    ] {
        let refused = set::<Ciphers12>(text).unwrap_err();
        assert!(refused.contains(said), "{text:?}: {refused}");
    }
    assert_eq!(set::<Ciphers13>("").unwrap().suites.len(), 3);
    let one = "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_8_SHA256";
    let one = set::<Ciphers13>(one).unwrap();
    assert_eq!((one.suites.len(), one.missing.len()), (1, 1));
    assert!(set::<Ciphers13>("HIGH").is_err());
}
