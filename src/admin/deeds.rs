//! Commands that do something: what each asks for, and what is waited for before it is answered.

use std::sync::Arc;

use bytes::BytesMut;

use crate::admin::Scene;
use crate::admin::answer;
use crate::control::ask::Asks;
use crate::control::ask::Done;
use crate::control::ask::Shutdown;
use crate::ids::ClientId;
use crate::pool::set::Selection;
use crate::registry::Registry;
use crate::registry::halt::Refused;
use crate::registry::halt::is_console;
use crate::registry::switchover::Plan;
use crate::sqlstate::SqlState;

/// A command that does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// `PAUSE [db]`, and its like.
    Of(Verb, Option<String>),
    /// `SUSPEND`
    Suspend,
    /// `KILL_CLIENT id`
    KillClient(Option<String>),
    /// `SET name = value`
    Set(String, String),
    /// `RELOAD`
    Reload,
    /// `SHUTDOWN [how]`
    Shutdown(Shutdown),
    /// `SWITCHOVER TO node`
    Switchover(String),
}

/// What is done to a database, or to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Pause,
    Resume,
    Disable,
    Enable,
    Reconnect,
    Kill,
    WaitClose,
}

impl Verb {
    /// How it is written, and how its end is told.
    fn tag(self) -> &'static str {
        match self {
            Self::Pause => "PAUSE",
            Self::Resume => "RESUME",
            Self::Disable => "DISABLE",
            Self::Enable => "ENABLE",
            Self::Reconnect => "RECONNECT",
            Self::Kill => "KILL",
            Self::WaitClose => "WAIT_CLOSE",
        }
    }

    /// Why it cannot be done to the console.
    fn not_to_console(self, name: &str) -> String {
        match self {
            Self::Pause => format!("cannot pause admin db: {name}"),
            Self::Resume => format!("database {name} is not paused"),
            // As PgBouncer says of either.
            Self::Disable | Self::Enable => format!("cannot disable admin db: {name}"),
            Self::Reconnect => format!("cannot reconnect admin db: {name}"),
            Self::Kill => format!("cannot kill admin db: {name}"),
            Self::WaitClose => format!("cannot wait in admin db: {name}"),
        }
    }
}

/// What a command of one or two words does, if it is one that does something.
pub(super) fn find(name: &str, argument: Option<&str>) -> Option<Deed> {
    let of = |verb| Some(Deed::Of(verb, argument.map(str::to_owned)));
    match (name, argument) {
        ("pause", _) => of(Verb::Pause),
        ("resume", _) => of(Verb::Resume),
        ("disable", _) => of(Verb::Disable),
        ("enable", _) => of(Verb::Enable),
        ("reconnect", _) => of(Verb::Reconnect),
        ("kill", _) => of(Verb::Kill),
        ("wait_close", _) => of(Verb::WaitClose),
        ("kill_client", _) => Some(Deed::KillClient(argument.map(str::to_owned))),
        ("suspend", None) => Some(Deed::Suspend),
        ("reload", None) => Some(Deed::Reload),
        ("shutdown", None) => Some(Deed::Shutdown(Shutdown::Now)),
        ("shutdown", Some(how)) if how.eq_ignore_ascii_case("wait_for_servers") => {
            Some(Deed::Shutdown(Shutdown::WaitForServers))
        }
        ("shutdown", Some(how)) if how.eq_ignore_ascii_case("wait_for_clients") => {
            Some(Deed::Shutdown(Shutdown::WaitForClients))
        }
        _ => None,
    }
}

/// The lines of `SHOW HELP` about them.
pub(super) const HELP: &str = "\n\tSET key = arg\n\tRELOAD\n\tPAUSE [<db>]\n\tRESUME [<db>]\
    \n\tDISABLE <db>\n\tENABLE <db>\n\tRECONNECT [<db>]\n\tKILL [<db>]\n\tKILL_CLIENT <client_id>\
    \n\tSUSPEND\n\tSHUTDOWN\n\tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS\n\tWAIT_CLOSE [<db>]\
    \n\tSWITCHOVER TO <host:port>";

/// What is left to be waited for.
#[derive(Debug)]
pub(super) enum Work {
    /// Nothing.
    None,
    /// No server is in use in these pools.
    Quiet(Selection),
    /// No server is left that has to be closed when it comes back.
    Renewed(Selection),
    /// No client is left in these databases, nor a server in use.
    Gone(Selection),
    /// All clients stand still.
    Still,
    /// The main task has done it.
    Reload,
    /// The main task has set it.
    Set(String, String),
    /// The main task has heard of it.
    Shutdown(Shutdown),
    /// Another node is the primary.
    Switchover(Plan),
}

