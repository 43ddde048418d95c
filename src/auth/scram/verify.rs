//! The side that checks the proof: a client logs in with us.
//!
//! Follows PostgreSQL's `src/backend/libpq/auth-scram.c` in what is accepted, what is refused, and
//! the words of refusals.

use std::sync::Arc;

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
use crate::auth::scram::ScramVerifier;
use crate::auth::scram::attributes::Attributes;
use crate::auth::scram::key_from_base64;
use crate::auth::scram::masked;
use crate::auth::scram::nonce_text;
use crate::auth::scram::stored_key;
use crate::wire::client::string;

/// Why an exchange was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// A mechanism that was not offered.
    #[error("client selected an invalid SASL authentication mechanism")]
    Mechanism,
    /// Not a SCRAM message.
    #[error("malformed SCRAM message: {0}")]
    Malformed(&'static str),
    /// The client believes that we cannot bind channels: someone in between may have said so.
    #[error("SCRAM channel binding negotiation error")]
    Downgrade,
    /// Not `tls-server-end-point`.
    #[error("unsupported SCRAM channel-binding type")]
    BindingType,
    /// The client saw another certificate than ours.
    #[error("SCRAM channel binding check failed")]
    Binding,
    /// The flag at the end is not the one at the start.
    #[error("unexpected SCRAM channel-binding attribute in client-final-message")]
    BindingAttribute,
    /// An authorization identity, which PostgreSQL does not know.
    #[error("client uses authorization identity, but it is not supported")]
    AuthorizationIdentity,
    /// An extension that must be understood.
    #[error("client requires an unsupported SCRAM extension")]
    Extension,
    /// A nonce of other than printable characters.
    #[error("non-printable characters in SCRAM nonce")]
    NonceCharacters,
    /// An answer to another challenge.
    #[error("invalid SCRAM response: nonce does not match")]
    Nonce,
    /// The client does not know the password.
    #[error("the proof does not match the verifier")]
    Proof,
}

/// An exchange, by what the client sends next.
#[derive(Debug)]
pub enum Exchange {
    /// SASLInitialResponse.
    Initial(Opening),
    /// The client-first-message in a SASLResponse, as the initial response did not have it.
    First(Opening, Mechanism),
    /// The client-final-message.
    Final(Challenge),
}

/// What an exchange starts from.
#[derive(Debug)]
pub struct Opening {
    verifier: Arc<ScramVerifier>,
    nonce: String,
    end_point: Option<EndPoint>,
}

/// What the client chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// Without channel binding.
    Plain,
    /// With channel binding.
    Plus,
}

/// A challenge that was sent.
#[derive(Debug)]
pub struct Challenge {
    verifier: Arc<ScramVerifier>,
    client_first_bare: Box<[u8]>,
    server_first: String,
    nonce: Box<[u8]>,
    bound: Bound,
}

/// What the client's gs2 flag said, and so what its final message must repeat.
#[derive(Clone, Debug)]
enum Bound {
    /// `n`: it cannot or will not.
    Without,
    /// `y`: it could, but thinks that we cannot.
    Declined,
    /// `p`: to this certificate.
    EndPoint(EndPoint),
}

/// What to do after a message.
#[derive(Debug)]
pub enum Next {
    /// Send this in AuthenticationSASLContinue and wait for the next message.
    Continue(String, Exchange),
    /// The client is who it says: send this in AuthenticationSASLFinal.
    Passed(String, ScramKeys),
}

/// The mechanisms to offer, preferred first.
pub fn mechanisms(end_point: Option<&EndPoint>) -> &'static [&'static str] {
    match end_point {
        Some(_) => &[SCRAM_SHA_256_PLUS, SCRAM_SHA_256],
        None => &[SCRAM_SHA_256],
    }
}

impl Exchange {
    /// Starts after AuthenticationSASL was sent with [`mechanisms`] of the same `end_point`.
    pub fn new(
        verifier: Arc<ScramVerifier>,
        random: [u8; NONCE_BYTES],
        end_point: Option<EndPoint>,
    ) -> Self {
        Self::Initial(Opening {
            verifier,
            nonce: nonce_text(random),
            end_point,
        })
    }

