//! Scenarios as text, and their traces.

#![expect(clippy::too_many_lines, reason = "a trace is as long as what it tells")]

mod before;
mod called_off;
mod cancel;
mod containers;
mod deployments;
mod failing;
mod feeding;
mod moving;
mod planning;
mod queue;
mod removal;
mod rest;
mod retention;
mod runs;
mod stops;
mod waiting;
mod ways_back;
mod world;
