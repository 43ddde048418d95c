//! Plays a script to a server, or to the proxy, and writes down what is heard.

use std::thread;
use std::time::Duration;

use pgsluice::wire::fields::Fields;

use crate::random::script::Dice;
use crate::random::script::Step;
use crate::random::script::cut;
use crate::random::texts;
use crate::raw::Heard;
use crate::raw::Message;
use crate::raw::Raw;
use crate::say;

/// How long a server that may have no more to say is listened to.
const SILENCE: Duration = Duration::from_millis(15);

/// How long a message that has to come may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the last query of all answers: then the script is over.
const END: &str = "the end of the script";

/// What was heard: the messages, and how many there were after each wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transcript {
    pub(crate) messages: Vec<String>,
    waits: Vec<usize>,
}

/// A client that plays.
struct Player<'a> {
    raw: &'a mut Raw,
    dice: Dice,
    heard: Transcript,
    /// Bytes not sent yet.
    unsent: Vec<u8>,
    /// ReadyForQuery that may still come.
    open: usize,
    /// Whether what was said last is a batch that has no end yet.
    is_within: bool,
    is_over: bool,
}

/// Plays to PostgreSQL itself.
pub(crate) fn play_direct(raw: &mut Raw, script: &[Step], seed: u64) -> Transcript {
    let mut player = Player::new(raw, seed);
    for step in script {
        match step {
            Step::Wait => {
                player.listen();
                player.heard.waits.push(player.heard.messages.len());
            }
            Step::Other(_) => (),
            step => player.say(step),
        }
    }
    player.end();
    player.heard
}

/// Plays to the proxy, and waits for as much as was heard directly; another client of it says
/// what the script has for it.
pub(crate) fn play_through(
    raw: &mut Raw,
    script: &[Step],
    seed: u64,
    direct: &Transcript,
    other: &mut Other,
) -> Transcript {
    let mut player = Player::new(raw, seed);
    let mut waits = direct.waits.iter();
    for step in script {
        match step {
            Step::Wait => player.listen_until(*waits.next().expect("played before")),
            Step::Other(which) => {
                player.write();
                other.say(*which);
            }
            step => player.say(step),
        }
    }
    player.end();
    player.heard
}

impl<'a> Player<'a> {
    fn new(raw: &'a mut Raw, seed: u64) -> Self {
        Self {
            raw,
            dice: Dice::new(seed ^ 0x5eed),
            heard: Transcript::default(),
            unsent: Vec::new(),
            open: 0,
            is_within: false,
            is_over: false,
        }
    }

    fn say(&mut self, step: &Step) {
        self.open += usize::from(step.may_end());
        self.is_within = step.is_within(self.is_within);
        self.unsent.extend(step.bytes());
    }

    /// Sends what there is, in pieces.
    fn write(&mut self) {
        let bytes = std::mem::take(&mut self.unsent);
        let mut rest = bytes.as_slice();
        let is_cut = self.dice.percent(50);
        while !rest.is_empty() && !self.is_over {
            let size = match is_cut {
                true => 1 + self.dice.below(rest.len().min(200)),
                false => rest.len(),
            };
            let (piece, after) = rest.split_at(size.max(rest.len() / 8));
            // One that has closed has said why.
            if self.raw.try_send(piece).is_err() {
                return;
            }
            rest = after;
            if self.dice.percent(20) {
                thread::sleep(Duration::from_micros(300));
            }
        }
    }

    /// Hears all that the server says, as far as that can be known.
    fn listen(&mut self) {
        self.write();
        while self.open != 0 && self.hear(SILENCE) {}
    }

    fn listen_until(&mut self, count: usize) {
        self.write();
        while self.heard.messages.len() < count && self.hear(PATIENCE) {}
        // Of a batch without an end PostgreSQL tells an error at once; the proxy may keep the batch
        // until it is whole.
        if self.heard.messages.len() < count && !self.is_over && !self.is_within {
            self.heard.messages.push("SILENCE".to_owned());
            self.is_over = true;
        }
    }

    /// Hears one message; whether one came.
    fn hear(&mut self, limit: Duration) -> bool {
        if self.is_over {
            return false;
        }
        match self.raw.next_within(limit) {
            Heard::Message(message) => {
                self.open = self.open.saturating_sub(usize::from(message.tag == b'Z'));
                self.heard.messages.extend(shown(&message));
                true
            }
            Heard::Silence => false,
            Heard::End => {
                self.heard.messages.push("END".to_owned());
                self.is_over = true;
                false
            }
        }
    }

