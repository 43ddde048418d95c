//! Sessions as transcripts. Lines of a script:
//! `client: …` sends messages; `want: KIND REASON` scans them; `link: primary|replica` links;
//! `server gets: …` what was sent to the server; `server: …` its replies (`server, read only: …`
//! if nothing is sent for it); `client gets: …`;
//! `need: …`; `push:` sends what may be sent; `leave:` rolls back to move; `lost: …`. Messages are
//! written as their tag with what matters in brackets.

mod ahead;
mod binding;
mod doubt;
mod fresh;
mod healing;
mod late;
mod meter;
mod outcome;
mod pipelines;
mod prepared;
mod scripts;

use super::*;
use crate::ids::NodeId;
use crate::route::Kind;
use crate::route::Reason;
use crate::route::Want;
use crate::session::ask::Edition;
use crate::session::link::Lost;
use crate::session::scan::Scanned;
use crate::session::send::Out;
use crate::session::side::Link;
use crate::session::side::Role;
use crate::session::side::ServerSide;
use crate::sql::catalog::Catalog;
use crate::sql::classify;
use crate::sql::classify::Syntax;
use crate::sqlstate::SqlState;
use crate::wire::client as c;
use crate::wire::client::Target;
use crate::wire::fields::Fields;
use crate::wire::server as s;
use crate::wire::write;
use bytes::Buf;
use bytes::BufMut;
use bytes::BytesMut;

struct Plain;

impl Classify for Plain {
    fn classify(&self, text: &[u8], syntax: Syntax) -> Arc<Statement> {
        let catalog = Catalog::new([(&b"reads"[..], false)]);
        Arc::new(classify::classify(text, syntax, &catalog))
    }

    fn edition(&self) -> Edition {
        Edition::default()
    }

    fn is_read_committed(&self) -> bool {
        true
    }
}

/// A budget that never ends.
struct Always;

impl MayRetry for Always {
    fn take(&self, _: Instant) -> bool {
        true
    }
}

struct World {
    session: Session,
    side: ServerSide,
    texts: Texts,
    unread: BytesMut,
    to_server: BytesMut,
    to_client: BytesMut,
    held: BytesMut,
    now: Instant,
    want: Option<Want>,
}

impl World {
    fn new(mode: PoolMode) -> Self {
        let rules = Rules {
            mode,
            split: true,
            consistency: Consistency::default(),
            staleness_max: Timeout::OFF,
            transaction_reads: TransactionReads::default(),
            pins: SessionPins::Allow,
            message_bytes_max: 1 << 21,
            refuses_queries: false,
            tracks_prepared: true,
            read_retries_max: 3,
            hold_bytes_max: 16 * 1024,
        };
        let mut told = Arc::new(Reported::default());
        told.on_status(b"application_name", b"");
        let session = Session::new(
            ClientId(1),
            Arc::new(rules),
            Arc::default(),
            Arc::clone(&told),
        );
        Self {
            session,
            side: ServerSide::new(told, 2),
            texts: Texts::default(),
            unread: BytesMut::new(),
            to_server: BytesMut::new(),
            to_client: BytesMut::new(),
            held: BytesMut::new(),
            now: tokio::time::Instant::now().into_std(),
            want: None,
        }
    }

