use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;
use tokio::io::duplex;
use tokio::time::sleep;

use crate::client::greet::Greeting;
use crate::client::greet::greet;
use crate::error::Error;
use crate::net::tls::accept::ClientTls;
use crate::sqlstate::SqlState;
use crate::wire::fields::Fields;
use crate::wire::startup::write_startup;

/// What a client that sends `sent` and then closes is told, and what it turns out to want.
async fn hear(sent: &[u8]) -> (Vec<u8>, Result<Greeting, Error>) {
    let (mut theirs, ours) = duplex(100_000);
    theirs.write_all(sent).await.unwrap();
    theirs.shutdown().await.unwrap();
    let greeting = greet(ours.into(), &ClientTls::Off).await;
    let mut told = Vec::new();
    let greeting = match greeting {
        Ok(Greeting::Startup(visitor)) => {
            drop(visitor.stream);
            return (read_all(&mut theirs).await, Ok(Greeting::Gone));
        }
        other => other,
    };
    if greeting.is_err() {
        told = read_all(&mut theirs).await;
    }
    (told, greeting)
}

async fn read_all(stream: &mut DuplexStream) -> Vec<u8> {
    let mut told = Vec::new();
    stream.read_to_end(&mut told).await.unwrap();
    told
}

fn startup() -> Vec<u8> {
    let mut packet = BytesMut::new();
    write_startup(&mut packet, 0, [("user", "me"), ("application_name", "x")]);
    packet.to_vec()
}

const SSL: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];
const GSS: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 48];

/// Plays a client that waits for each answer before it goes on.
async fn talk(steps: &[&[u8]], answers: &[u8]) -> Result<Greeting, Error> {
    let (mut theirs, ours) = duplex(1000);
    let talk = async move {
        for (i, step) in steps.iter().enumerate() {
            theirs.write_all(step).await.unwrap();
            match answers.get(i) {
                Some(expected) => assert_eq!(theirs.read_u8().await.unwrap(), *expected),
                None => return,
            }
        }
    };
    let (greeting, ()) = tokio::join!(greet(ours.into(), &ClientTls::Off), talk);
    greeting
}

#[tokio::test]
async fn encryption_is_declined_once_each_in_either_order() {
    for requests in [[SSL, GSS], [GSS, SSL]] {
        let greeting = talk(&[requests[0], requests[1], &startup()], b"NN").await;
        let Ok(Greeting::Startup(visitor)) = greeting else {
            panic!("{greeting:?}")
        };
        assert_eq!(visitor.startup.user, "me");
        assert!(visitor.end_point.is_none() && visitor.certificate_name.is_none());
    }
    for (request, code) in [(SSL, 5679), (GSS, 5680)] {
        let error = talk(&[request, request], b"N").await.unwrap_err();
        let said = format!("unsupported frontend protocol 1234.{code}: server supports 3.0 to 3.2");
        assert_eq!(error.to_string(), said);
        assert_eq!(error.sqlstate(), SqlState::NOT_SUPPORTED);
    }
}

#[tokio::test]
async fn bytes_after_a_tls_request_are_refused() {
    for stuffed in [startup(), vec![0], vec![b'x'; 5000]] {
        let (told, greeting) = hear(&[SSL, &stuffed].concat()).await;
        let error = greeting.unwrap_err();
        assert_eq!(
            error.to_string(),
            "received unencrypted data after SSL request"
        );
        assert_eq!(error.sqlstate(), SqlState::PROTOCOL);
        assert_eq!(told[0], b'E', "the request is not even answered");
    }
}

#[tokio::test]
async fn cancel_request_is_read_and_not_answered() {
    let packet = [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 7, 1, 2, 3, 4];
    let (_, greeting) = hear(&packet).await;
    let Ok(Greeting::Cancel(key, _)) = greeting else {
        panic!("{greeting:?}")
    };
    assert_eq!((key.pid, &*key.secret), (7, [1, 2, 3, 4].as_slice()));
}

#[tokio::test]
async fn leaving_without_a_word_is_no_error() {
    assert!(matches!(hear(b"").await.1, Ok(Greeting::Gone)));
    assert!(matches!(talk(&[SSL], b"N").await, Ok(Greeting::Gone)));
}

#[tokio::test]
async fn packet_cut_anywhere_is_an_error() {
    let packet = startup();
    for end in 1..packet.len() {
        let error = hear(&packet[..end]).await.1.unwrap_err();
        assert_eq!(
            error.sqlstate(),
            SqlState::CONNECTION_FAILURE,
            "cut at {end}: {error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn packet_may_come_one_byte_at_a_time() {
    let (mut theirs, ours) = duplex(1000);
    let drip = async {
        for byte in startup() {
            theirs.write_all(&[byte]).await.unwrap();
            sleep(Duration::from_millis(100)).await;
        }
    };
    let (greeting, ()) = tokio::join!(greet(ours.into(), &ClientTls::Off), drip);
    assert!(matches!(greeting, Ok(Greeting::Startup(_))), "{greeting:?}");
}

#[tokio::test]
async fn lengths_out_of_range_are_refused_and_said() {
    for bytes in [0_u32, 3, 7, 10_005, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        let head = [bytes.to_be_bytes(), [0, 3, 0, 0]].concat();
        let (told, greeting) = hear(&[head, vec![b'x'; 50_000]].concat()).await;
        assert_eq!(
            greeting.unwrap_err().to_string(),
            "invalid length of startup packet"
        );
        let fields = Fields::new(&told[5..]);
        assert_eq!(fields.code(), Some(SqlState::PROTOCOL));
        assert!(fields.is_fatal());
    }
}

#[tokio::test]
async fn other_protocols_are_refused() {
    for sent in [
        b"GET / HTTP/1.1\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    ] {
        assert!(hear(sent).await.1.is_err(), "{sent:?}");
    }
}
