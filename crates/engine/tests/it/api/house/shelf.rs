//! A log on disk that an engine in memory reads as the real one does: on threads that may block.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use pilothouse_api::types::{LogPage, LogQuery};
use pilothouse_core::command::Rejection;
use pilothouse_engine::logs::{Part, page};

use super::DEADLINE;

/// The log of every run, and how it is read.
#[derive(Default)]
pub struct Shelf {
    part: Mutex<Option<Part>>,
    reads: Arc<Reads>,
}

#[derive(Default)]
struct Reads {
    begun: AtomicUsize,
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Shelf {
    /// Puts a log of one step there, in frames of standard output. More may come where it is open.
    pub fn put(&self, dir: PathBuf, open: bool, frames: &[Vec<u8>]) {
        let mut bytes = b"PHLOG\x01\0\0".to_vec();
        bytes.extend([0; 8]);
        for frame in frames {
            let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
            bytes.extend([0xF7, 1, 0, 0]);
            bytes.extend(length);
            bytes.extend(1u64.to_le_bytes());
            bytes.extend(frame);
            bytes.extend(length);
            bytes.extend(b"PHF\n");
        }
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("log"), bytes).unwrap();
        *self.part.lock().unwrap() = Some(Part { step: 0, dir, open });
    }

    /// Makes every reading hold its thread until this is undone.
    pub fn shut(&self, is_shut: bool) {
        *self.reads.is_shut.lock().unwrap() = is_shut;
        self.reads.opened.notify_all();
    }

    /// How many readings were begun.
    pub fn begun(&self) -> usize {
        self.reads.begun.load(Ordering::Relaxed)
    }

    /// Reads a page. None where there is no log.
    pub fn page(
        &self,
        query: &LogQuery,
    ) -> Option<impl Future<Output = Result<LogPage, Rejection>> + Send + use<>> {
        let part = self.part.lock().unwrap().clone()?;
        let (query, reads) = (query.clone(), Arc::clone(&self.reads));
        Some(async move {
            let reading = tokio::task::spawn_blocking(move || {
                reads.begun.fetch_add(1, Ordering::Relaxed);
                let shut = reads.is_shut.lock().unwrap();
                let waited = reads.opened.wait_timeout_while(shut, DEADLINE, |is_shut| *is_shut);
                drop(waited.unwrap());
                page(&[part], &query)
            });
            reading.await.unwrap()
        })
    }
}
