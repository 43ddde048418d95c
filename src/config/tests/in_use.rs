//! Files that are read again, or are not, while a configuration is in use.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::auth::hba::Method;
use crate::config::source::Source;
use crate::config::types::Config;
use crate::config::words::Roles;

/// A folder with a configuration of this name, and a list of users beside it.
struct Files {
    folder: TempDir,
    name: &'static str,
}

impl Files {
    fn ini(more: &str) -> Self {
        Self::new("p.ini", |users| {
            format!("[pgbouncer]\nauth_file = {users}\n{more}\n[databases]\nd = host=h user=ann\n")
        })
    }

    fn new(name: &'static str, text: impl FnOnce(&str) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Self { folder, name };
        let users = files.path("users.txt");
        files.write(name, &text(&users.display().to_string()));
        files.write("users.txt", "\"ann\" \"a\"\n\"bob\" \"b\"\n");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("it is written");
    }

    fn load(&self) -> Config {
        Config::load(&self.path(self.name)).expect("it is right")
    }

    fn set(&self, now: &Config, name: &str, value: &str) -> Config {
        let source = Source::read(&self.path(self.name)).expect("it can be read");
        source.set(now, name, value).expect("it is set").0
    }
}

/// Nobody is forgotten: neither clients nor servers could log in from then on.
#[test]
fn users_of_a_file_that_is_gone_go_on_to_be_known() {
    let files = Files::ini("");
    let now = files.load();
    fs::remove_file(files.path("users.txt")).expect("it is removed");
    let again = Config::reload(&files.path("p.ini"), &now).expect("it is right");
    let list = files.path("users.txt").display().to_string();
    let trouble = format!("could not open auth_file {list}: No such file or directory");
    assert_eq!(
        (&again.users, &again.databases),
        (&now.users, &now.databases)
    );
    assert_eq!(again.troubles, [trouble]);
    // Yet a file that can be read counts, whatever is in it.
    files.write("users.txt", "\"bob\" \"b\"\n");
    let again = Config::reload(&files.path("p.ini"), &again).expect("it is right");
    assert!(again.users.keys().eq(["bob"]), "{:?}", again.users);
    assert_eq!(again.troubles, [""; 0]);
}

#[test]
fn a_toml_whose_users_are_gone_is_not_taken() {
    let files = Files::new("p.toml", |users| {
        format!("auth_file = '{users}'\n[databases.d]\nnodes = ['h']\nmonitor_user = 'm'\n")
    });
    let now = files.load();
    fs::remove_file(files.path("users.txt")).expect("it is removed");
    let faults = Config::reload(&files.path("p.toml"), &now).expect_err("there are no users");
    assert!(faults.to_string().contains("auth_file"), "{faults}");
}

/// What is half edited is for RELOAD to take.
#[test]
fn set_reads_no_files_of_logins() {
    let files = Files::ini("auth_type = hba\nauth_hba_file = HBA");
    let hba = files.path("hba.conf");
    let ini = fs::read_to_string(files.path("p.ini")).expect("a text");
    files.write("p.ini", &ini.replace("HBA", &hba.display().to_string()));
    files.write("hba.conf", "host all all all md5\n");
    let now = files.load();
    files.write("users.txt", "\"bob\" \"b\"\n");
    files.write("hba.conf", "host all all all trust\n");
    let methods = |config: &Config| -> Vec<Method> {
        config
            .auth
            .hba
            .rules
            .iter()
            .map(|rule| rule.method)
            .collect()
    };
    let set = files.set(&now, "log_stats", "0");
    assert!(!set.log.stats.log);
    assert_eq!((&set.users, methods(&set)), (&now.users, vec![Method::Md5]));
    // An option that is about them has them read.
    let set = files.set(&now, "auth_hba_file", &hba.display().to_string());
    assert!(set.users.keys().eq(["bob"]), "{:?}", set.users);
    assert_eq!(methods(&set), [Method::Trust]);
    fs::remove_file(&hba).expect("it is removed");
    let set = files.set(&now, "log_stats", "0");
    assert_eq!(
        (methods(&set), set.troubles),
        (vec![Method::Md5], Vec::new())
    );
}

/// There is no LDAP here: whoever would need a password by it must not come in by the line below.
#[test]
fn a_line_with_ldap_rejects() {
    let files = Files::ini("auth_type = hba\nauth_hba_file = HBA");
    let hba = files.path("hba.conf").display().to_string();
    let ini = fs::read_to_string(files.path("p.ini")).expect("a text");
    files.write("p.ini", &ini.replace("HBA", &hba));
    files.write(
        "hba.conf",
        "host all ann all ldap ldapserver=x\nhost all all all trust\n",
    );
    let config = files.load();
    let methods = config.auth.hba.rules.iter().map(|rule| rule.method);
    assert!(methods.eq([Method::Reject, Method::Trust]));
    let expected = format!(
        "{hba}:1: whom this line is for is rejected: LDAP is not in this build: no library for it is \
         linked"
    );
    assert_eq!(config.troubles, [expected]);
    let toml = format!(
        "auth_type = 'hba'\nauth_hba_file = '{hba}'\n[databases.d]\nnodes = ['h']\n\
         monitor_user = 'm'\n[users.u]\n"
    );
    let faults = Config::parse(&toml, Path::new("t.toml")).expect_err("it is refused");
    let expected = format!("{hba}:1: LDAP is not in this build: no library for it is linked");
    assert_eq!(faults.to_string(), expected);
}

/// Hosts of an ini are watched from when they are to be split.
#[test]
fn set_splits_the_databases_of_an_ini() {
    let split = |monitor: &str, value: &str| {
        let files = Files::new("p.ini", |_| {
            format!("[databases]\nd = host=a,b\none = host=a\n[pgbouncer]\n{monitor}\n")
        });
        let source = Source::read(&files.path("p.ini")).expect("it can be read");
        let set = source.set(&files.load(), "read_write_split", value);
        set.map(|(config, _)| {
            let roles = ["d", "one"].map(|name| config.clusters[name].settings.roles);
            (config.databases["d"].routing.read_write_split, roles)
        })
    };
    let (ignored, watched) = (Roles::Ignored, Roles::Watched);
    let on = split("monitor_user = m", "1").expect("it is set");
    assert_eq!(on, (true, [watched, ignored]));
    let off = split("read_write_split = 1\nmonitor_user = m", "0").expect("it is set");
    assert_eq!(off, (false, [ignored, ignored]));
    let refused = split("", "1").expect_err("nobody can watch them");
    assert!(refused.to_string().contains("monitor_user"), "{refused}");
}
