//! The files people write, read as the product reads them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking, in its own functions too"
)]

mod accepted;
mod files;
mod hostile;
mod propose;
