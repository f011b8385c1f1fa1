//! Tests of the contract: what travels is what the golden files say.

#![expect(clippy::unwrap_used, reason = "what a test's helpers run into is the test's failure")]

mod golden;
mod hostile;
mod sighting;
