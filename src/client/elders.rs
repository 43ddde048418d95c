//! Processes whose place this one has taken, and that still have clients: who asks that a query be
//! cancelled comes to us, even if the query is one of theirs.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::net::takeover::back_doors;
use crate::net::takeover::is_one_of_us;
use crate::wire::startup::CancelKey;
use crate::wire::startup::write_cancel;

/// How to ask them.
#[derive(Debug)]
pub struct Elders {
    /// Beside it are their back doors.
    window: Option<PathBuf>,
    /// Whether this process is one of them itself.
    is_elder: AtomicBool,
}

impl Elders {
    /// Those whose back doors are beside this window.
    pub fn new(window: Option<PathBuf>) -> Self {
        Self {
            window,
            is_elder: AtomicBool::new(false),
        }
    }

    /// Another process has taken our place: it asks all, and we ask nobody.
    pub fn join(&self) {
        self.is_elder.store(true, Ordering::Release);
    }

    /// Passes a request to cancel on to them, and waits until they have dealt with it; whether there
    /// was anybody.
    pub(super) async fn cancel(&self, key: &CancelKey, limit: Duration) -> bool {
        let Some(window) = self.window.as_deref() else {
            return false;
        };
        if self.is_elder.load(Ordering::Acquire) {
            return false;
        }
        let mut is_passed = false;
        for door in back_doors(window) {
            let asked = timeout(limit, ask(&door, key)).await;
            is_passed |= matches!(asked, Ok(Ok(())));
        }
        is_passed
    }
}

async fn ask(door: &Path, key: &CancelKey) -> io::Result<()> {
    let mut link = UnixStream::connect(door).await?;
    if !is_one_of_us(&link) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut request = BytesMut::new();
    write_cancel(&mut request, key);
    link.write_all(&request).await?;
    // It says nothing: its end shows that the request was dealt with.
    link.read_to_end(&mut Vec::new()).await?;
    Ok(())
}
