//! End to end with the real binary.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where its world is not as it should be"
)]

mod attach;
#[cfg(feature = "aws")]
mod aws;
mod cli;
#[path = "../../crates/sim/tests/it/contract.rs"]
mod contract;
mod crash;
mod demo;
mod docker;
mod examples;
mod faults;
mod lost;
mod newcomer;
mod orphans;
mod removal;
mod runtime;
mod secrets;
mod stage;
mod tidy;
mod traffic;
mod watcher;
mod world;
