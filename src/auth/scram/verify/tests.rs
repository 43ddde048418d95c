use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::auth::scram::EndPoint;
use crate::auth::scram::ScramKeys;
use crate::auth::scram::ScramVerifier;
use crate::auth::scram::verify::Exchange;
use crate::auth::scram::verify::Fault;
use crate::auth::scram::verify::Next;
use crate::auth::scram::verify::Opening;
use crate::auth::scram::verify::mechanisms;

/// The exchange of RFC 7677, section 3, before its first message.
fn exchange(end_point: Option<EndPoint>) -> Exchange {
    Exchange::Initial(Opening {
        verifier: Arc::new(ScramVerifier::parse(PENCIL).unwrap()),
        nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned(),
        end_point,
    })
}

const PENCIL: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
    WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

fn initial(mechanism: &str, first: &str) -> Vec<u8> {
    let mut body = mechanism.as_bytes().to_vec();
    body.push(0);
    body.extend(i32::try_from(first.len()).unwrap().to_be_bytes());
    body.extend(first.as_bytes());
    body
}

const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
    s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn challenged() -> Exchange {
    match exchange(None).on_message(&initial("SCRAM-SHA-256", FIRST)) {
        Ok(Next::Continue(data, exchange)) => {
            assert_eq!(data, SERVER_FIRST);
            exchange
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rfc_7677_example_passes_and_gives_the_keys() {
    let Ok(Next::Passed(data, keys)) = challenged().on_message(FINAL.as_bytes()) else {
        panic!("refused");
    };
    assert_eq!(data, SERVER_FINAL);
    let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    assert_eq!(keys, ScramKeys::derive(b"pencil", &salt, 4096));
}

#[test]
fn first_message_may_come_after_an_empty_challenge() {
    let body = [b"SCRAM-SHA-256\0".as_slice(), &(-1_i32).to_be_bytes()].concat();
    let Ok(Next::Continue(empty, exchange)) = exchange(None).on_message(&body) else {
        panic!("refused");
    };
    assert_eq!(empty, "");
    let next = exchange.on_message(FIRST.as_bytes());
    assert!(matches!(next, Ok(Next::Continue(data, _)) if data == SERVER_FIRST));
}

#[test]
fn wrong_first_messages_are_refused() {
    let plain = "SCRAM-SHA-256";
    let plus = "SCRAM-SHA-256-PLUS";
    let bound = "p=tls-server-end-point,,n=,r=abc";
    for (tls, mechanism, first, expected) in [
        (
            false,
            "SCRAM-SHA-1",
            FIRST,
            "client selected an invalid SASL",
        ),
        (false, plus, bound, "client selected an invalid SASL"),
        (false, plain, "", "no channel-binding flag"),
        (false, plain, "x,,n=,r=a", "no channel-binding flag"),
        (false, plain, "n", "no comma"),
        (false, plain, "n,", "no user name"),
        (false, plain, "n,,", "no user name"),
        (false, plain, "n,,n=", "no nonce"),
        (false, plain, "n,,r=a,n=", "no user name"),
        (false, plain, "n,,n=,s=a", "no nonce"),
        (false, plain, "n,,n=,r=a b", "non-printable"),
        (false, plain, "n,,n=,r=a,", "not an attribute"),
        (false, plain, "n,a=root,n=,r=a", "authorization identity"),
        (false, plain, "n,,m=1,n=,r=a", "unsupported SCRAM extension"),
        (false, plain, bound, "without SCRAM-SHA-256-PLUS"),
        (true, plain, bound, "without SCRAM-SHA-256-PLUS"),
        (true, plain, "y,,n=,r=abc", "negotiation error"),
        (true, plus, FIRST, "without channel binding data"),
        (true, plus, "p=tls-unique,,n=,r=abc", "channel-binding type"),
    ] {
        let end_point = tls.then(|| EndPoint(Arc::from([1; 32])));
        match exchange(end_point).on_message(&initial(mechanism, first)) {
            Err(fault) => assert!(fault.to_string().contains(expected), "{first}: {fault}"),
            Ok(next) => panic!("{first}: {next:?}"),
        }
    }
}

#[test]
fn accepted_flags() {
    for (tls, mechanism, first) in [
        (false, "SCRAM-SHA-256", "n,,n=,r=abc"),
        (false, "SCRAM-SHA-256", "y,,n=*,r=abc,x=later"),
        (true, "SCRAM-SHA-256", "n,,n=,r=abc"),
        (
            true,
            "SCRAM-SHA-256-PLUS",
            "p=tls-server-end-point,,n=,r=abc",
        ),
    ] {
        let end_point = tls.then(|| EndPoint(Arc::from([1; 32])));
        let next = exchange(end_point).on_message(&initial(mechanism, first));
        assert!(matches!(next, Ok(Next::Continue(..))), "{first}: {next:?}");
    }
}

#[test]
fn initial_response_cut_anywhere_is_refused() {
    let body = initial("SCRAM-SHA-256", FIRST);
    for end in 0..body.len() {
        let next = exchange(None).on_message(&body[..end]);
        assert!(next.is_err(), "cut at {end}: {next:?}");
    }
    let longer = [body.as_slice(), b"x"].concat();
    assert!(exchange(None).on_message(&longer).is_err());
}

#[test]
fn final_message_cut_or_changed_anywhere_is_refused() {
    for end in 0..FINAL.len() {
        let next = challenged().on_message(&FINAL.as_bytes()[..end]);
        assert!(next.is_err(), "cut at {end}: {next:?}");
    }
    for place in 0..FINAL.len() {
        let mut changed = FINAL.as_bytes().to_vec();
        changed[place] ^= 1;
        let next = challenged().on_message(&changed);
        assert!(next.is_err(), "changed at {place}: {next:?}");
    }
}

#[test]
fn wrong_final_messages_are_refused() {
    let nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let proof = "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let other = format!("p={}", STANDARD.encode([7; 32]));
    for (message, expected) in [
        (format!("c=biws,{nonce},{other}"), Fault::Proof),
        (format!("c=biws,{nonce}x,{proof}"), Fault::Nonce),
        (
            format!("c=biws,r=rOprNGfwEbeRWgbNEkqO,{proof}"),
            Fault::Nonce,
        ),
        (format!("c=eSws,{nonce},{proof}"), Fault::BindingAttribute),
        (
            format!("c=biws,{nonce},p=AAAA"),
            Fault::Malformed("proof of wrong size"),
        ),
        (
            format!("c=biws,{nonce},{proof},x=1"),
            Fault::Malformed("garbage after the proof"),
        ),
        (format!("c=biws,{nonce},x=1,{proof}"), Fault::Proof),
    ] {
        match challenged().on_message(message.as_bytes()) {
            Err(fault) => assert_eq!(fault, expected, "{message}"),
            Ok(next) => panic!("{message}: {next:?}"),
        }
    }
}

#[test]
fn bound_login_must_repeat_our_certificate() {
    let first = "p=tls-server-end-point,,n=,r=abc";
    let check = |hash: u8| {
        let end_point = EndPoint(Arc::from([1; 32]));
        let next = exchange(Some(end_point)).on_message(&initial("SCRAM-SHA-256-PLUS", first));
        let Ok(Next::Continue(_, exchange)) = next else {
            panic!("{next:?}")
        };
        let binding = [b"p=tls-server-end-point,,".as_slice(), &[hash; 32]].concat();
        let message = format!(
            "c={},r=abc%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p={}",
            STANDARD.encode(binding),
            STANDARD.encode([0; 32])
        );
        exchange.on_message(message.as_bytes()).unwrap_err()
    };
    assert_eq!(check(2), Fault::Binding);
    assert_eq!(
        check(1),
        Fault::Proof,
        "the binding is right, the proof is not"
    );
}

#[test]
fn plus_is_offered_only_where_it_can_be_kept() {
    assert_eq!(mechanisms(None), ["SCRAM-SHA-256"]);
    let end_point = EndPoint(Arc::from([1; 32]));
    assert_eq!(
        mechanisms(Some(&end_point)),
        ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]
    );
}
