//! The side that proves: we log in with a server, by password or by the keys of a client's login.
//!
//! Own code rather than `postgres-protocol`'s, which knows neither keys nor an iteration count
//! over 100,000, and derives keys on the calling task.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::auth::scram::AuthMessage;
use crate::auth::scram::END_POINT;
use crate::auth::scram::EndPoint;
use crate::auth::scram::NONCE_BYTES;
use crate::auth::scram::SCRAM_SHA_256;
use crate::auth::scram::SCRAM_SHA_256_PLUS;
use crate::auth::scram::ScramKeys;
use crate::auth::scram::attributes::Attributes;
use crate::auth::scram::key_from_base64;
use crate::auth::scram::masked;
use crate::auth::scram::nonce_text;
use crate::auth::scram::stored_key;
use crate::auth::scram::verify::binding_text;
use crate::auth::secret::Secret;

/// Most PBKDF2 rounds that a server may ask for: half a second of one core.
///
/// The count comes before the server has proved anything.
pub const ITERATIONS_MAX: u32 = 1_000_000;

/// Why an exchange with a server failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// None of the mechanisms that we know.
    #[error("server offers no SASL mechanism that is known")]
    Mechanism,
    /// Not a SCRAM message.
    #[error("malformed SCRAM message from the server: {0}")]
    Malformed(&'static str),
    /// An answer to another nonce than ours.
    #[error("the server's SCRAM nonce does not start with ours")]
    Nonce,
    /// More rounds than we do.
    #[error("server asks for {iterations} SCRAM iterations, over the limit of {ITERATIONS_MAX}")]
    Iterations {
        /// What it asked for.
        iterations: u32,
    },
    /// The server said why, in SCRAM's words.
    #[error("server refused the SCRAM exchange: {0}")]
    Refused(String),
    /// It does not know the verifier.
    #[error("the server's SCRAM signature is wrong: it does not know this user's verifier")]
    Signature,
}

/// What proves who we are.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The password, of which keys are derived.
    Password(Secret),
    /// The keys.
    Keys(ScramKeys),
}

/// After SASLInitialResponse was sent: waits for the server's first message.
#[derive(Debug)]
pub struct Opened {
    proof: Proof,
    nonce: String,
    binding: Binding,
}

/// What to send in SASLInitialResponse.
#[derive(Debug)]
pub struct Initial {
    /// The mechanism's name.
    pub mechanism: &'static str,
    /// The client-first-message.
    pub message: String,
}

/// What to do after the server's first message.
#[derive(Debug)]
pub enum Next {
    /// Run this off the task: it takes milliseconds.
    Derive(Box<Derivation>),
    /// Send this in SASLResponse.
    Send(String, Proven),
}

/// The server's challenge to a password whose keys are not derived yet.
#[derive(Debug)]
pub struct Derivation {
    password: Secret,
    salt: Vec<u8>,
    iterations: u32,
    challenge: Challenge,
}

/// After SASLResponse was sent: waits for the server's signature.
#[derive(Debug)]
pub struct Proven {
    /// What the server must send.
    signature: String,
}

#[derive(Debug)]
struct Challenge {
    first_bare: String,
    server_first: String,
    nonce: String,
    binding: Binding,
}

#[derive(Debug)]
enum Binding {
    /// `n`: there is nothing to bind to.
    Without,
    /// `y`: there is, but the server did not offer it.
    NotOffered,
    /// `p`.
    EndPoint(EndPoint),
}

impl Binding {
    fn gs2_header(&self) -> String {
        match self {
            Self::Without => "n,,".to_owned(),
            Self::NotOffered => "y,,".to_owned(),
            Self::EndPoint(_) => format!("p={END_POINT},,"),
        }
    }

    fn final_text(&self) -> String {
        match self {
            Self::Without | Self::NotOffered => STANDARD.encode(self.gs2_header()),
            Self::EndPoint(end_point) => binding_text(end_point),
        }
    }
}

impl Opened {
    /// Starts with the mechanisms that the server offers. `end_point` is the hash of the
    /// certificate that the server showed, over TLS.
    ///
    /// # Errors
    /// `Mechanism` if it offers none that we know.
    pub fn new(
        offered: &[&[u8]],
        proof: Proof,
        random: [u8; NONCE_BYTES],
        end_point: Option<EndPoint>,
    ) -> Result<(Initial, Self), Fault> {
        let is_offered = |name: &str| offered.contains(&name.as_bytes());
        let (mechanism, binding) = match end_point {
            Some(end_point) if is_offered(SCRAM_SHA_256_PLUS) => {
                (SCRAM_SHA_256_PLUS, Binding::EndPoint(end_point))
            }
            Some(_) if is_offered(SCRAM_SHA_256) => (SCRAM_SHA_256, Binding::NotOffered),
            None if is_offered(SCRAM_SHA_256) => (SCRAM_SHA_256, Binding::Without),
            Some(_) | None => return Err(Fault::Mechanism),
        };
        let opened = Self {
            proof,
            nonce: nonce_text(random),
            binding,
        };
        let message = format!("{}{}", opened.binding.gs2_header(), opened.first_bare());
        Ok((Initial { mechanism, message }, opened))
    }

