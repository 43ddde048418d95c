//! We prove who we are to a server: what its authentication requests are answered with. Without
//! IO; `server::login` drives it.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::auth::md5::Md5Hash;
use crate::auth::scram::EndPoint;
use crate::auth::scram::NONCE_BYTES;
use crate::auth::scram::ScramKeys;
use crate::auth::scram::prove;
use crate::auth::secret::Secret;
use crate::error::Blame;
use crate::error::Error as CrateError;
use crate::sqlstate::SqlState;
use crate::wire::client::string;

/// With what we log in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credential {
    /// With nothing: the server must trust us.
    #[default]
    None,
    /// With the password, whatever the server asks for.
    Password(Secret),
    /// With a stored md5 digest; good for md5 only.
    Md5(Md5Hash),
    /// With the keys of a client's own login; good for SCRAM only.
    Scram(ScramKeys),
}

/// Who we are.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The user.
    pub user: String,
    /// What proves it.
    pub credential: Credential,
    /// The hash of the certificate that the server showed, over TLS.
    pub end_point: Option<EndPoint>,
    /// Random bytes for SCRAM.
    pub nonce: [u8; NONCE_BYTES],
}

/// A login under way: waits for the server's next authentication message.
#[derive(Debug)]
pub enum ServerLogin {
    /// Nothing was asked yet.
    New(Identity),
    /// A password or digest was sent.
    Sent,
    /// The client-first-message was sent.
    Opened(prove::Opened),
    /// The proof was sent.
    Proven(prove::Proven),
    /// The server has shown that it knows the verifier.
    Verified,
}

/// What to do next.
#[derive(Debug)]
pub enum Verdict {
    /// Send this and wait for the next authentication message.
    Send(Reply, ServerLogin),
    /// Wait for the next authentication message.
    Wait(ServerLogin),
    /// Run this off the task: it takes milliseconds.
    Derive(Box<prove::Derivation>),
    /// We are logged in.
    Passed,
}

/// An answer to send.
#[derive(Debug)]
pub enum Reply {
    /// PasswordMessage; without its final zero byte.
    Password(Zeroizing<Vec<u8>>),
    /// SASLInitialResponse.
    SaslInitial(prove::Initial),
    /// SASLResponse.
    Sasl(String),
}

/// Why a login with a server cannot go on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// We have nothing to answer with.
    #[error("server asks user \"{user}\" for {asked}, which is not known here")]
    NoCredential {
        /// Who we are.
        user: String,
        /// What it asked for.
        asked: &'static str,
    },
    /// GSSAPI, SSPI and the like.
    #[error("server asks for authentication method {code}, which is not supported")]
    Method {
        /// The code in its message.
        code: u32,
    },
    /// A message out of order.
    #[error("server sent authentication message {code} out of order")]
    Order {
        /// The code in its message.
        code: u32,
    },
    /// A message that cannot be read.
    #[error("malformed Authentication message")]
    Malformed,
    /// The SCRAM exchange failed.
    #[error("{0}")]
    Scram(#[from] prove::Fault),
}

impl From<Fault> for CrateError {
    fn from(fault: Fault) -> Self {
        let (blame, sqlstate) = match &fault {
            // Clients hear PgBouncer's words; what was asked for is for the log.
            Fault::NoCredential { .. } => {
                let said = "server login failed: wrong password type";
                return Self::new(Blame::Proxy, SqlState::PROTOCOL, said).because(fault);
            }
            Fault::Method { .. } => (Blame::Server, SqlState::NOT_SUPPORTED),
            Fault::Order { .. } | Fault::Malformed => (Blame::Server, SqlState::PROTOCOL),
            Fault::Scram(_) => (Blame::Server, SqlState::NOT_AUTHORIZED),
        };
        Self::new(blame, sqlstate, fault.to_string())
    }
}

const OK: u32 = 0;
const CLEARTEXT: u32 = 3;
const MD5: u32 = 5;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

