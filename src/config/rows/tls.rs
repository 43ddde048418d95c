//! Options of TLS on both sides.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const TLS: Group = Group {
    title: "TLS",
    intro: "The modes mean what they mean to PostgreSQL. Unix sockets never use TLS.",
    rows: &[
        Row::new(
            "client_tls_sslmode",
            At::Global(|c| &mut c.client_tls.sslmode),
            "TLS towards clients. `require` refuses clients without it; `verify-ca` and \
             `verify-full` also ask for a certificate that `client_tls_ca_file` vouches for.",
        ),
        Row::new(
            "client_tls_cert_file",
            At::Global(|c| &mut c.client_tls.cert_file),
            "The certificate chain (PEM) that clients are shown.",
        ),
        Row::new(
            "client_tls_key_file",
            At::Global(|c| &mut c.client_tls.key_file),
            "The key (PEM) of `client_tls_cert_file`.",
        ),
        Row::new(
            "client_tls_ca_file",
            At::Global(|c| &mut c.client_tls.ca_file),
            "Authorities (PEM) that certificates of clients are checked against.",
        ),
        Row::new(
            "client_tls_protocols",
            At::Global(|c| &mut c.client_tls.protocols),
            "Versions of TLS that are spoken with clients: `secure`, `all`, or a list of `tlsv1.2` and \
             `tlsv1.3`. `tlsv1.0` and `tlsv1.1` may stand in it beside others, but are not spoken.",
        ),
        Row::new(
            "client_tls_ciphers",
            At::Global(|c| &mut c.client_tls.ciphers),
            "Suites of TLS 1.2, as a list in OpenSSL's format. There are those with ECDHE and AES-GCM or \
             ChaCha20-Poly1305, and `default`, `secure`, `normal`, `fast` and `all` are all of them; \
             others that OpenSSL has may be named and are not used.",
        ),
        Row::new(
            "client_tls13_ciphers",
            At::Global(|c| &mut c.client_tls.ciphers13),
            "Suites of TLS 1.3 by colons: `TLS_AES_256_GCM_SHA384`, `TLS_AES_128_GCM_SHA256` and \
             `TLS_CHACHA20_POLY1305_SHA256`; empty: these three.",
        ),
        Row::new(
            "client_tls_ecdhcurve",
            At::Global(|c| &mut c.client_tls.curves),
            "Curves on which keys are agreed with clients: `auto` for all, or some of `X25519`, \
             `prime256v1` and `secp384r1`.",
        ),
        Row::new(
            "server_tls_sslmode",
            At::Global(|c| &mut c.server_tls.sslmode),
            "TLS towards servers. `verify-ca` checks who signed the server's certificate, \
             `verify-full` also that it is made out to the node's host name.",
        ),
        Row::new(
            "server_tls_ca_file",
            At::Global(|c| &mut c.server_tls.ca_file),
            "Authorities (PEM) that certificates of servers are checked against; empty: those that \
             this system trusts.",
        ),
        Row::new(
            "server_tls_cert_file",
            At::Global(|c| &mut c.server_tls.cert_file),
            "The certificate chain (PEM) that servers are shown if they ask.",
        ),
        Row::new(
            "server_tls_key_file",
            At::Global(|c| &mut c.server_tls.key_file),
            "The key (PEM) of `server_tls_cert_file`.",
        ),
        Row::new(
            "server_tls_protocols",
            At::Global(|c| &mut c.server_tls.protocols),
            "Versions of TLS that are spoken with servers: `secure`, `all`, or a list of `tlsv1.2` and \
             `tlsv1.3`. `tlsv1.0` and `tlsv1.1` may stand in it beside others, but are not spoken.",
        ),
        Row::new(
            "server_tls_ciphers",
            At::Global(|c| &mut c.server_tls.ciphers),
            "Suites of TLS 1.2, as a list in OpenSSL's format. There are those with ECDHE and AES-GCM or \
             ChaCha20-Poly1305, and `default`, `secure`, `normal`, `fast` and `all` are all of them; \
             others that OpenSSL has may be named and are not used.",
        ),
        Row::new(
            "server_tls13_ciphers",
            At::Global(|c| &mut c.server_tls.ciphers13),
            "Suites of TLS 1.3 by colons: `TLS_AES_256_GCM_SHA384`, `TLS_AES_128_GCM_SHA256` and \
             `TLS_CHACHA20_POLY1305_SHA256`; empty: these three.",
        ),
    ],
};
