//! Passwords and stored verifiers: which are taken where.

use crate::auth::md5::Md5Hash;
use crate::auth::server_login::Credential;
use crate::auth::verifier::Kind;
use crate::auth::verifier::Verifier;
use crate::config::tests::BASE;
use crate::config::tests::faults_of;
use crate::config::tests::good;

const SCRAM: &str = "SCRAM-SHA-256$4096:c2FsdA==$\
                     iaytrj3aI9qqXHNXMyTZkx0gwHpQ2jqJL4bsO5Ci9pM=:\
                     iaytrj3aI9qqXHNXMyTZkx0gwHpQ2jqJL4bsO5Ci9pM=";
const MD5: &str = "md5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn users_take_every_form() {
    let cases = [("p", Kind::Plain), (MD5, Kind::Md5), (SCRAM, Kind::Scram)];
    for (secret, kind) in cases {
        let text = format!("auth_type = 'md5'\n{BASE}[users.u]\npassword = '{secret}'\n");
        let config = good(&text);
        let user = &config.users["u"];
        assert_eq!(user.secret.as_ref().map(Verifier::kind), Some(kind));
        let to_servers = user.password_for_servers().is_some();
        assert_eq!(to_servers, kind == Kind::Plain);
    }
}

#[test]
fn a_broken_verifier_is_not_taken_for_a_password() {
    let text = format!("{BASE}[users.u]\npassword = '{}'\n", &SCRAM[..60]);
    let expected = "8: users.u.password: a password, md5… or a whole \
                    SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey is expected, something else \
                    came";
    assert_eq!(faults_of(&text), [expected]);
}

#[test]
fn what_we_log_in_with_is_a_password() {
    let of_user = |secret| format!("{BASE}server_password = '{secret}'\n");
    let expected = "7: users.joe.server_password: a password in plain text is expected, something \
                    else came";
    for secret in [MD5, SCRAM] {
        assert_eq!(faults_of(&of_user(secret)), [expected]);
    }
    let of_database =
        format!("{BASE}[databases.d]\ncluster = 'main'\nuser = 'u'\npassword = '{SCRAM}'\n");
    let expected = "10: databases.d.password: a password in plain text, or md5…, is expected, \
                    something else came";
    assert_eq!(faults_of(&of_database), [expected]);
}

/// As whom a database forces one logs in with what the database says, else with what is stored.
#[test]
fn a_digest_serves_a_forced_user() {
    let hash = Md5Hash::parse(MD5.as_bytes()).expect("a digest");
    for (database, user) in [
        (format!("password = '{MD5}'"), String::new()),
        (String::new(), format!("[users.u]\npassword = '{MD5}'\n")),
    ] {
        let text = format!(
            "auth_type = 'md5'\n{BASE}[databases.d]\ncluster = 'main'\nuser = 'u'\n{database}\n{user}"
        );
        let config = good(&text);
        let forced = config.databases["d"].forced_user.as_ref();
        let credential = forced.map(|forced| &forced.credential);
        assert_eq!(credential, Some(&Credential::Md5(hash.clone())), "{text}");
    }
}

#[test]
fn certificates_need_tls_that_asks_for_them() {
    let text = format!("auth_type = 'cert'\n{BASE}");
    let expected = "1: auth_type: to log in by certificate, client_tls_sslmode must be verify-ca \
                    or verify-full";
    assert_eq!(faults_of(&text), [expected]);
}
