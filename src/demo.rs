//! The demonstration: a real repository, engine, load balancer and traffic, made for the
//! occasion in a directory of its own and removed afterwards.
//!
//! Nothing in it is played: each act does to the real thing what it says, and looks at what
//! clients got.

pub mod act;
pub mod asked;
pub mod directory;
pub mod guide;
pub mod image;
pub mod left;
pub mod live;
pub mod load;
mod port;
pub mod repository;
pub mod scene;
pub mod service;
