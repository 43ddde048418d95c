//! Host names and the addresses they stand for: asked of the system, kept for a while, and so are
//! failures. Each process has one.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::Instant;

use crate::config::types::Dns;

/// The names that were asked for.
///
/// The system's own resolver is asked (`/etc/hosts`, `nsswitch.conf` and all), in a thread of the
/// runtime's; it does not tell how long an answer holds, so each is kept for as long as
/// configuration says.
pub struct Names {
    state: Mutex<State>,
    asking: AtomicUsize,
}

struct State {
    keep: Dns,
    hosts: HashMap<Box<str>, Arc<Host>>,
}

/// One name.
#[derive(Default)]
struct Host {
    known: Mutex<Option<Known>>,
    /// Held while the system is asked, so that many at once ask but once.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Known {
    asked_at: Instant,
    answer: Answer,
}

type Answer = Result<Arc<[IpAddr]>, (io::ErrorKind, Arc<str>)>;

/// A name as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The name.
    pub name: Box<str>,
    /// How long the answer is kept from now on.
    pub left: Duration,
    /// Its addresses; none while it cannot be resolved.
    pub addresses: Arc<[IpAddr]>,
}

impl Names {
    /// None is known yet.
    pub fn new(keep: Dns) -> Self {
        Self {
            state: Mutex::new(State {
                keep,
                hosts: HashMap::new(),
            }),
            asking: AtomicUsize::new(0),
        }
    }

    /// Keeps answers for other times, those that are there included.
    pub fn keep(&self, keep: Dns) {
        self.state().keep = keep;
    }

    /// The addresses of a host, at least one. An address stands for itself.
    ///
    /// # Errors
    /// The name is not known, or nobody could be asked.
    ///
    /// # Cancel safety
    /// Yes: what was asked for is asked again by the next.
    pub async fn find(&self, name: &str) -> io::Result<Arc<[IpAddr]>> {
        if let Ok(address) = name.parse::<IpAddr>() {
            return Ok(Arc::new([address]));
        }
        let host = self.host(name);
        if let Some(answer) = self.fresh(&host) {
            return told(answer);
        }
        let _turn = host.turn.lock().await;
        // Another may have asked meanwhile.
        if let Some(answer) = self.fresh(&host) {
            return told(answer);
        }
        let answer = {
            let _asking = Asking::new(&self.asking);
            ask(name).await
        };
        *host.known() = Some(Known {
            asked_at: Instant::now(),
            answer: answer.clone(),
        });
        told(answer)
    }

    /// What is known now, by name.
    pub fn shown(&self) -> Vec<Shown> {
        let now = Instant::now();
        let state = self.state();
        let shown = state.hosts.iter().filter_map(|(name, host)| {
            let known = host.known().clone()?;
            Some(Shown {
                name: name.clone(),
                left: state.left(&known, now),
                addresses: known.answer.unwrap_or_default(),
            })
        });
        let mut shown: Vec<_> = shown.collect();
        shown.sort_by(|a, b| a.name.cmp(&b.name));
        shown
    }

    /// How many names the system is being asked for.
    pub fn asking_count(&self) -> usize {
        self.asking.load(Ordering::Relaxed)
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut state = self.state();
        if let Some(host) = state.hosts.get(name) {
            return Arc::clone(host);
        }
        if HOSTS_COUNT_MAX <= state.hosts.len() {
            // Reloads have brought others; those that are still used come again.
            state.hosts.clear();
        }
        let host = Arc::<Host>::default();
        state.hosts.insert(name.into(), Arc::clone(&host));
        host
    }

    /// The last answer if it is still good.
    fn fresh(&self, host: &Host) -> Option<Answer> {
        let known = host.known().clone()?;
        let left = self.state().left(&known, Instant::now());
        (!left.is_zero()).then_some(known.answer)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn left(&self, known: &Known, now: Instant) -> Duration {
        let kept = match &known.answer {
            Ok(_) => self.keep.max_ttl,
            Err(_) => self.keep.nxdomain_ttl,
        };
        kept.saturating_sub(now.saturating_duration_since(known.asked_at))
    }
}

impl Host {
    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one who asks, until it is dropped.
struct Asking<'a>(&'a AtomicUsize);

impl<'a> Asking<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn ask(name: &str) -> Answer {
    let failed = |error: io::Error| (error.kind(), Arc::from(error.to_string()));
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in lookup_host((name, 0)).await.map_err(failed)? {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    if addresses.is_empty() {
        return Err((io::ErrorKind::NotFound, Arc::from("it has no address")));
    }
    Ok(addresses.into())
}

fn told(answer: Answer) -> io::Result<Arc<[IpAddr]>> {
    answer.map_err(|(kind, said)| io::Error::new(kind, said.to_string()))
}

/// Most names that are kept. They come from the configuration alone.
const HOSTS_COUNT_MAX: usize = 10_000;

impl Default for Names {
    fn default() -> Self {
        Self::new(Dns::default())
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(max_ttl: u64, nxdomain_ttl: u64) -> Names {
        Names::new(Dns {
            max_ttl: Duration::from_secs(max_ttl),
            nxdomain_ttl: Duration::from_secs(nxdomain_ttl),
        })
    }

    fn asked_at(names: &Names, name: &str) -> Option<Instant> {
        let host = names.state().hosts.get(name).map(Arc::clone)?;
        let known = host.known().clone();
        known.map(|known| known.asked_at)
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_kept_for_their_time() {
        let names = names(15, 5);
        let found = names.find("localhost").await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback), "{found:?}");
        let first = asked_at(&names, "localhost");
        tokio::time::advance(Duration::from_secs(14)).await;
        assert_eq!(names.find("localhost").await.unwrap(), found);
        assert_eq!(asked_at(&names, "localhost"), first);
        let shown = names.shown();
        assert_eq!(
            (&*shown[0].name, &shown[0].addresses),
            ("localhost", &found)
        );
        assert!(shown[0].left <= Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(2)).await;
        names.find("localhost").await.unwrap();
        assert!(first < asked_at(&names, "localhost"));
        assert_eq!(names.asking_count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_kept_for_theirs() {
        let names = names(15, 5);
        let wrong = "no.such.host.invalid";
        names.find(wrong).await.unwrap_err();
        let first = asked_at(&names, wrong);
        tokio::time::advance(Duration::from_secs(4)).await;
        names.find(wrong).await.unwrap_err();
        assert_eq!(asked_at(&names, wrong), first);
        assert!(names.shown()[0].addresses.is_empty());
        tokio::time::advance(Duration::from_secs(2)).await;
        names.find(wrong).await.unwrap_err();
        assert!(first < asked_at(&names, wrong));
    }

    #[tokio::test]
    async fn an_address_is_not_asked_for() {
        let names = Names::default();
        let found = names.find("::1").await.unwrap();
        assert_eq!(&*found, [IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])]);
        assert!(names.shown().is_empty());
    }
}