    /// Takes the body of the client's next message.
    ///
    /// # Errors
    /// The exchange has failed; the client is told and closed.
    pub fn on_message(self, body: &[u8]) -> Result<Next, Fault> {
        match self {
            Self::Initial(opening) => {
                let (mechanism, first) = initial_response(body)?;
                let mechanism = opening.choose(mechanism)?;
                match first {
                    Some(first) => opening.on_first(mechanism, first),
                    None => Ok(Next::Continue(
                        String::new(),
                        Self::First(opening, mechanism),
                    )),
                }
            }
            Self::First(opening, mechanism) => opening.on_first(mechanism, body),
            Self::Final(challenge) => challenge.on_final(body),
        }
    }
}

/// Reads a SASLInitialResponse body: the mechanism's name and, unless it is left out, the
/// client-first-message.
fn initial_response(body: &[u8]) -> Result<(&[u8], Option<&[u8]>), Fault> {
    const FAULT: Fault = Fault::Malformed("not a SASLInitialResponse");
    let (mechanism, rest) = string(body, "SASLInitialResponse").map_err(|_| FAULT)?;
    let (length, first) = rest.split_first_chunk::<4>().ok_or(FAULT)?;
    match (i32::from_be_bytes(*length), first) {
        (-1, []) => Ok((mechanism, None)),
        (length, first) if usize::try_from(length).is_ok_and(|size| size == first.len()) => {
            Ok((mechanism, Some(first)))
        }
        _ => Err(FAULT),
    }
}

impl Opening {
    fn choose(&self, mechanism: &[u8]) -> Result<Mechanism, Fault> {
        if mechanism == SCRAM_SHA_256.as_bytes() {
            Ok(Mechanism::Plain)
        } else if mechanism == SCRAM_SHA_256_PLUS.as_bytes() && self.end_point.is_some() {
            Ok(Mechanism::Plus)
        } else {
            Err(Fault::Mechanism)
        }
    }

    fn on_first(self, mechanism: Mechanism, message: &[u8]) -> Result<Next, Fault> {
        let first = ClientFirst::read(message)?;
        let bound = self.bound(mechanism, first.flag)?;
        let mut nonce = first.nonce.to_vec();
        nonce.extend_from_slice(self.nonce.as_bytes());
        let server_first = format!(
            "r={},s={},i={}",
            String::from_utf8_lossy(&nonce),
            STANDARD.encode(&self.verifier.salt),
            self.verifier.iterations
        );
        let challenge = Challenge {
            verifier: self.verifier,
            client_first_bare: first.bare.into(),
            server_first: server_first.clone(),
            nonce: nonce.into(),
            bound,
        };
        Ok(Next::Continue(server_first, Exchange::Final(challenge)))
    }

    fn bound(&self, mechanism: Mechanism, flag: Flag<'_>) -> Result<Bound, Fault> {
        match (flag, mechanism) {
            (Flag::Without | Flag::Declined, Mechanism::Plus) => Err(Fault::Malformed(
                "SCRAM-SHA-256-PLUS without channel binding data",
            )),
            (Flag::Without, Mechanism::Plain) => Ok(Bound::Without),
            (Flag::Declined, Mechanism::Plain) if self.end_point.is_some() => Err(Fault::Downgrade),
            (Flag::Declined, Mechanism::Plain) => Ok(Bound::Declined),
            (Flag::Bound(_), Mechanism::Plain) => Err(Fault::Malformed(
                "channel binding data without SCRAM-SHA-256-PLUS",
            )),
            (Flag::Bound(kind), Mechanism::Plus) => match &self.end_point {
                Some(end_point) if kind == END_POINT.as_bytes() => {
                    Ok(Bound::EndPoint(end_point.clone()))
                }
                Some(_) | None => Err(Fault::BindingType),
            },
        }
    }
}

/// The gs2 flag of a client-first-message.
#[derive(Clone, Copy, Debug)]
enum Flag<'a> {
    Without,
    Declined,
    Bound(&'a [u8]),
}

struct ClientFirst<'a> {
    flag: Flag<'a>,
    bare: &'a [u8],
    nonce: &'a [u8],
}

