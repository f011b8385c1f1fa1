//! Supervises real processes. One test binary; every test has its own directory.

#[cfg(test)]
mod endings;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod instances;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod stopped;
#[cfg(test)]
mod support;
