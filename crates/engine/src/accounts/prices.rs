//! Looks prices up in AWS's own list, and keeps them on disk.
//!
//! Beside the poller, which never waits for it: what is known stands in a book, and what is
//! wanted beside that is asked one price at a time. Where the list cannot be read, what was kept
//! stays, and what was never read has the price that is shipped.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::aws::book::{Book, Listed, Product};
use pilothouse_core::aws::{Freshness, Trouble, TroubleKind, policy};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Account;
use crate::clock::Clock;
use crate::journal::Disk;

/// How long one price may take.
const WITHIN: Duration = Duration::from_secs(10);
/// Prices that are asked for in a row; the others come with the next ones.
const AT_ONCE: usize = 100;
/// How long until it is looked whether prices have grown old.
const LATER: Duration = Duration::from_secs(60 * 60);
/// How long a list that cannot be read is left alone, at first, and at last.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// See [`PATIENCE`].
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);
/// Bytes of a file of prices that are read at most.
const MOST: u64 = 4 << 20;

/// What is known of prices: the book, and how fresh it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) book: Book,
    pub(super) fresh: Freshness,
}

/// The poller's side.
pub(super) struct Prices {
    wanted: watch::Sender<BTreeSet<String>>,
    known: watch::Receiver<Known>,
}

/// What looks them up.
pub(super) struct Reader {
    account: Arc<dyn Account>,
    region: String,
    /// Where the region's prices are kept; none where nothing is kept.
    file: Option<PathBuf>,
    clock: Clock,
    wanted: watch::Receiver<BTreeSet<String>>,
    known: watch::Sender<Known>,
    failures: u32,
}

/// A file of prices.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u32,
    book: Book,
}

/// The version of files that this program writes and reads.
const VERSION: u32 = 1;

/// Makes both sides, for an account in a region.
pub(super) fn prices(
    account: Arc<dyn Account>,
    region: &str,
    dir: Option<&Path>,
    clock: Clock,
) -> (Prices, Reader) {
    let (wanted, wants) = watch::channel(BTreeSet::new());
    let (knows, known) = watch::channel(Known::default());
    let reader = Reader {
        account,
        region: region.to_owned(),
        file: dir.map(|dir| dir.join(format!("{region}.json"))),
        clock,
        wanted: wants,
        known: knows,
        failures: 0,
    };
    (Prices { wanted, known }, reader)
}

impl Prices {
    /// Says which prices are wanted.
    pub(super) fn want(&self, wanted: BTreeSet<String>) {
        self.wanted.send_if_modified(|before| {
            let is_new = *before != wanted;
            *before = wanted;
            is_new
        });
    }

    /// What is known now.
    pub(super) fn known(&mut self) -> Known {
        self.known.borrow_and_update().clone()
    }

    /// Waits until more is known; for ever where nobody looks any more.
    pub(super) async fn changed(&mut self) {
        if self.known.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Reader {
    /// Looks up what is wanted, until stopped.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        self.load();
        loop {
            let wanted = self.wanted.borrow_and_update().clone();
            let due = self.known.borrow().book.due(&wanted, self.clock.now());
            if !due.is_empty() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.look_up(&due) => self.save().await,
                }
            }
            let is_patient = self.failures > 0;
            let wait = if is_patient {
                PATIENCE.saturating_mul(1 << (self.failures - 1).min(8)).min(LONGEST)
            } else if due.len() > AT_ONCE {
                Duration::ZERO
            } else {
                LATER
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                // A list that cannot be read is not asked again because more is wanted of it.
                changed = self.wanted.changed(), if !is_patient => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Asks for prices one by one, until one cannot be read.
    async fn look_up(&mut self, due: &[String]) {
        for sku in due.iter().take(AT_ONCE) {
            let price = match Product::of(&self.region, sku) {
                // This version does not know how to find it there, which a newer one may.
                None => Ok(None),
                Some(product) => self.ask(&product).await,
            };
            match price {
                Ok(price) => {
                    let at = self.clock.now();
                    self.known.send_modify(|known| {
                        known.book.put(sku, at, price);
                        known.fresh = Freshness { at: Some(at), trouble: None };
                    });
                }
                Err(trouble) => {
                    self.failures = self.failures.saturating_add(1);
                    self.known.send_modify(|known| known.fresh.trouble = Some(trouble));
                    return;
                }
            }
        }
        self.failures = 0;
    }

    async fn ask(&self, product: &Product) -> Result<Option<Listed>, Trouble> {
        let answer = tokio::time::timeout(WITHIN, self.account.price(product)).await;
        answer.unwrap_or_else(|_| {
            let said = format!("it took more than {} s", WITHIN.as_secs());
            Err(Trouble::new(TroubleKind::Late, policy::GET_PRODUCTS.name(), &said))
        })
    }

    /// Takes up what was kept. A file that cannot be read is as good as none: the list is asked.
    fn load(&mut self) {
        let Some(file) = &self.file else { return };
        let read = || -> Option<Book> {
            if std::fs::metadata(file).ok()?.len() > MOST {
                return None;
            }
            let kept: Kept = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
            (kept.version == VERSION).then_some(kept.book)
        };
        if let Some(book) = read() {
            let fresh = Freshness { at: book.newest(), trouble: None };
            self.known.send_replace(Known { book, fresh });
        }
    }

    /// Keeps what is known. Where it cannot be kept it is looked up again after the next start.
    async fn save(&self) {
        let Some(file) = self.file.clone() else { return };
        let book = self.known.borrow().book.clone();
        let kept = tokio::task::spawn_blocking(move || -> Result<(), String> {
            let kept = Kept { version: VERSION, book };
            let bytes = serde_json::to_vec(&kept).map_err(|error| error.to_string())?;
            if let Some(dir) = file.parent() {
                std::fs::create_dir_all(dir).map_err(|error| error.to_string())?;
            }
            Disk::default().replace(&file, &bytes).map_err(|error| error.to_string())
        });
        if let Ok(Err(error)) = kept.await {
            tracing::warn!(%error, "prices cannot be kept, and are looked up again at the next start");
        }
    }
}

#[cfg(test)]
mod tests;
