//! The rules of an HBA file: who may log in from where, and how. Without IO.
//!
//! The format is that of PostgreSQL's pg_hba.conf as far as PgBouncer has it:
//! <https://www.pgbouncer.org/config.html#hba-file-format>. A line that is not understood is left
//! out and told of; the others hold.

mod network;

use std::net::IpAddr;

use crate::auth::fields::Broken;
use crate::auth::fields::Field;
use crate::auth::fields::Word;
use crate::auth::fields::fields;
use crate::auth::fields::only;
use crate::auth::hba::network::Network;
use crate::auth::ident::Maps;

/// The rules of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hba {
    /// The first one that fits decides.
    pub rules: Vec<Rule>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The line, from 1.
    pub line: usize,
    /// How clients of this rule prove who they are.
    pub method: Method,
    /// The map of the ident file by which the name that a certificate or the system gives is
    /// compared; `None`: it must be the user's own.
    pub map: Option<String>,
    /// What else is set for the method, as `name` and value: only LDAP has such.
    pub options: Vec<(String, String)>,
    way: Way,
    databases: Vec<Name>,
    users: Vec<Name>,
    /// `None`: every address.
    network: Option<Network>,
}

/// How clients of a rule prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Trust,
    /// They may not log in.
    Reject,
    /// By the password in plain text.
    Plain,
    /// By an md5 digest, or by SCRAM.
    Md5,
    /// By SCRAM-SHA-256.
    Scram,
    /// By the certificate of their TLS.
    Certificate,
    /// By the user of the system that is at the other end of the Unix socket.
    Peer,
    /// By what an LDAP server says of the password.
    Ldap,
}

/// Who wants to log in to what, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// The database asked for.
    pub database: &'a str,
    /// The user that the client says it is.
    pub user: &'a str,
    /// What is asked for is physical replication, not the database.
    pub is_replication: bool,
    /// Where the client is; `None`: at the Unix socket.
    pub address: Option<IpAddr>,
    /// Whether TLS is on.
    pub is_tls: bool,
}

/// The kind of connections that a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Local,
    Host,
    HostTls,
    HostNoTls,
}

/// A database or a user, or which of them are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    All,
    SameUser,
    Replication,
    Just(String),
}

impl Hba {
    /// The rules in `text`, and the lines that are not understood.
    ///
    /// `read` gives the text of the file that is named by `@file`, and `maps` are those that
    /// `map=` may name.
    pub fn parse(
        text: &str,
        maps: &Maps,
        mut read: impl FnMut(&str) -> Result<String, String>,
    ) -> (Self, Vec<Broken>) {
        let (mut rules, mut broken) = (Vec::new(), Vec::new());
        for (i, text) in text.lines().enumerate() {
            let mut line = Line {
                number: i + 1,
                maps,
                read: &mut read,
            };
            match line.rule(text) {
                Ok(rule) => rules.extend(rule),
                Err(message) => broken.push(Broken {
                    line: i + 1,
                    message,
                }),
            }
        }
        (Self { rules }, broken)
    }

    /// The rule that `connection` comes under; `None`: it may not log in.
    pub fn rule(&self, connection: &Connection<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(connection))
    }
}

impl Rule {
    fn fits(&self, connection: &Connection<'_>) -> bool {
        let is_way = match (self.way, connection.address) {
            (Way::Local, address) => address.is_none(),
            (Way::Host, address) => address.is_some(),
            (Way::HostTls, address) => address.is_some() && connection.is_tls,
            (Way::HostNoTls, address) => address.is_some() && !connection.is_tls,
        };
        let is_from = match (&self.network, connection.address) {
            (Some(network), Some(address)) => network.has(address),
            (Some(_), None) => false,
            (None, _) => true,
        };
        is_way
            && is_from
            && self.databases.iter().any(|n| n.is_database(connection))
            && self.users.iter().any(|n| n.is_user(connection))
    }
}

impl Name {
    fn is_database(&self, connection: &Connection<'_>) -> bool {
        match self {
            Self::Replication => connection.is_replication,
            // Physical replication is of no database in particular: only its own word names it.
            Self::All | Self::SameUser | Self::Just(_) if connection.is_replication => false,
            Self::All => true,
            Self::SameUser => connection.database == connection.user,
            Self::Just(name) => name == connection.database,
        }
    }

    fn is_user(&self, connection: &Connection<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Just(name) => name == connection.user,
            Self::SameUser | Self::Replication => false,
        }
    }
}

/// A line while it is read.
struct Line<'a, R> {
    number: usize,
    maps: &'a Maps,
    read: &'a mut R,
}

/// What names a list stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Databases,
    Users,
}

