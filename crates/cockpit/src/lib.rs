//! The cockpit's pure view.
//!
//! A [`Model`] holds what the engine told and what the person does; [`update()`] changes it by a
//! message and says what to ask for; [`view()`] draws it. There is no runtime, no file, no clock
//! and no terminal here: the loop that has them lives with the binary.

pub mod action;
pub mod age;
pub mod banner;
pub mod cli;
pub mod cost;
pub mod digest;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod model;
pub mod msg;
pub mod problem;
pub mod rows;
pub mod text;
pub mod theme;
pub mod tick;
pub mod update;
pub mod view;
pub mod width;

pub use digest::{Notice, digest};
pub use key::Key;
pub use keymap::Keymap;
pub use layout::layout;
pub use model::{Link, Model};
pub use msg::{Msg, Request};
pub use theme::Theme;
pub use tick::next_tick;
pub use update::update;
pub use view::view;
