//! What a throwaway cluster is to be like.

use std::path::PathBuf;

/// How clients over TCP prove who they are. Unix sockets are always trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Not at all.
    Trust,
    /// By a password in clear text.
    Password,
    /// By an MD5 digest of the password.
    Md5,
    /// By SCRAM-SHA-256.
    Scram,
}

/// TLS files of the nodes, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate chain of the nodes.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority that client certificates must come from, if they are to be checked.
    pub client_authority: Option<PathBuf>,
    /// Refuse TCP connections without TLS.
    pub required: bool,
}

/// Options of [`Cluster::start`](crate::demo::cluster::Cluster::start).
#[derive(Clone, Debug)]
pub struct Options {
    /// How many replicas; 0 to 8.
    pub replicas: usize,
    /// How TCP clients log in.
    pub login: Login,
    /// The password of user `postgres`.
    pub password: String,
    /// TLS, if the nodes are to offer it.
    pub tls: Option<TlsFiles>,
    /// Lines for the head of `pg_hba.conf`, before those that `login` gives.
    pub hba: Vec<String>,
    /// Settings for `postgresql.conf` of all nodes; they win over ours.
    pub settings: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            replicas: 2,
            login: Login::Trust,
            password: String::from("postgres"),
            tls: None,
            hba: Vec::new(),
            settings: Vec::new(),
        }
    }
}

impl Options {
    /// Sets the number of replicas.
    #[must_use]
    pub fn replicas(mut self, count: usize) -> Self {
        self.replicas = count;
        self
    }

    /// Sets how TCP clients log in.
    #[must_use]
    pub fn login(mut self, login: Login) -> Self {
        self.login = login;
        self
    }

    /// Adds a setting to `postgresql.conf` of all nodes.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a line to the head of `pg_hba.conf`.
    #[must_use]
    pub fn hba(mut self, line: &str) -> Self {
        self.hba.push(line.to_owned());
        self
    }

    /// Lets the nodes offer TLS.
    #[must_use]
    pub fn tls(mut self, files: TlsFiles) -> Self {
        self.tls = Some(files);
        self
    }
}