    fn step(&mut self, line: &str) {
        let (verb, rest) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("no verb in {line:?}"));
        let rest = rest.trim();
        match verb {
            "client" => rest
                .split(" ; ")
                .for_each(|m| put_client(&mut self.unread, m)),
            "want" => self.want(rest),
            "link" => self.link(rest),
            "standby" => self.side.in_recovery = Some(true),
            "writable" => self.side.begins_read_only = Some(false),
            "fresh server" => self.side = World::new(PoolMode::Transaction).side,
            "server" => rest.split(" ; ").for_each(|m| self.reply(m)),
            "server, read only" => self.hear(rest),
            "server gets" => assert_eq!(shown(&take(&mut self.to_server), true), rest, "{line}"),
            "client gets" => assert_eq!(shown(&take(&mut self.to_client), false), rest, "{line}"),
            "held" => assert_eq!(shown(&self.held, false), rest, "{line}"),
            "need" => assert_eq!(format!("{:?}", self.session.next_need()), rest, "{line}"),
            "release" => {
                assert_eq!(self.session.next_need(), Need::Release, "{line}");
                self.session.on_release(&mut self.side);
                self.consume();
            }
            "push" => self.push(),
            "leave" => self.session.leave(&mut self.to_server),
            "again here" => {
                self.held.clear();
                self.session
                    .on_again_here(&mut self.side, &mut self.to_server);
                self.push();
            }
            "lost" => {
                let lost = self.session.on_lost(&Always, self.now);
                assert_eq!(format!("{lost:?}"), rest, "{line}");
                if lost == Lost::Again {
                    self.held.clear();
                }
            }
            "rewind" => {
                self.held.clear();
                self.session.rewind();
            }
            "pins" => assert_eq!(self.session.pins().first_reason(), rest, "{line}"),
            "alone" => {
                let size = self.session.answer_alone(&mut self.to_client);
                self.unread.advance(size.bytes);
                assert_eq!(shown(&take(&mut self.to_client), false), rest, "{line}");
            }
            "late" => late::rules(self, |r| r.transaction_reads = TransactionReads::UntilWrite),
            "strong" => late::rules(self, |r| r.consistency = Consistency::Strong),
            "counted" => assert_eq!(meter::counted(self), rest, "{line}"),
            "skips" => ahead::skip(self),
            "healed" => assert_eq!(healing::learned(self), rest, "{line}"),
            "wrote" => assert_eq!(fresh::has_written(self), rest, "{line}"),
            _ => panic!("unknown verb in {line:?}"),
        }
    }

    fn want(&mut self, expected: &str) {
        let env = Env {
            classify: &Plain,
            texts: &self.texts,
            budget: &Always,
            now: self.now,
        };
        let scanned = self.session.scan(&self.unread, &env);
        let shown = match &scanned {
            Ok(Scanned::Alone) => "Alone".to_owned(),
            Ok(Scanned::Batch(want)) => {
                self.want = Some(*want);
                format!("{:?} {}", want.kind, want.reason.as_str())
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{:?}", self.unread);
    }

    fn link(&mut self, role: &str) {
        let role = if role == "replica" {
            Role::Replica
        } else {
            Role::Primary
        };
        let want = self.want.unwrap_or(Want {
            kind: Kind::Any,
            reason: Reason::Hint,
        });
        let link = Link {
            incarnation: 0,
            node: NodeId(0),
            role,
            want,
            if_read_only: self
                .side
                .if_read_only(false)
                .filter(|_| role == Role::Primary),
            goes_on: true,
            has_asked: false,
        };
        self.session
            .on_linked(link, &mut self.side, &mut self.to_server);
        self.push();
    }

    fn push(&mut self) {
        self.consume();
        let env = Env {
            classify: &Plain,
            texts: &self.texts,
            budget: &Always,
            now: self.now,
        };
        let mut out = Out {
            side: &mut self.side,
            bytes: &mut self.to_server,
            env: &env,
        };
        self.session.send(&self.unread, &mut out).unwrap();
        self.consume();
    }

    fn consume(&mut self) {
        let done = self.session.take_consumed();
        let _ = self.unread.split_to(done);
    }

    fn reply(&mut self, message: &str) {
        self.hear(message);
        if self.session.link().is_some() && self.session.next_need() == Need::None {
            self.push();
        }
    }

    /// A reply is looked at; the client's messages wait.
    fn hear(&mut self, message: &str) {
        let mut bytes = BytesMut::new();
        put_server(&mut bytes, message);
        let mut says = BytesMut::new();
        if self.session.has_says() {
            let reply = self.session.say(&mut says);
            self.show(reply, &take(&mut says));
        }
        let piece = Frames::new(Side::Server).next(&bytes).unwrap().unwrap();
        let env = Env {
            classify: &Plain,
            texts: &self.texts,
            budget: &Always,
            now: self.now,
        };
        let reply = self
            .session
            .on_server(piece, &bytes, &mut self.side, &mut says, &env)
            .unwrap();
        self.show(reply, &bytes);
        self.to_client.extend_from_slice(&says);
        self.session.upkeep(&mut self.side, &mut self.to_server);
    }

    fn show(&mut self, reply: Reply, bytes: &[u8]) {
        match reply {
            Reply::Pass => {
                self.to_client.extend_from_slice(&take(&mut self.held));
                self.to_client.extend_from_slice(bytes);
            }
            Reply::Hold => self.held.extend_from_slice(bytes),
            Reply::Hide => (),
        }
    }
}

fn run(mode: PoolMode, script: &str) {
    let mut world = World::new(mode);
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        world.step(line);
    }
}

