//! A client proves who it is: what to ask, what its answers mean. Without IO; `client::login`
//! drives it.

use std::sync::Arc;

use subtle::ConstantTimeEq;

use crate::auth::ident::Maps;
use crate::auth::md5::Md5Hash;
use crate::auth::mock::Mock;
use crate::auth::refusal::Refusal;
use crate::auth::scram::EndPoint;
use crate::auth::scram::NONCE_BYTES;
use crate::auth::scram::ScramKeys;
use crate::auth::scram::ScramVerifier;
use crate::auth::scram::verify;
use crate::auth::secret::Secret;
use crate::auth::verifier::Plain;
use crate::auth::verifier::Verifier;
use crate::wire::client::string;

/// How a client is to prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all, but the user must be known.
    Trust,
    /// By the password in plain text.
    Plain,
    /// By an md5 digest; by SCRAM where the stored secret is a SCRAM verifier.
    Md5,
    /// By SCRAM-SHA-256.
    Scram,
    /// By the certificate of its TLS, made out to the user or to a name that may be the user.
    Certificate,
    /// By the user of the system that is at the other end of the Unix socket.
    Peer,
}

/// Who wants to log in.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// The name from the startup packet.
    pub user: &'a str,
    /// Whether it is known, and what is stored of it.
    pub account: Account<'a>,
    /// The name that something else than the client vouches for: the common name of its
    /// certificate, which was checked against our authorities, or the name that the system gives.
    pub vouched_name: Option<&'a str>,
    /// By which of which maps that name is compared; `None`: it must be the user's own.
    pub map: Option<(&'a Maps, &'a str)>,
    /// What SCRAM can bind to: the certificate that we showed.
    pub end_point: Option<&'a EndPoint>,
}

/// What is known of a user.
#[derive(Clone, Copy, Debug)]
pub enum Account<'a> {
    /// There is no such user.
    Unknown,
    /// There is, but no secret of it is stored.
    WithoutSecret,
    /// Its stored secret.
    Stored(&'a Verifier),
}

/// Random bytes of one login.
#[derive(Clone, Copy, Debug)]
pub struct Random {
    /// For SCRAM.
    pub nonce: [u8; NONCE_BYTES],
    /// For md5.
    pub salt: [u8; 4],
}

/// A login under way: waits for the client's next password message.
#[derive(Debug)]
pub struct ClientLogin {
    user: String,
    state: State,
}

#[derive(Debug)]
enum State {
    Plain(Verifier),
    Md5(Md5Hash, [u8; 4]),
    Scram(verify::Exchange),
}

/// What to do next.
#[derive(Debug)]
pub enum Verdict {
    /// Send this and pass the body of the password message that comes back.
    Ask(Ask, ClientLogin),
    /// Run this off the task: it takes milliseconds.
    Derive(Box<Derivation>),
    /// Send this SASL data, if there is any, and AuthenticationOk.
    Passed(Option<String>, Proof),
}

/// An authentication request to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// AuthenticationCleartextPassword.
    Plain,
    /// AuthenticationMD5Password.
    Md5([u8; 4]),
    /// AuthenticationSASL with these mechanisms.
    Sasl(&'static [&'static str]),
    /// AuthenticationSASLContinue.
    SaslContinue(String),
}

/// What a client has shown, with which we may log in with servers in its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing that is of use to others.
    None,
    /// Its password.
    Password(Secret),
    /// The digest that is stored of its password.
    Md5(Md5Hash),
    /// The keys of its password, good for servers with the same verifier.
    Scram(ScramKeys),
}

impl ClientLogin {
    /// Decides what to ask of a client.
    ///
    /// # Errors
    /// It is refused before anything is asked.
    pub fn start(
        method: Method,
        guest: &Guest<'_>,
        mock: &Mock,
        random: Random,
    ) -> Result<Verdict, Refusal> {
        let user = guest.user.to_owned();
        match method {
            Method::Trust => pass_if(guest.is_known(), Refusal::Trust),
            Method::Certificate => pass_if(guest.is_vouched(), Refusal::Certificate),
            Method::Peer => pass_if(guest.is_vouched(), Refusal::Peer),
            Method::Plain => {
                let state = State::Plain(guest.verifier(mock));
                Ok(Verdict::Ask(Ask::Plain, Self { user, state }))
            }
            Method::Md5 => match guest.verifier(mock) {
                Verifier::Scram(verifier) => Ok(guest.ask_scram(verifier, random)),
                Verifier::Md5(hash) => Ok(guest.ask_md5(hash, random.salt)),
                Verifier::Plain(plain) => {
                    let hash = Md5Hash::of(guest.user, plain.secret().as_bytes());
                    Ok(guest.ask_md5(hash, random.salt))
                }
            },
            Method::Scram => Ok(guest.start_scram(mock, random)),
        }
    }

    /// Takes the body of the client's password message.
    ///
    /// # Errors
    /// It is refused; it is told and closed.
    pub fn on_message(self, body: &[u8]) -> Result<Verdict, Refusal> {
        let user = self.user;
        match self.state {
            State::Plain(verifier) => on_password(&user, verifier, password(body)?),
            State::Md5(hash, salt) => hash
                .is_answer(salt, password(body)?)
                .then_some(PASSED)
                .ok_or(Refusal::Password),
            State::Scram(exchange) => match exchange.on_message(body) {
                Ok(verify::Next::Continue(data, exchange)) => {
                    let state = State::Scram(exchange);
                    Ok(Verdict::Ask(Ask::SaslContinue(data), Self { user, state }))
                }
                Ok(verify::Next::Passed(data, keys)) => {
                    Ok(Verdict::Passed(Some(data), Proof::Scram(keys)))
                }
                Err(fault) => Err(Refusal::Scram(fault)),
            },
        }
    }
}