impl ServerLogin {
    /// Takes the body of the server's authentication message.
    ///
    /// # Errors
    /// The connection is of no use and is closed.
    pub fn on_message(self, body: &[u8]) -> Result<Verdict, Fault> {
        let (code, data) = body.split_first_chunk::<4>().ok_or(Fault::Malformed)?;
        let code = u32::from_be_bytes(*code);
        match (self, code) {
            // A server that trusts us asks nothing, but one that asked for SCRAM must prove itself.
            (Self::New(_) | Self::Sent | Self::Verified, OK) => Ok(Verdict::Passed),
            (Self::New(identity), CLEARTEXT) => identity.on_cleartext(),
            (Self::New(identity), MD5) => identity.on_md5(data),
            (Self::New(identity), SASL) => identity.on_sasl(data),
            (Self::New(_), 2 | 6..=9) => Err(Fault::Method { code }),
            (Self::Opened(opened), SASL_CONTINUE) => Ok(opened.on_continue(data)?.into()),
            (Self::Proven(proven), SASL_FINAL) => {
                proven.on_final(data)?;
                Ok(Verdict::Wait(Self::Verified))
            }
            (
                Self::New(_) | Self::Sent | Self::Opened(_) | Self::Proven(_) | Self::Verified,
                code,
            ) => Err(Fault::Order { code }),
        }
    }
}

impl From<prove::Next> for Verdict {
    fn from(next: prove::Next) -> Self {
        match next {
            prove::Next::Derive(derivation) => Self::Derive(derivation),
            prove::Next::Send(message, proven) => {
                Self::Send(Reply::Sasl(message), ServerLogin::Proven(proven))
            }
        }
    }
}

impl Identity {
    fn on_cleartext(self) -> Result<Verdict, Fault> {
        match self.credential {
            Credential::Password(secret) => Ok(send_password(secret.as_bytes().to_vec().into())),
            Credential::None | Credential::Md5(_) | Credential::Scram(_) => {
                Err(no_credential(self.user, "a password"))
            }
        }
    }

    fn on_md5(self, data: &[u8]) -> Result<Verdict, Fault> {
        let salt = data.try_into().map_err(|_| Fault::Malformed)?;
        let hash = match self.credential {
            Credential::Password(secret) => Md5Hash::of(&self.user, secret.as_bytes()),
            Credential::Md5(hash) => hash,
            Credential::None | Credential::Scram(_) => {
                return Err(no_credential(self.user, "an md5 digest"));
            }
        };
        Ok(send_password(hash.answer(salt)))
    }

    fn on_sasl(self, data: &[u8]) -> Result<Verdict, Fault> {
        let proof = match self.credential {
            Credential::Password(secret) => prove::Proof::Password(secret),
            Credential::Scram(keys) => prove::Proof::Keys(keys),
            Credential::None | Credential::Md5(_) => {
                return Err(no_credential(self.user, "a SCRAM password"));
            }
        };
        let offered = mechanisms(data)?;
        let (initial, opened) = prove::Opened::new(&offered, proof, self.nonce, self.end_point)?;
        Ok(Verdict::Send(
            Reply::SaslInitial(initial),
            ServerLogin::Opened(opened),
        ))
    }
}

fn no_credential(user: String, asked: &'static str) -> Fault {
    Fault::NoCredential { user, asked }
}

fn send_password(password: Zeroizing<Vec<u8>>) -> Verdict {
    Verdict::Send(Reply::Password(password), ServerLogin::Sent)
}

/// Reads the mechanisms' names: strings, and an empty one at the end.
fn mechanisms(mut data: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let mut names = Vec::new();
    loop {
        match string(data, "AuthenticationSASL").map_err(|_| Fault::Malformed)? {
            (b"", []) => return Ok(names),
            (b"", _) => return Err(Fault::Malformed),
            (name, rest) => {
                names.push(name);
                data = rest;
            }
        }
    }
}

#[cfg(test)]
mod tests;
