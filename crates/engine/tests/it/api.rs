//! The HTTP API over real sockets, in front of an engine that lives in memory.

mod attach;
mod command;
mod doors;
mod follow;
mod greedy;
mod hostile;
mod house;
mod sockets;
mod stream;