fn take(bytes: &mut BytesMut) -> BytesMut {
    bytes.split()
}

/// `Q[SELECT 1]` → its tag and the text in brackets.
fn parts(message: &str) -> (u8, Vec<&str>) {
    let tag = message.as_bytes()[0];
    let inner = message[1..]
        .strip_prefix('[')
        .and_then(|m| m.strip_suffix(']'))
        .unwrap_or("");
    let count = if tag == s::ERROR_RESPONSE { 3 } else { 2 };
    (tag, inner.splitn(count, '|').collect())
}

fn put_client(out: &mut BytesMut, message: &str) {
    let (tag, args) = parts(message);
    let arg = |i: usize| args.get(i).copied().unwrap_or("").as_bytes();
    match tag {
        c::QUERY => write::query(out, arg(0)),
        c::PARSE => write::parse(out, arg(0), arg(1), &[0, 0]),
        c::BIND => {
            write::bind_head(out, arg(0), arg(1), 6);
            out.put_slice(&[0; 6]);
        }
        c::DESCRIBE => write::target(out, c::DESCRIBE, Target::Statement, arg(0)),
        c::CLOSE => write::target(out, c::CLOSE, Target::Statement, arg(0)),
        c::EXECUTE => write::message(out, c::EXECUTE, |out| {
            let rows_max = args.get(1).and_then(|n| n.parse().ok()).unwrap_or(0);
            out.put_slice(arg(0));
            out.put_u8(0);
            out.put_u32(rows_max);
        }),
        tag => write::message(out, tag, |out| out.put_slice(arg(0))),
    }
}

fn put_server(out: &mut BytesMut, message: &str) {
    let (tag, args) = parts(message);
    let arg = |i: usize| args.get(i).copied().unwrap_or("");
    let severity = if arg(2).is_empty() { "ERROR" } else { arg(2) };
    match tag {
        s::ERROR_RESPONSE => write::message(out, tag, |out| {
            for (letter, value) in [(b'S', severity), (b'C', arg(0)), (b'R', arg(1))] {
                out.put_u8(letter);
                out.put_slice(value.as_bytes());
                out.put_u8(0);
            }
            out.put_u8(0);
        }),
        s::PARAMETER_STATUS => write::parameter_status(out, arg(0), arg(1)),
        s::COMMAND_COMPLETE => write::command_complete(out, arg(0)),
        s::DATA_ROW => write::text_row(out, &[arg(0)]),
        tag => write::message(out, tag, |out| out.put_slice(arg(0).as_bytes())),
    }
}

fn shown(bytes: &[u8], from_client: bool) -> String {
    let (mut all, mut rest) = (Vec::new(), bytes);
    while let Some((head, _)) = rest.split_first_chunk::<5>() {
        let size = 1 + u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
        all.push(one_shown(head[0], &rest[5..size], from_client));
        rest = &rest[size..];
    }
    all.join(" ; ")
}

fn one_shown(tag: u8, body: &[u8], from_client: bool) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let inner = match (tag, from_client) {
        (c::QUERY, true) => text(c::query(body).unwrap()),
        (c::PARSE, true) => {
            let parse = c::Parse::read(body).unwrap();
            format!("{}|{}", text(parse.name), text(parse.text))
        }
        (c::BIND, true) => {
            let bind = c::Bind::read(body).unwrap();
            format!("{}|{}", text(bind.portal), text(bind.statement))
        }
        (c::DESCRIBE | c::CLOSE, true) => text(c::target(body, "").unwrap().1),
        (c::EXECUTE, true) => text(c::string(body, "").unwrap().0),
        (_, true) => text(body),
        (s::ERROR_RESPONSE, false) => Fields::new(body)
            .code()
            .unwrap_or(SqlState::INTERNAL)
            .to_string(),
        (s::PARAMETER_STATUS, false) => {
            let (name, value) = s::parameter_status(body).unwrap();
            format!("{}|{}", text(name), text(value))
        }
        (s::COMMAND_COMPLETE, false) => text(s::command_tag(body).unwrap()),
        (s::DATA_ROW, false) => text(s::first_column(body).unwrap().unwrap_or_default()),
        (_, false) => text(body),
    };
    let tag = char::from(tag);
    if inner.is_empty() {
        tag.to_string()
    } else {
        format!("{tag}[{inner}]")
    }
}
