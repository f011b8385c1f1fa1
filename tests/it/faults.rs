//! What goes wrong, and what the engine makes of it: the old release serves on, nothing is left
//! behind, and the state says in words what is the matter.

mod builds;
mod disk;
mod edge;
mod filled;
mod places;
mod processes;
mod shared;
mod sources;