impl Guest<'_> {
    fn is_known(&self) -> bool {
        match self.account {
            Account::Unknown => false,
            Account::WithoutSecret | Account::Stored(_) => true,
        }
    }

    /// Whether who else vouches for the client says that it may be this user, whom we know.
    fn is_vouched(&self) -> bool {
        let is_user = |name: &str| match self.map {
            None => name == self.user,
            Some((maps, map)) => maps.allows(map, name, self.user),
        };
        self.vouched_name.is_some_and(is_user) && self.is_known()
    }

    /// What is stored, or what stands in for it.
    fn verifier(&self, mock: &Mock) -> Verifier {
        match self.account {
            Account::Stored(verifier) => verifier.clone(),
            Account::Unknown | Account::WithoutSecret => mock.verifier(self.user),
        }
    }

    fn ask_md5(&self, hash: Md5Hash, salt: [u8; 4]) -> Verdict {
        let login = ClientLogin {
            user: self.user.to_owned(),
            state: State::Md5(hash, salt),
        };
        Verdict::Ask(Ask::Md5(salt), login)
    }

    fn start_scram(&self, mock: &Mock, random: Random) -> Verdict {
        match self.account {
            Account::Stored(Verifier::Scram(verifier)) => {
                self.ask_scram(Arc::clone(verifier), random)
            }
            Account::Stored(Verifier::Plain(plain)) => match plain.derived() {
                Some(verifier) => self.ask_scram(Arc::clone(verifier), random),
                None => Verdict::Derive(Box::new(Derivation::Own {
                    plain: plain.clone(),
                    salt: mock.salt(self.user),
                    iterations: mock.iterations(),
                    user: self.user.to_owned(),
                    end_point: self.end_point.cloned(),
                    random,
                })),
            },
            // An md5 digest is of no use for SCRAM: the exchange fails, as in PostgreSQL.
            Account::Stored(Verifier::Md5(_)) | Account::Unknown | Account::WithoutSecret => {
                self.ask_scram(mock.scram(self.user), random)
            }
        }
    }

    fn ask_scram(&self, verifier: Arc<ScramVerifier>, random: Random) -> Verdict {
        ask_scram(self.user, verifier, self.end_point.cloned(), random)
    }
}

/// Nothing is to be asked, and nothing was shown.
const PASSED: Verdict = Verdict::Passed(None, Proof::None);

fn pass_if(is_right: bool, refusal: Refusal) -> Result<Verdict, Refusal> {
    is_right.then_some(PASSED).ok_or(refusal)
}

fn ask_scram(
    user: &str,
    verifier: Arc<ScramVerifier>,
    end_point: Option<EndPoint>,
    random: Random,
) -> Verdict {
    let ask = Ask::Sasl(verify::mechanisms(end_point.as_ref()));
    let exchange = verify::Exchange::new(verifier, random.nonce, end_point);
    let login = ClientLogin {
        user: user.to_owned(),
        state: State::Scram(exchange),
    };
    Verdict::Ask(ask, login)
}

/// Key derivation that a login waits for.
#[derive(Debug)]
pub enum Derivation {
    /// The SCRAM verifier of a stored password, which then stays with it.
    Own {
        /// The stored password.
        plain: Plain,
        /// The salt to use.
        salt: [u8; 16],
        /// Rounds of PBKDF2.
        iterations: u32,
        /// Who logs in.
        user: String,
        /// What SCRAM can bind to.
        end_point: Option<EndPoint>,
        /// Random bytes of the login.
        random: Random,
    },
    /// The keys of a password that came in plain text, to be checked against a verifier.
    Sent {
        /// The password.
        password: Secret,
        /// What it must fit.
        verifier: Arc<ScramVerifier>,
    },
}

impl Derivation {
    /// Derives, and says what to do next.
    ///
    /// # Errors
    /// The password was wrong.
    pub fn run(self) -> Result<Verdict, Refusal> {
        match self {
            Self::Own {
                plain,
                salt,
                iterations,
                user,
                end_point,
                random,
            } => {
                let verifier = Arc::clone(plain.derive(&salt, iterations));
                Ok(ask_scram(&user, verifier, end_point, random))
            }
            Self::Sent { password, verifier } => {
                let (salt, iterations) = (&verifier.salt, verifier.iterations);
                let derived = ScramVerifier::derive(password.as_bytes(), salt, iterations);
                if derived.stored_key == verifier.stored_key {
                    Ok(Verdict::Passed(None, Proof::Password(password)))
                } else {
                    Err(Refusal::Password)
                }
            }
        }
    }
}

/// Reads a PasswordMessage body.
fn password(body: &[u8]) -> Result<&[u8], Refusal> {
    match string(body, "PasswordMessage") {
        Ok((b"", [])) => Err(Refusal::EmptyPassword),
        Ok((password, [])) => Ok(password),
        Ok(_) | Err(_) => Err(Refusal::PasswordSize),
    }
}

fn on_password(user: &str, verifier: Verifier, sent: &[u8]) -> Result<Verdict, Refusal> {
    let password = Secret::from(sent);
    let is_right = match verifier {
        Verifier::Scram(verifier) => {
            return Ok(Verdict::Derive(Box::new(Derivation::Sent {
                password,
                verifier,
            })));
        }
        Verifier::Plain(plain) => plain.secret().as_bytes().ct_eq(sent).into(),
        Verifier::Md5(hash) => Md5Hash::of(user, sent) == hash,
    };
    if is_right {
        Ok(Verdict::Passed(None, Proof::Password(password)))
    } else {
        Err(Refusal::Password)
    }
}

#[cfg(test)]
mod tests;
