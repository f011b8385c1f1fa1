//! Owns all state and does all work.
//!
//! The kernel is the only one that changes the state. Drivers do what the state wants done and
//! tell the kernel what came of it; the server tells clients and passes commands on. Nothing
//! here draws a screen, and no type of an outside SDK leaves the driver that wraps it.

pub mod accounts;
pub mod artifact;
pub mod audit;
pub mod clock;
pub mod driver;
pub mod engine;
pub mod executor;
pub mod failpoint;
pub mod journal;
pub mod kernel;
pub mod left;
pub mod logs;
pub mod places;
pub mod publish;
pub mod remove;
mod reserve;
pub mod room;
pub mod root;
pub mod samples;
pub mod server;
pub mod tidy;
