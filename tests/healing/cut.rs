//! Connections to servers that end at a chosen byte.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use rand::RngExt;

use crate::Case;
use crate::chance;
use crate::raw::Raw;
use crate::say::bind;
use crate::say::describe;
use crate::say::execute;
use crate::say::framed;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;
use crate::stage::Stage;
use crate::stage::TRUST;
use crate::stage::retries;
use crate::support::proxy::Proxy;
use crate::trick;
use crate::trick::Order;
use crate::trick::Trick;

pub(crate) const CASES: &[Case] = &[
    ("a read cut at any byte", reads),
    (
        "a read cut at any byte that is not repeated",
        reads_not_repeated,
    ),
    ("a write cut at any byte", writes),
    ("a healed write whose reply is cut", healed_writes),
    (
        "a read on the primary whose reply is cut",
        reads_on_the_primary,
    ),
];

/// A proxy whose nodes can be tricked: the primary by the first order, the replicas by the second.
pub(crate) struct Tricky {
    pub(crate) proxy: Proxy,
    pub(crate) primary: Arc<Order>,
    pub(crate) replicas: Arc<Order>,
}

impl Tricky {
    pub(crate) fn new(stage: &Stage, database: &str) -> Self {
        let (primary, replicas) = (Order::new(), Order::new());
        let ports: Vec<_> = stage
            .cluster
            .nodes()
            .iter()
            .map(|node| {
                let order = if node.index() == 0 {
                    &primary
                } else {
                    &replicas
                };
                trick::start(node.port(), order)
            })
            .collect();
        let global = format!("{TRUST}server_login_retry = \"50ms\"\n");
        Self {
            proxy: Proxy::start_at(&stage.cluster, &ports, &global, database),
            primary,
            replicas,
        }
    }
}

/// Batches with the mark in them, and how many there are.
fn shapes() -> Vec<(&'static str, Vec<u8>, usize)> {
    let few = "select a, repeat('x', 30) from seven order by a -- a trick";
    let much = "select a, repeat('x', 300) from generate_series(1, 300) a -- a trick";
    let wide = "select a, repeat(a::text, 100000) from generate_series(1, 3) a -- a trick";
    let described = [
        parse("", few),
        describe(""),
        bind("", "", &[]),
        execute("", 3),
        execute("", 0),
        sync(),
    ];
    let batch = [
        run("select 5", &[]),
        run(few, &[]),
        run("select 6", &[]),
        sync(),
    ];
    let batches = [
        run("select 5", &[]),
        sync(),
        run(few, &[]),
        sync(),
        run("select 6", &[]),
        sync(),
    ];
    vec![
        ("simple", query(few), 1),
        (
            "several in one",
            query(&format!("select 5; {few}\n; select 6")),
            1,
        ),
        ("described, in two goes", described.concat(), 1),
        ("a batch", batch.concat(), 1),
        ("a pipeline", batches.concat(), 3),
        ("much", query(much), 1),
        ("wide rows", query(wide), 1),
    ]
}

/// The bytes that come until so many batches are answered, or the end.
fn hear(stream: &mut TcpStream, batches: usize) -> Vec<u8> {
    let (mut heard, mut looked, mut ended) = (Vec::new(), 0, 0);
    let mut chunk = vec![0; 64 * 1024];
    while ended < batches {
        let Ok(count @ 1..) = stream.read(&mut chunk) else {
            break;
        };
        heard.extend_from_slice(&chunk[..count]);
        while let Some((tag, next)) = frame_at(&heard, looked) {
            ended += usize::from(tag == b'Z');
            looked = next;
        }
    }
    heard
}

/// The tag of the frame that starts there, and where the next one does.
fn frame_at(bytes: &[u8], start: usize) -> Option<(u8, usize)> {
    let head = bytes.get(start..start + 5)?;
    let size = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
    let next = start + 1 + size;
    (next <= bytes.len()).then_some((head[0], next))
}

/// Where frames start.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    while let Some((_, next)) = frame_at(bytes, *starts.last().unwrap()) {
        starts.push(next);
    }
    starts
}

