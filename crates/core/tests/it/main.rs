//! Proves the core right against a simulated world.
//!
//! Everything here uses the public functions alone, as the kernel does.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails, and says where"
)]

mod checked;
mod decisions;
mod ended;
mod left_out;
mod scenario;
mod scenarios;
mod specs;
mod storm;
mod trace;
mod watched;
mod world;
