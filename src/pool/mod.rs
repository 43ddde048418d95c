//! Who may use which server.
