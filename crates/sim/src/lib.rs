//! Proves the engine right in a simulated world: the real kernel, executor, ledger and journal,
//! on fake ports, in virtual time.
//!
//! Everything is in the tests of this crate, and nothing of it is ever part of a program.