impl<'a> ClientFirst<'a> {
    fn read(message: &'a [u8]) -> Result<Self, Fault> {
        const FLAG: Fault = Fault::Malformed("no channel-binding flag");
        let mut parts = message.splitn(3, |byte| *byte == b',');
        let flag = match parts.next() {
            Some(b"n") => Flag::Without,
            Some(b"y") => Flag::Declined,
            Some([b'p', b'=', kind @ ..]) => Flag::Bound(kind),
            _ => return Err(FLAG),
        };
        match parts.next() {
            Some(b"") => (),
            Some([b'a', ..]) => return Err(Fault::AuthorizationIdentity),
            _ => return Err(Fault::Malformed("no comma after the flag")),
        }
        let bare = parts.next().ok_or(Fault::Malformed("no user name"))?;
        let mut attributes = Attributes::new(bare);
        if attributes.peek() == Some(b'm') {
            return Err(Fault::Extension);
        }
        attributes
            .value(b'n')
            .ok_or(Fault::Malformed("no user name"))?;
        let nonce = attributes.value(b'r').ok_or(Fault::Malformed("no nonce"))?;
        if !nonce.iter().all(u8::is_ascii_graphic) {
            return Err(Fault::NonceCharacters);
        }
        while !attributes.is_at_end() {
            attributes
                .next()
                .ok_or(Fault::Malformed("not an attribute after the nonce"))?;
        }
        Ok(Self { flag, bare, nonce })
    }
}

impl Challenge {
    fn on_final(self, message: &[u8]) -> Result<Next, Fault> {
        let last = ClientFinal::read(message)?;
        self.check_binding(last.binding)?;
        if last.nonce != &*self.nonce {
            return Err(Fault::Nonce);
        }
        let message = AuthMessage([
            &self.client_first_bare,
            self.server_first.as_bytes(),
            last.without_proof,
        ]);
        let proof = key_from_base64(last.proof).ok_or(Fault::Malformed("proof of wrong size"))?;
        let client_key = masked(&proof, &message.sign(&self.verifier.stored_key));
        if stored_key(&client_key) != self.verifier.stored_key {
            return Err(Fault::Proof);
        }
        let signature = message.sign(&self.verifier.server_key);
        let server_key = self.verifier.server_key.clone();
        Ok(Next::Passed(
            format!("v={}", STANDARD.encode(signature.as_bytes())),
            ScramKeys {
                client_key,
                server_key,
            },
        ))
    }

    fn check_binding(&self, sent: &[u8]) -> Result<(), Fault> {
        match &self.bound {
            Bound::Without if sent == STANDARD.encode("n,,").as_bytes() => Ok(()),
            Bound::Declined if sent == STANDARD.encode("y,,").as_bytes() => Ok(()),
            Bound::Without | Bound::Declined => Err(Fault::BindingAttribute),
            Bound::EndPoint(end_point) if sent == binding_text(end_point).as_bytes() => Ok(()),
            Bound::EndPoint(_) => Err(Fault::Binding),
        }
    }
}

/// The `c=` value of a login that is bound to a certificate.
pub(super) fn binding_text(EndPoint(hash): &EndPoint) -> String {
    let mut data = format!("p={END_POINT},,").into_bytes();
    data.extend_from_slice(hash);
    STANDARD.encode(data)
}

struct ClientFinal<'a> {
    binding: &'a [u8],
    nonce: &'a [u8],
    proof: &'a [u8],
    without_proof: &'a [u8],
}

impl<'a> ClientFinal<'a> {
    fn read(message: &'a [u8]) -> Result<Self, Fault> {
        let mut attributes = Attributes::new(message);
        let binding = attributes
            .value(b'c')
            .ok_or(Fault::Malformed("no channel binding"))?;
        let nonce = attributes.value(b'r').ok_or(Fault::Malformed("no nonce"))?;
        let proof = loop {
            match attributes.next() {
                Some((b'p', proof)) if attributes.is_at_end() => break proof,
                Some((b'p', _)) => return Err(Fault::Malformed("garbage after the proof")),
                Some(_) => (),
                None => return Err(Fault::Malformed("no proof")),
            }
        };
        let proof_bytes = b",p=".len() + proof.len();
        let without_proof = message
            .len()
            .checked_sub(proof_bytes)
            .and_then(|end| message.get(..end))
            .ok_or(Fault::Malformed("no proof"))?;
        Ok(Self {
            binding,
            nonce,
            proof,
            without_proof,
        })
    }
}

#[cfg(test)]
mod tests;
