//! Pilothouse's vocabulary and its decisions, pure.
//!
//! This crate does no IO, asks no clock and draws no random number: time and ids are
//! arguments. It must never depend on an async runtime, a terminal or a driver.
//!
//! Data goes one way through three functions: `decide` says what an input
//! means, `apply` folds what was decided into the state, and
//! `wanted` says what should be in flight. Between the first two,
//! `settle` adds what follows from the state by itself.

pub mod apply;
pub mod artifact;
pub mod aws;
pub mod command;
pub mod container;
pub mod containers;
pub mod cost;
pub mod decide;
pub mod deployment;
pub mod effect;
pub mod event;
pub mod id;
pub mod instance;
pub mod invariant;
pub mod pipeline;
pub mod plan;
mod preview;
pub mod queue;
pub mod room;
pub mod routing;
pub mod run;
pub mod settle;
pub mod spec;
pub mod state;
pub mod table;
pub mod text;
pub mod time;
pub mod wanted;