    /// Ends whatever is under way, and hears the rest.
    fn end(&mut self) {
        let last = format!("select '{END}'");
        for bytes in [
            say::copy_fail("the end"),
            say::sync(),
            say::query("rollback"),
            say::query(&last),
        ] {
            self.unsent.extend(bytes);
        }
        self.write();
        let mut is_last = false;
        loop {
            let from = self.heard.messages.len();
            if !self.hear(PATIENCE) {
                break;
            }
            let new = self.heard.messages[from..].iter();
            is_last |= new.clone().any(|m| m.starts_with('D') && m.contains(END));
            if is_last && new.last().is_some_and(|m| m.starts_with('Z')) {
                return;
            }
        }
        if !self.is_over {
            self.heard.messages.push("SILENCE".to_owned());
        }
    }
}

/// The second client of the proxy.
pub(crate) struct Other {
    raw: Raw,
    is_busy: bool,
}

impl Other {
    pub(crate) fn new(raw: Raw) -> Self {
        Self {
            raw,
            is_busy: false,
        }
    }

    /// Says something unless the last has not been answered: it may have to wait for a server
    /// that the first has.
    fn say(&mut self, which: usize) {
        while self.is_busy {
            match self.raw.next_within(Duration::from_millis(2)) {
                Heard::Message(message) => self.is_busy = message.tag != b'Z',
                Heard::Silence => return,
                Heard::End => panic!("the other client was thrown out"),
            }
        }
        let sql = texts::OTHERS[which];
        let bytes = match sql.contains(';') {
            false => [
                say::parse("s1", sql),
                say::bind("", "s1", &[]),
                say::execute("", 0),
                say::close("s1"),
                say::sync(),
            ]
            .concat(),
            true => say::query(sql),
        };
        self.raw.send(&bytes);
        self.is_busy = true;
    }
}

/// A message in full but for what differs from run to run by its nature: the process that notifies,
/// the place in PostgreSQL's sources that raised an error, and a name in a text about a statement's
/// parameters.
fn shown(message: &Message) -> Option<String> {
    let tag = char::from(message.tag);
    let body = &message.body;
    match message.tag {
        b'E' | b'N' => {
            let fields = Fields::new(body);
            let letters = b"SVCMDHPpqWstcdn".iter();
            let all: Vec<String> = letters
                .filter_map(|letter| {
                    let value = String::from_utf8_lossy(fields.field(*letter)?).into_owned();
                    Some(format!("{}={value}", char::from(*letter)))
                })
                .collect();
            let line = all.join(" ");
            Some(format!("{tag} {}", without_name(&line)))
        }
        b'S' if body.starts_with(b"in_hot_standby\0") => None,
        b'A' => Some(format!("{tag} {}", body[4..].escape_ascii())),
        b'D' | b'd' if 400 < body.len() => {
            let sum = body.iter().fold(0_u32, |sum, byte| {
                sum.wrapping_mul(31).wrapping_add(u32::from(*byte))
            });
            Some(format!("{tag} {} bytes, sum {sum}", body.len()))
        }
        _ => Some(format!("{tag} {}", body.escape_ascii())),
    }
}

/// `bind message supplies …, but prepared statement "x" requires …`: the server knows it by a name
/// of the proxy's. `unexpected message type 0x50 during COPY`: it may be one of the proxy's.
fn without_name(line: &str) -> String {
    let blanked = |before, after| {
        let (head, tail) = line.split_once(before)?;
        let (_, tail) = tail.split_once(after)?;
        Some(format!("{head}{before}…{after}{tail}"))
    };
    blanked("but prepared statement \"", "\"")
        .or_else(|| blanked("unexpected message type ", " during"))
        .unwrap_or_else(|| line.to_owned())
}

/// Both transcripts up to where they part, and a little beyond.
pub(crate) fn difference(direct: &Transcript, through: &Transcript) -> String {
    let pairs = direct.messages.iter().zip(&through.messages);
    let same = pairs.take_while(|(direct, through)| direct == through);
    let place = same.count();
    let tail = |transcript: &Transcript| {
        let rest = transcript.messages.iter().skip(place).take(6);
        rest.map(|m| format!("    {}\n", cut(m)))
            .collect::<String>()
    };
    let start = place.saturating_sub(8);
    let before = direct.messages[start..place].iter();
    let before: String = before.map(|m| format!("    {}\n", cut(m))).collect();
    format!(
        "  both, up to message {place}:\n{before}  then directly:\n{}  then through the proxy:\n{}",
        tail(direct),
        tail(through),
    )
}
