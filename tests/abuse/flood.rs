//! Clients that send without reading, or ask for more than they read: memory stays bounded, and
//! what was asked for still comes in full.

use std::io::Write;
use std::thread;
use std::time::Duration;

use crate::raw::End;
use crate::raw::Raw;
use crate::raw::extended;
use crate::raw::header;
use crate::raw::query;
use crate::raw::said;
use crate::raw::tags;
use crate::scene::Scene;

#[test]
fn a_pipeline_without_a_reader_is_held_up() {
    let mut scene = Scene::set();
    scene.weigh();
    let mut client = Raw::log_in(scene.port());
    client
        .stream
        .set_write_timeout(Some(Duration::from_millis(500)))
        .expect("a socket");
    let one = extended("select repeat('x', 1000)");
    let batch = one.repeat(100);
    let mut sent = 0;
    // Ends when the proxy stops reading, for the client does.
    for _ in 0..2_000 {
        match client.stream.write(&batch) {
            Ok(count) => sent += count,
            Err(_) => break,
        }
        if sent % batch.len() != 0 {
            break;
        }
    }
    eprintln!("{sent} bytes were taken before the proxy stopped reading");
    scene.check_growth(4_096);
    // What was cut off is made up for; then each statement has its answer.
    let rest = one.get(sent % one.len()..).unwrap_or_default().to_vec();
    let mut writer = client.stream.try_clone().expect("a socket");
    writer.set_write_timeout(None).expect("a socket");
    let has_rest = sent % one.len() != 0;
    let sender = thread::spawn(move || !has_rest || writer.write_all(&rest).is_ok());
    let expected = sent.div_ceil(one.len());
    let messages = client.receive_ready(expected);
    assert!(sender.join().expect("it ends"), "the proxy reads again");
    let rows = messages.iter().filter(|(tag, _)| *tag == b'D').count();
    assert_eq!(rows, expected);
    scene.check_growth(8_192);
    scene.end();
}

#[test]
fn a_result_without_a_reader_is_held_up() {
    let mut scene = Scene::set();
    scene.weigh();
    // Two of the replicas' four servers stay free for others.
    let mut clients: Vec<_> = (0..2).map(|_| Raw::log_in(scene.port())).collect();
    for client in &mut clients {
        client.send(&query(
            "select repeat('x', 1000) from generate_series(1, 50000)",
        ));
    }
    thread::sleep(Duration::from_secs(1));
    scene.check_growth(4_096);
    for client in &mut clients {
        let (messages, end) = client.receive();
        assert_eq!(end, End::Ready);
        let rows = messages.iter().filter(|(tag, _)| *tag == b'D').count();
        assert_eq!(rows, 50_000);
    }
    scene.check_growth(4_096);
    scene.end();
}

#[test]
fn a_large_query_streams() {
    let mut scene = Scene::set();
    scene.weigh();
    let bytes = 64 << 20;
    let text = format!("select length('{}')", "x".repeat(bytes));
    let mut client = Raw::log_in(scene.port());
    let (messages, end) = client.query(&text);
    assert_eq!(end, End::Ready);
    assert_eq!(tags(&messages), "TDCZ", "{}", said(&messages));
    let row = messages
        .get(1)
        .map(|(_, body)| body.clone())
        .unwrap_or_default();
    assert!(row.ends_with(bytes.to_string().as_bytes()));
    scene.check_growth(8_192);
    scene.end();
}

#[test]
fn a_message_that_never_ends_costs_no_memory() {
    let mut scene = Scene::set();
    let megabyte = vec![b' '; 1 << 20];
    scene.weigh();
    for tag in *b"QPBd" {
        let mut client = Raw::log_in(scene.port());
        client.send(&header(tag, i32::MAX));
        if tag == b'P' {
            client.send(b"name\0select 1");
        }
        for _ in 0..64 {
            client.send(&megabyte);
        }
        drop(client);
    }
    scene.check_growth(16 * 1_024);
    scene.end();
}