/// Whether what was heard is the whole direct answer; if not, it is a part of it, to the end of a
/// message with an error behind it, or to the end of the stream.
fn judge(heard: &[u8], direct: &[u8]) -> Result<bool, String> {
    if heard == direct {
        return Ok(true);
    }
    let same = heard.iter().zip(direct).take_while(|(a, b)| a == b).count();
    if same == heard.len() {
        return Ok(false);
    }
    let begins = starts(heard);
    let error = begins.iter().rfind(|start| **start <= same);
    let error = *error.ok_or("nothing was heard")?;
    if heard[error] != b'E' || !starts(direct).contains(&error) {
        return Err(format!("at {same} there is no error between messages"));
    }
    let (_, end) = frame_at(heard, error).ok_or("the error is cut")?;
    let text = String::from_utf8_lossy(&heard[error..end]);
    if !text.contains("C08006") || end != heard.len() {
        return Err(format!("not lost and over: {text}"));
    }
    Ok(false)
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let row = |n: u8| framed(Some(b'D'), &[0, 1, 0, 0, 0, 1, n]);
    let lost = framed(Some(b'E'), b"SFATAL\0C08006\0\0");
    let end = framed(Some(b'Z'), b"I");
    let direct = [row(1), row(2), end.clone()].concat();
    let cases: [(&str, Vec<u8>, Option<bool>); 8] = [
        ("all of it", direct.clone(), Some(true)),
        ("a part", row(1), Some(false)),
        ("a part of a row", row(1)[..9].to_vec(), Some(false)),
        (
            "an error behind it",
            [row(1), lost.clone()].concat(),
            Some(false),
        ),
        (
            "a row twice",
            [row(1), row(1), row(2), end.clone()].concat(),
            None,
        ),
        ("a row less", [row(1), end].concat(), None),
        ("an error in a row", [&row(1)[..9], &lost].concat(), None),
        (
            "more behind the error",
            [row(1), lost, row(2)].concat(),
            None,
        ),
    ];
    for (name, heard, expected) in cases {
        let judged = judge(&heard, &direct);
        assert_eq!(judged.clone().ok(), expected, "{name}: {judged:?}");
    }
}

fn reads(stage: &Stage) {
    let mut random = chance();
    let tricky = Tricky::new(stage, "");
    for (name, batch, batches) in shapes() {
        let replica = stage.cluster.replicas()[0].port();
        let mut direct = Raw::connect(replica).writer();
        direct.write_all(&batch).unwrap();
        let direct = hear(&mut direct, batches);
        let first_row = first_row_of_last_result(&direct);
        let (row, last) = (first_row, direct.len() - 1);
        let places = [0, 1, 5, row - 1, row, last - 6, last];
        let mut cuts: Vec<_> = places.into_iter().map(Some).collect();
        cuts.push(None);
        cuts.extend((0..14).map(|_| Some(random.random_range(0..direct.len()))));
        let mut whole = 0;
        for cut in cuts {
            let trick = cut.map_or(Trick::Cut, Trick::CutReply);
            let what = format!("{name}, {trick:?} of {}", direct.len());
            tricky.replicas.set(trick, 1);
            let asked = retries(&tricky.proxy);
            let mut client = Raw::connect(tricky.proxy.port()).writer();
            client.write_all(&batch).unwrap();
            let heard = hear(&mut client, batches);
            let judged = judge(&heard, &direct);
            let is_whole = judged.unwrap_or_else(|why| panic!("{what}: {why}"));
            let runs = retries(&tricky.proxy) - asked;
            assert!(
                is_whole == (0.9 < runs) && runs < 1.1,
                "{what}: whole: {is_whole}, {runs} more"
            );
            whole += usize::from(is_whole);
            // Where the last result has not begun, nothing is lost.
            if batches == 1 && cut.is_none_or(|cut| cut <= first_row.min(16_000)) {
                assert!(is_whole, "{what}");
            }
        }
        eprintln!("{name}: {whole} of 22 whole, {} bytes", direct.len());
        assert!((1..22).contains(&whole), "{name}: both are seen");
    }
}

