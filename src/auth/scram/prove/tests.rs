use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::auth::scram::EndPoint;
use crate::auth::scram::ScramKeys;
use crate::auth::scram::ScramVerifier;
use crate::auth::scram::prove::Binding;
use crate::auth::scram::prove::Challenge;
use crate::auth::scram::prove::Fault;
use crate::auth::scram::prove::Next;
use crate::auth::scram::prove::Opened;
use crate::auth::scram::prove::Proof;
use crate::auth::scram::prove::Proven;
use crate::auth::scram::verify;

const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";

fn salt() -> Vec<u8> {
    STANDARD.decode(SALT).unwrap()
}

#[test]
fn rfc_7677_example() {
    let challenge = Challenge {
        first_bare: "n=user,r=rOprNGfwEbeRWgbNEkqO".into(),
        server_first: format!(
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s={SALT},i=4096"
        ),
        nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".into(),
        binding: Binding::Without,
    };
    let Next::Send(message, proven) = challenge.prove(&ScramKeys::derive(b"pencil", &salt(), 4096))
    else {
        panic!("derives again");
    };
    assert!(
        message.ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
        "{message}"
    );
    let signature = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    assert_eq!(proven.on_final(signature), Ok(()));
}

/// Plays both sides: our proof against our own check.
fn exchange(
    proof: Proof,
    ours: Option<EndPoint>,
    theirs: Option<EndPoint>,
) -> Result<(), verify::Fault> {
    let verifier = Arc::new(ScramVerifier::derive(b"secret", &salt(), 10));
    let server = verify::Exchange::new(verifier, [2; 18], theirs.clone());
    let offered = verify::mechanisms(theirs.as_ref());
    let offered: Vec<&[u8]> = offered.iter().map(|name| name.as_bytes()).collect();
    let (initial, opened) = Opened::new(&offered, proof, [1; 18], ours).unwrap();
    let mut body = [initial.mechanism.as_bytes(), &[0]].concat();
    body.extend(u32::try_from(initial.message.len()).unwrap().to_be_bytes());
    body.extend(initial.message.as_bytes());
    let verify::Next::Continue(data, server) = server.on_message(&body)? else {
        panic!("passed without a proof");
    };
    let mut next = opened.on_continue(data.as_bytes()).unwrap();
    if let Next::Derive(derivation) = next {
        next = derivation.run();
    }
    let Next::Send(message, proven) = next else {
        panic!("derives twice")
    };
    let verify::Next::Passed(data, keys) = server.on_message(message.as_bytes())? else {
        panic!("asks again");
    };
    assert_eq!(keys, ScramKeys::derive(b"secret", &salt(), 10));
    assert_eq!(proven.on_final(data.as_bytes()), Ok(()));
    Ok(())
}

#[test]
fn password_and_keys_prove_the_same() {
    let end_point = |byte| Some(EndPoint(Arc::from([byte; 32])));
    let keys = || Proof::Keys(ScramKeys::derive(b"secret", &salt(), 10));
    for (ours, theirs) in [
        (None, None),
        (end_point(1), end_point(1)),
        (end_point(1), None),
        (None, end_point(1)),
    ] {
        let password = Proof::Password("secret".into());
        assert_eq!(exchange(password, ours.clone(), theirs.clone()), Ok(()));
        assert_eq!(exchange(keys(), ours.clone(), theirs.clone()), Ok(()));
    }
    assert_eq!(
        exchange(keys(), end_point(1), end_point(2)),
        Err(verify::Fault::Binding)
    );
    let wrong = Proof::Password("Secret".into());
    assert_eq!(exchange(wrong, None, None), Err(verify::Fault::Proof));
}

fn opened() -> Opened {
    let proof = Proof::Password("secret".into());
    Opened::new(&[b"SCRAM-SHA-256"], proof, [0; 18], None)
        .unwrap()
        .1
}

#[test]
fn challenges_that_are_no_answer_to_ours_are_refused() {
    let nonce = "A".repeat(24);
    let full = format!("r={nonce}B,s={SALT},i=4096");
    assert!(opened().on_continue(full.as_bytes()).is_ok());
    for end in 0..full.len() - "096".len() {
        assert!(
            opened().on_continue(&full.as_bytes()[..end]).is_err(),
            "cut at {end}"
        );
    }
    for (data, expected) in [
        (format!("r={nonce},s={SALT},i=4096"), Fault::Nonce),
        (format!("r=B{nonce},s={SALT},i=4096"), Fault::Nonce),
        (
            format!("r={nonce}B,s={SALT},i=0"),
            Fault::Malformed("no iteration count"),
        ),
        (
            format!("r={nonce}B,s={SALT},i=-1"),
            Fault::Malformed("no iteration count"),
        ),
        (format!("r={nonce}B,s=!,i=1"), Fault::Malformed("no salt")),
        (
            format!("{full},m=1"),
            Fault::Malformed("garbage after the iteration count"),
        ),
        (
            format!("r={nonce}B,s={SALT},i=1000001"),
            Fault::Iterations {
                iterations: 1_000_001,
            },
        ),
    ] {
        assert_eq!(
            opened().on_continue(data.as_bytes()).unwrap_err(),
            expected,
            "{data}"
        );
    }
}

#[test]
fn server_must_sign() {
    let proven = || Proven {
        signature: STANDARD.encode([1; 32]),
    };
    let final_of = |byte: u8| format!("v={}", STANDARD.encode([byte; 32])).into_bytes();
    assert_eq!(proven().on_final(&final_of(1)), Ok(()));
    assert_eq!(proven().on_final(&final_of(2)), Err(Fault::Signature));
    assert_eq!(proven().on_final(b"v="), Err(Fault::Signature));
    assert_eq!(
        proven().on_final(b""),
        Err(Fault::Malformed("no signature"))
    );
    let refused = Fault::Refused("other-error".into());
    assert_eq!(proven().on_final(b"e=other-error"), Err(refused));
}

#[test]
fn unknown_mechanisms_are_refused() {
    let proof = || Proof::Password("secret".into());
    let start = |offered: &[&[u8]]| Opened::new(offered, proof(), [0; 18], None).map(|_| ());
    assert_eq!(start(&[b"OAUTHBEARER"]), Err(Fault::Mechanism));
    assert_eq!(
        start(&[b"SCRAM-SHA-256-PLUS"]),
        Err(Fault::Mechanism),
        "no TLS, no binding"
    );
}
