//! Tests of the engine through its doors.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test's helpers run into is the test's failure"
)]

mod api;
