//! [`Raw`] to [`Config`], with everything that is wrong on the way.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::apply::apply;
use crate::config::auth_file;
use crate::config::check;
use crate::config::cluster::Cluster;
use crate::config::cluster::ClusterSettings;
use crate::config::database::Credentials;
use crate::config::database::Database;
use crate::config::database::User;
use crate::config::draft::DatabaseDraft;
use crate::config::fault::Faults;
use crate::config::fault::did_you_mean;
use crate::config::in_use::InUse;
use crate::config::ini;
use crate::config::monitor;
use crate::config::nodes;
use crate::config::notes;
use crate::config::peers;
use crate::config::raw::Dialect;
use crate::config::raw::Raw;
use crate::config::raw::RawSection;
use crate::config::rules;
use crate::config::types::Config;
use crate::config::types::Listed;
use crate::config::words::Roles;

/// The configuration that `raw` describes. Paths in it start from `folder`; the files they name
/// are read, but for what is in use and holds on.
pub(super) fn build(raw: &Raw, folder: &Path, in_use: InUse<'_>, faults: &mut Faults) -> Config {
    let raw = &*ini::completed(raw);
    let mut config = Config {
        dialect: raw.dialect,
        notices: raw.notices.clone(),
        ..Config::default()
    };
    apply(&raw.global, &mut config, faults);
    for path in paths(&mut config).into_iter().flatten() {
        // A name in Linux's abstract namespace is in no folder.
        if !path.as_os_str().as_encoded_bytes().starts_with(b"@") {
            *path = folder.join(&path);
        }
    }
    notes::add(&mut config);
    config.peers = peers::read(raw, faults);
    rules::read(raw, in_use, &mut config, faults);
    config.auth.listed = auth_file::read(raw, in_use, &mut config, faults);
    let users = users(raw, &config.auth.listed, faults);
    let mut clusters: BTreeMap<String, Cluster> = BTreeMap::new();
    for section in &raw.clusters {
        let mut settings = config.cluster.clone();
        apply(section, &mut settings, faults);
        clusters.insert(section.name.clone(), cluster(section, settings, faults));
    }
    let mut drafts = Vec::new();
    for section in &raw.databases {
        let mut draft = draft(section, &config);
        apply(section, &mut draft, faults);
        if let Some(settings) = draft.own_cluster.take() {
            draft.cluster = Some(section.name.clone());
            own_cluster(section, settings, &mut clusters, faults);
        }
        drafts.push((section, draft));
    }
    for (section, draft) in drafts {
        check_cluster(section, &draft, &clusters, faults);
        check_password(section, &draft, &mut config, faults);
        let database = database(section, draft, &clusters, &users);
        let name = section.name.clone();
        config.databases.insert(name, Arc::new(database));
    }
    for (name, mut cluster) in clusters {
        if cluster.is_plain() {
            config.clusters.insert(name, Arc::new(cluster));
            continue;
        }
        match monitor::credentials(&cluster, &config.databases, &users) {
            Ok(found) => cluster.monitor = found,
            Err(_) if cluster.settings.roles == Roles::Ignored => (),
            Err(message) if raw.is_whole => {
                let section = section_of_cluster(raw, &name);
                let key = section.key("monitor_user");
                faults.add(section.place_of("monitor_password"), key, message);
            }
            Err(_) => (),
        }
        config.clusters.insert(name, Arc::new(cluster));
    }
    notes::add_of_databases(&mut config);
    config.users = users.into_iter().map(|(n, u)| (n, Arc::new(u))).collect();
    if raw.is_whole {
        check::all(raw, &config, faults);
    }
    config
}

/// All options that name a file or folder.
fn paths(config: &mut Config) -> [Option<&mut PathBuf>; 13] {
    [
        config.auth.auth_file.as_mut(),
        config.auth.hba_file.as_mut(),
        config.auth.ident_file.as_mut(),
        config.listen.unix_socket_dir.as_mut(),
        config.log.file.as_mut(),
        config.process.pidfile.as_mut(),
        config.process.conffile.as_mut(),
        config.client_tls.ca_file.as_mut(),
        config.client_tls.cert_file.as_mut(),
        config.client_tls.key_file.as_mut(),
        config.server_tls.ca_file.as_mut(),
        config.server_tls.cert_file.as_mut(),
        config.server_tls.key_file.as_mut(),
    ]
}