    /// The user name is left empty, as libpq does: the server takes the startup packet's.
    fn first_bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    /// Takes the data of AuthenticationSASLContinue.
    ///
    /// # Errors
    /// The login has failed.
    pub fn on_continue(self, data: &[u8]) -> Result<Next, Fault> {
        let first = ServerFirst::read(data)?;
        let is_ours = first.nonce.starts_with(&self.nonce) && self.nonce.len() < first.nonce.len();
        if !is_ours {
            return Err(Fault::Nonce);
        }
        let challenge = Challenge {
            first_bare: self.first_bare(),
            server_first: first.text.to_owned(),
            nonce: first.nonce.to_owned(),
            binding: self.binding,
        };
        match self.proof {
            Proof::Keys(keys) => Ok(challenge.prove(&keys)),
            Proof::Password(_) if ITERATIONS_MAX < first.iterations => Err(Fault::Iterations {
                iterations: first.iterations,
            }),
            Proof::Password(password) => Ok(Next::Derive(Box::new(Derivation {
                password,
                salt: first.salt,
                iterations: first.iterations,
                challenge,
            }))),
        }
    }
}

impl Derivation {
    /// Derives the keys and makes the proof: up to [`ITERATIONS_MAX`] rounds of PBKDF2.
    pub fn run(self) -> Next {
        let keys = ScramKeys::derive(self.password.as_bytes(), &self.salt, self.iterations);
        self.challenge.prove(&keys)
    }
}

impl Challenge {
    fn prove(self, keys: &ScramKeys) -> Next {
        let without_proof = format!("c={},r={}", self.binding.final_text(), self.nonce);
        let message = AuthMessage([
            self.first_bare.as_bytes(),
            self.server_first.as_bytes(),
            without_proof.as_bytes(),
        ]);
        let proof = masked(
            &keys.client_key,
            &message.sign(&stored_key(&keys.client_key)),
        );
        let signature = STANDARD.encode(message.sign(&keys.server_key).as_bytes());
        let proof = STANDARD.encode(proof.as_bytes());
        Next::Send(format!("{without_proof},p={proof}"), Proven { signature })
    }
}

impl Proven {
    /// Takes the data of AuthenticationSASLFinal: the server must know the verifier.
    ///
    /// # Errors
    /// It does not, or says that the login has failed.
    pub fn on_final(self, data: &[u8]) -> Result<(), Fault> {
        let mut attributes = Attributes::new(data);
        match attributes.next() {
            Some((b'e', reason)) => {
                Err(Fault::Refused(String::from_utf8_lossy(reason).into_owned()))
            }
            Some((b'v', signature)) if attributes.is_at_end() => {
                let expected = key_from_base64(&self.signature);
                let is_right = expected.is_some() && expected == key_from_base64(signature);
                is_right.then_some(()).ok_or(Fault::Signature)
            }
            _ => Err(Fault::Malformed("no signature")),
        }
    }
}

struct ServerFirst<'a> {
    text: &'a str,
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
}

impl<'a> ServerFirst<'a> {
    fn read(data: &'a [u8]) -> Result<Self, Fault> {
        let text = str::from_utf8(data).map_err(|_| Fault::Malformed("not text"))?;
        let mut attributes = Attributes::new(data);
        let nonce = attributes
            .value(b'r')
            .and_then(|nonce| str::from_utf8(nonce).ok())
            .ok_or(Fault::Malformed("no nonce"))?;
        let salt = attributes
            .value(b's')
            .and_then(|salt| STANDARD.decode(salt).ok())
            .ok_or(Fault::Malformed("no salt"))?;
        let iterations = attributes
            .value(b'i')
            .and_then(|count| str::from_utf8(count).ok()?.parse().ok())
            .filter(|count| *count != 0)
            .ok_or(Fault::Malformed("no iteration count"))?;
        if !attributes.is_at_end() {
            return Err(Fault::Malformed("garbage after the iteration count"));
        }
        Ok(Self {
            text,
            nonce,
            salt,
            iterations,
        })
    }
}

#[cfg(test)]
mod tests;
