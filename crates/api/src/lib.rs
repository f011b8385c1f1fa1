//! Pilothouse's HTTP contract: the types that travel, and a client.
//!
//! JSON over HTTP/1.1 on Unix sockets, versioned by the path's first segment. It knows nothing
//! of how the engine works. Without the feature `client` only the types are left, which need no
//! async runtime.

#[cfg(feature = "client")]
pub mod client;
pub mod inspection;
pub mod query;
pub mod types;