impl<R: FnMut(&str) -> Result<String, String>> Line<'_, R> {
    /// The rule of a line, if there is one in it.
    fn rule(&mut self, text: &str) -> Result<Option<Rule>, String> {
        let found = fields(text).ok_or_else(|| self.says("unterminated quoted string"))?;
        let mut fields = found.into_iter();
        let Some(way) = fields.next() else {
            return Ok(None);
        };
        let way = self.way(&way)?;
        let databases = self.names(fields.next(), Of::Databases)?;
        let users = self.names(fields.next(), Of::Users)?;
        let network = match way {
            Way::Local => None,
            Way::Host | Way::HostTls | Way::HostNoTls => self.network(&mut fields)?,
        };
        let method = self.method(fields.next())?;
        let mut rule = Rule {
            line: self.number,
            method,
            map: None,
            options: Vec::new(),
            way,
            databases,
            users,
            network,
        };
        for field in fields {
            self.option(&field, &mut rule)?;
        }
        Ok(Some(rule))
    }

    fn says(&self, what: &str) -> String {
        format!("hba line {}: {what}", self.number)
    }

    fn way(&self, field: &Field) -> Result<Way, String> {
        match keyword(field) {
            Some("local") => Ok(Way::Local),
            Some("host") => Ok(Way::Host),
            Some("hostssl") => Ok(Way::HostTls),
            Some("hostnossl") => Ok(Way::HostNoTls),
            Some(_) | None => Err(self.says("unknown type")),
        }
    }

    fn names(&mut self, field: Option<Field>, of: Of) -> Result<Vec<Name>, String> {
        let field = field.ok_or_else(|| self.says("a list of names is missing"))?;
        let mut found = Vec::new();
        for word in field {
            if let Some(file) = word.text.strip_prefix('@').filter(|_| !word.is_quoted) {
                found.extend(self.names_in(file)?);
            } else {
                found.push(self.name(word, of)?);
            }
        }
        Ok(found)
    }

    fn name(&self, word: Word, of: Of) -> Result<Name, String> {
        match (word.text.as_str(), of) {
            _ if word.is_quoted => Ok(Name::Just(word.text)),
            (group, _) if group.starts_with('+') => Err(self.says("groups are not supported")),
            ("all", _) => Ok(Name::All),
            ("sameuser", Of::Databases) => Ok(Name::SameUser),
            ("replication", Of::Databases) => Ok(Name::Replication),
            (group @ ("samerole" | "samegroup"), Of::Databases) => {
                Err(self.says(&format!("{group} is not supported")))
            }
            _ => Ok(Name::Just(word.text)),
        }
    }

    /// The names that stand in a file, apart from each other by blanks, commas or lines.
    fn names_in(&mut self, file: &str) -> Result<Vec<Name>, String> {
        let text = (self.read)(file).map_err(|problem| self.says(&problem))?;
        let mut found = Vec::new();
        for line in text.lines() {
            let names = fields(line).ok_or_else(|| self.says("unterminated quoted string"))?;
            let words = names.into_iter().flatten();
            found.extend(words.map(|word| Name::Just(word.text)));
        }
        Ok(found)
    }

    /// The address, with its mask if that is a field of its own; `None`: every address.
    fn network(&self, fields: &mut impl Iterator<Item = Field>) -> Result<Option<Network>, String> {
        let field = fields.next();
        let Some(word) = field.as_ref().and_then(only) else {
            return Err(self.says("did not find address"));
        };
        if word.text == "all" && !word.is_quoted {
            return Ok(None);
        }
        if let Some((address, bits)) = word.text.split_once('/') {
            let network = Network::with_bits(address, bits);
            return network.map(Some).map_err(|what| self.says(&what));
        }
        let mask = fields.next();
        let Some(mask) = mask.as_ref().and_then(only) else {
            return Err(self.says("did not find mask"));
        };
        let network = Network::with_mask(&word.text, &mask.text);
        network.map(Some).map_err(|what| self.says(&what))
    }

    fn method(&self, field: Option<Field>) -> Result<Method, String> {
        let word = field.as_ref().and_then(keyword);
        let method = match word {
            Some("trust") => Method::Trust,
            Some("reject") => Method::Reject,
            Some("password") => Method::Plain,
            Some("md5") => Method::Md5,
            Some("scram-sha-256") => Method::Scram,
            Some("cert") => Method::Certificate,
            Some("peer") => Method::Peer,
            Some("ldap") => Method::Ldap,
            Some(_) | None => {
                let name = word.unwrap_or_default();
                return Err(self.says(&format!("unsupported method: buf={name}")));
            }
        };
        Ok(method)
    }

    fn option(&self, field: &Field, rule: &mut Rule) -> Result<(), String> {
        let word = only(field).map_or("", |w| w.text.as_str());
        let Some((name, value)) = word.split_once('=') else {
            let what = format!("Ident map {word} is malformed. It is not in map=value format.");
            return Err(self.says(&what));
        };
        // Methods that have no use for a map may have one all the same.
        if name == "map" {
            if !self.maps.has(value) {
                let what = format!("Ident map {value} is not found in ident config file");
                return Err(self.says(&what));
            }
            rule.map = Some(value.to_owned());
            return Ok(());
        }
        if rule.method == Method::Ldap {
            rule.options.push((name.to_owned(), value.to_owned()));
            return Ok(());
        }
        Err(self.says("unsupported parameters"))
    }
}

/// The only word of a field, if it is not in quotes.
fn keyword(field: &Field) -> Option<&str> {
    only(field)
        .filter(|w| !w.is_quoted)
        .map(|w| w.text.as_str())
}

#[cfg(test)]
mod tests;