/// Does what can be done at once: what is left to wait for, and the tag of the answer then.
///
/// # Errors
/// Why it cannot be done.
pub(super) fn begin(scene: &Scene<'_>, deed: Deed) -> Result<(Work, String), String> {
    let registry = scene.registry;
    let said = |refused: Refused| refused.to_string();
    match deed {
        Deed::Of(verb, name) => {
            let selection = selection(registry, verb, name)?;
            let work = on_databases(registry, verb, selection)?;
            Ok((work, verb.tag().to_owned()))
        }
        Deed::Suspend => {
            tracing::info!("SUSPEND command issued");
            registry.suspend().map_err(said)?;
            Ok((Work::Still, "SUSPEND".to_owned()))
        }
        Deed::KillClient(id) => {
            let id = id.and_then(|id| id.parse().ok());
            let id = id.ok_or("invalid client pointer supplied")?;
            registry.kill_client(ClientId(id)).map_err(said)?;
            Ok((Work::None, "KILL_CLIENT".to_owned()))
        }
        Deed::Set(name, value) => {
            let tag = format!("SET {name}={value}");
            Ok((Work::Set(name, value), tag))
        }
        Deed::Reload => {
            tracing::info!("RELOAD command issued");
            Ok((Work::Reload, "RELOAD".to_owned()))
        }
        Deed::Shutdown(how) => {
            // Here, so that whoever has the answer finds it so.
            registry.halts.begin_to_end();
            Ok((Work::Shutdown(how), "SHUTDOWN".to_owned()))
        }
        Deed::Switchover(node) => {
            let plan = registry.plan_switchover(&node)?;
            Ok((Work::Switchover(plan), "SWITCHOVER".to_owned()))
        }
    }
}

/// The pools that a command means.
fn selection(registry: &Registry, verb: Verb, name: Option<String>) -> Result<Selection, String> {
    let Some(name) = name else {
        return match verb {
            Verb::Disable | Verb::Enable => Err("a database is required".to_owned()),
            Verb::Pause | Verb::Resume | Verb::Reconnect | Verb::Kill | Verb::WaitClose => {
                Ok(Selection::All)
            }
        };
    };
    if is_console(&name) {
        return Err(verb.not_to_console(&name));
    }
    let database = registry.database(&name).map_err(|error| error.to_string());
    Ok(Selection::Database(Arc::clone(&database?.name)))
}

fn on_databases(registry: &Registry, verb: Verb, selection: Selection) -> Result<Work, String> {
    let said = |refused: Refused| refused.to_string();
    let database = match &selection {
        Selection::Database(database) => &**database,
        Selection::All | Selection::User(_) | Selection::Node(_) => "",
    };
    match database {
        "" => tracing::info!("{} command issued", verb.tag()),
        _ => tracing::info!("{} '{database}' command issued", verb.tag()),
    }
    match verb {
        Verb::Pause => registry.pause(&selection).map_err(said)?,
        Verb::Resume => registry.resume(&selection).map_err(said)?,
        Verb::Kill => registry.kill(&selection).map_err(said)?,
        Verb::Reconnect => registry.reconnect(&selection),
        Verb::Disable => registry.halts.gates.close(&database.into()),
        Verb::Enable => registry.halts.gates.open(database),
        Verb::WaitClose => (),
    }
    Ok(match verb {
        Verb::Pause => Work::Quiet(selection),
        Verb::Kill => Work::Gone(selection),
        Verb::WaitClose => Work::Renewed(selection),
        Verb::Resume | Verb::Disable | Verb::Enable | Verb::Reconnect => Work::None,
    })
}

/// Waits until `work` is done: the answer, without ReadyForQuery.
pub(super) async fn finish(work: Work, tag: &str, registry: &Registry, asks: &Asks) -> BytesMut {
    let mut out = BytesMut::new();
    let done = match work {
        Work::None => Ok(()),
        Work::Quiet(selection) => registry.paused(&selection).await,
        Work::Gone(selection) => {
            registry.gone(&selection).await;
            Ok(())
        }
        Work::Renewed(selection) => {
            registry.renewed(&selection).await;
            Ok(())
        }
        Work::Still => {
            registry.still().await;
            Ok(())
        }
        Work::Reload => match asks.reload().await {
            Done::Failed => {
                answer::error_of(&mut out, SqlState::CONFIG_FILE, RELOAD_FAILED);
                return out;
            }
            Done::Well | Done::Kept => Ok(()),
        },
        Work::Set(name, value) => {
            match asks.set(name, value).await {
                Done::Failed => {
                    answer::error(&mut out, "SET failed");
                    return out;
                }
                Done::Kept => answer::not_applied(&mut out),
                Done::Well => (),
            }
            Ok(())
        }
        Work::Switchover(plan) => {
            if let Err(why) = Box::pin(registry.switch_over(plan)).await {
                answer::error(&mut out, &why);
                return out;
            }
            Ok(())
        }
        Work::Shutdown(how) => {
            asks.shutdown(how).await;
            if how == Shutdown::Now {
                // The connection ends with the process; nothing is said before.
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    };
    match done {
        Ok(()) => answer::done(&mut out, tag),
        Err(refused) => answer::error(&mut out, &refused.to_string()),
    }
    out
}

/// What is said when the configuration cannot be read.
const RELOAD_FAILED: &str = "RELOAD failed, see logs for additional details";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_each_other_by_their_words() {
        let check = |name, argument, expected| assert_eq!(find(name, argument), expected);
        let of = |verb, name: &str| Some(Deed::Of(verb, Some(name.to_owned())));
        check("pause", None, Some(Deed::Of(Verb::Pause, None)));
        check("pause", Some("App"), of(Verb::Pause, "App"));
        check("kill", Some("a"), of(Verb::Kill, "a"));
        check("reload", None, Some(Deed::Reload));
        check("reload", Some("x"), None);
        check("suspend", Some("x"), None);
        check("shutdown", None, Some(Deed::Shutdown(Shutdown::Now)));
        let servers = Some(Deed::Shutdown(Shutdown::WaitForServers));
        check("shutdown", Some("Wait_For_Servers"), servers);
        check("shutdown", Some("bogus"), None);
        check("show", None, None);
    }
}
