//! The embedded load balancer: a process that serves traffic by a routing table.
//!
//! Responsible for accepting requests, asking healthy targets, checking health, and answering
//! the engine on a control socket. It must never decide what the table says: the engine
//! publishes tables, the edge checks, saves and serves them, and goes on serving when no engine
//! runs.
//!
//! One thread with a runtime of its own serves per worker, with its own sockets
//! (`SO_REUSEPORT`) and its own upstream connections, so that a request never crosses threads.
//! The main thread checks health and answers the control socket. hyper, the codec, is named in
//! `worker`, `proxy`, `flight`, `upstream`, `line`, `body`, `tunnel`, `admit`, `fields`, `plan`,
//! `page`, `control` and `health::checker` only, which a test holds; claims, counters, places and health
//! know nothing of it, and neither do the rules, which are the core's.

mod admit;
mod applier;
mod body;
mod chunks;
mod claim;
mod clock;
mod control;
mod counters;
mod descriptors;
mod edge;
mod error;
mod fields;
mod flight;
mod heads;
mod health;
mod line;
mod link;
mod live;
mod page;
mod placed;
mod plan;
mod ports;
mod proxy;
mod serve;
mod session;
mod settings;
mod sockets;
mod sparing;
mod status;
mod store;
mod tunnel;
mod upstream;
mod worker;

pub use error::Error;
pub use serve::serve;
pub use settings::{Limits, Settings};