// The part of a row that was held back went to the client, and the error into the middle of it.
fn reads_not_repeated(stage: &Stage) {
    let tricky = Tricky::new(stage, "read_retries_max = 0");
    for (name, batch, batches) in shapes() {
        let replica = stage.cluster.replicas()[0].port();
        let mut direct = Raw::connect(replica).writer();
        direct.write_all(&batch).unwrap();
        let direct = hear(&mut direct, batches);
        let cuts = (0..direct.len()).step_by(1 + direct.len() / 40);
        for cut in cuts {
            tricky.replicas.set(Trick::CutReply(cut), 1);
            let mut client = Raw::connect(tricky.proxy.port()).writer();
            client.write_all(&batch).unwrap();
            let heard = hear(&mut client, batches);
            if let Err(why) = judge(&heard, &direct) {
                panic!("{name}, cut at {cut} of {}: {why}", direct.len());
            }
        }
    }
}

/// Where the first row of the last result that has rows starts.
fn first_row_of_last_result(bytes: &[u8]) -> usize {
    let (mut first, mut within) = (0, false);
    for start in starts(bytes) {
        match frame_at(bytes, start) {
            Some((b'D', _)) if !within => (first, within) = (start, true),
            Some((b'C', _)) => within = false,
            _ => (),
        }
    }
    first
}

/// A write is never repeated: the client is told that its outcome is not known.
fn writes(stage: &Stage) {
    let tricky = Tricky::new(stage, "");
    let insert = "insert into effects values ('a trick') returning what";
    let shapes = [
        query(insert),
        [run(insert, &[]), sync()].concat(),
        query("select leave('a trick')"),
        [
            run("select leave('a trick')", &[]),
            run("select 1", &[]),
            sync(),
        ]
        .concat(),
    ];
    for (i, batch) in shapes.iter().enumerate() {
        for trick in [
            Trick::Cut,
            Trick::CutReply(0),
            Trick::CutReply(5),
            Trick::CutReply(30),
        ] {
            tricky.primary.set(trick, 1);
            let (before, asked) = (stage.effects().0, retries(&tricky.proxy));
            let mut client = Raw::connect(tricky.proxy.port());
            client.send(batch);
            let heard = client.until(b'Z');
            let is_told = heard.contains("E(08007") || heard.contains("E(08006");
            assert!(is_told && heard.ends_with("END"), "{i}, {trick:?}: {heard}");
            assert_eq!(tricky.primary.seen(), 1, "{i}, {trick:?}");
            assert!((retries(&tricky.proxy) - asked).abs() < 0.1);
            let written = u64::from(trick != Trick::Cut);
            assert_eq!(stage.effects().0, before + written, "{i}, {trick:?}");
        }
    }
}

/// What a replica has refused and the primary has begun is a write like any other.
fn healed_writes(stage: &Stage) {
    let tricky = Tricky::new(stage, "");
    for trick in [Trick::Cut, Trick::CutReply(0), Trick::CutReply(5)] {
        let number = stage.number();
        let sql = format!("select n as c{number} from by_view -- a trick");
        for batch in [query(&sql), [run(&sql, &[]), sync()].concat()] {
            tricky.primary.set(trick, 1);
            let before = stage.effects();
            let mut client = Raw::connect(tricky.proxy.port());
            client.send(&batch);
            let heard = client.until(b'Z');
            let is_told = heard.contains("E(08007") && heard.ends_with("END");
            assert!(is_told, "{trick:?}: {heard}");
            assert_eq!(tricky.primary.seen(), 1, "{trick:?}");
            let written = u64::from(trick != Trick::Cut);
            assert_eq!(stage.effects().0, before.0 + written, "{trick:?}");
        }
    }
}

/// A read that was never tried on a replica may write for all that is known.
fn reads_on_the_primary(stage: &Stage) {
    let tricky = Tricky::new(stage, "primary_reads = \"always\"");
    let mut on_primary = 0;
    for _ in 0..12 {
        let sql = format!("select n as c{} from by_view -- a trick", stage.number());
        tricky.primary.set(Trick::CutReply(0), 1);
        tricky.replicas.set(Trick::None, 0);
        let before = stage.effects().0;
        let mut client = Raw::connect(tricky.proxy.port());
        client.send(&query(&sql));
        let heard = client.until(b'Z');
        assert_eq!(tricky.primary.seen(), 1, "{heard}");
        assert_eq!(stage.effects().0, before + 1, "{heard}");
        on_primary += usize::from(tricky.replicas.seen() == 0);
    }
    assert!(0 < on_primary, "some went to the primary at once");
}