/// The users of the sections and of the `auth_file`.
fn users(raw: &Raw, listed: &Listed, faults: &mut Faults) -> BTreeMap<String, User> {
    let mut users: BTreeMap<String, User> = BTreeMap::new();
    for section in &raw.users {
        let mut user = User {
            name: section.name.clone(),
            ..User::default()
        };
        apply(section, &mut user, faults);
        users.insert(section.name.clone(), user);
    }
    for (name, secret) in listed {
        let user = users.entry(name.clone()).or_insert_with_key(|name| User {
            name: name.clone(),
            ..User::default()
        });
        user.is_listed = true;
        user.secret = user.secret.take().or_else(|| secret.clone());
    }
    users
}

fn cluster(section: &RawSection, settings: ClusterSettings, faults: &mut Faults) -> Cluster {
    let nodes = match &section.nodes {
        Some(nodes) => nodes::read(section, nodes, faults),
        None => {
            let message = "`nodes = [\"host:port\", …]` is missing";
            faults.add(&section.place, &section.path, message);
            Vec::new()
        }
    };
    Cluster {
        name: section.name.clone(),
        nodes,
        monitor: Credentials::default(),
        settings,
    }
}

/// Adds the cluster of a database that lists its nodes itself.
fn own_cluster(
    section: &RawSection,
    settings: ClusterSettings,
    clusters: &mut BTreeMap<String, Cluster>,
    faults: &mut Faults,
) {
    if let Some(named) = section.entry("cluster") {
        let message = "either a cluster is named or nodes are listed, not both";
        faults.add(&named.place, section.key("cluster"), message);
    }
    if clusters.contains_key(&section.name) {
        let name = &section.name;
        let message = format!(
            "there is [clusters.{name}] also; write `cluster = \"{name}\"`, or name one of them \
             otherwise"
        );
        faults.add(&section.place, section.key("nodes"), message);
    }
    let cluster = cluster(section, settings, faults);
    clusters.insert(section.name.clone(), cluster);
}

/// A database before its section is laid over the global settings.
fn draft(section: &RawSection, config: &Config) -> DatabaseDraft {
    DatabaseDraft {
        own_cluster: section.nodes.as_ref().map(|_| config.cluster.clone()),
        lookup: config.auth.lookup.clone(),
        pooling: config.pooling.clone(),
        timeouts: config.timeouts.clone(),
        routing: config.routing.clone(),
        ..DatabaseDraft::default()
    }
}

fn check_cluster(
    section: &RawSection,
    draft: &DatabaseDraft,
    clusters: &BTreeMap<String, Cluster>,
    faults: &mut Faults,
) {
    let Some(name) = &draft.cluster else {
        let message = "`cluster = \"NAME\"` or `nodes = [\"host:port\", …]` is missing";
        faults.add(&section.place, &section.path, message);
        return;
    };
    if !clusters.contains_key(name) {
        let meant = did_you_mean(name, clusters.keys().map(String::as_str));
        let message = format!("there is no [clusters.{name}]{meant}");
        faults.add(section.place_of("cluster"), section.key("cluster"), message);
    }
}

/// Notes a password of nobody, which PgBouncer passes over.
fn check_password(
    section: &RawSection,
    draft: &DatabaseDraft,
    config: &mut Config,
    faults: &mut Faults,
) {
    if draft.user.is_some() || draft.password.is_none() {
        return;
    }
    let (place, key) = (section.place_of("password"), section.key("password"));
    let message = "the password has no `user` that it would be of";
    match config.dialect {
        Dialect::Native => faults.add(place, key, message),
        Dialect::PgBouncer => config.notices.push(format!("{place}: {key}: {message}")),
    }
}

fn database(
    section: &RawSection,
    draft: DatabaseDraft,
    clusters: &BTreeMap<String, Cluster>,
    users: &BTreeMap<String, User>,
) -> Database {
    let cluster = draft.cluster.unwrap_or_default();
    let mut routing = draft.routing;
    let of_cluster = clusters.get(&cluster).map(|c| c.settings.primary_reads);
    if let Some(reads) = draft.primary_reads.or(of_cluster) {
        routing.primary_reads = reads;
    }
    let forced_user = draft.user.map(|user| {
        let stored = || users.get(&user).map(User::credential);
        let credential = draft.password.or_else(stored).unwrap_or_default();
        Credentials { user, credential }
    });
    Database {
        name: section.name.clone(),
        cluster,
        dbname: draft.dbname,
        forced_user,
        lookup: draft.lookup,
        pooling: draft.pooling,
        timeouts: draft.timeouts,
        routing,
    }
}

/// The section of a cluster, or of the database whose own it is.
fn section_of_cluster<'a>(raw: &'a Raw, name: &str) -> &'a RawSection {
    let mut sections = raw.clusters.iter().chain(&raw.databases);
    sections.find(|s| s.name == name).unwrap_or(&raw.global)
}
