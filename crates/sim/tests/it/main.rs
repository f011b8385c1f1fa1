//! The real kernel, executor, ledger and journal in a simulated world.
//!
//! Time is virtual, so that hours pass in milliseconds; what goes wrong is fixed by a seed.

#[cfg(test)]
mod contract;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod executor;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod kernel;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod specs;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod world;
