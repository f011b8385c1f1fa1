//! Containers and images of a Docker engine, and the process that owns one container.
//!
//! The only crate that names bollard: none of its types leaves it, and nothing here starts the
//! `docker` program. It knows nothing of runs, releases or environments: names, labels and
//! limits come from outside. What is not ours by its labels is read and never changed.

mod build;
mod contain;
mod container;
mod context;
mod create;
mod details;
mod engine;
mod error;
mod ignored;
mod image;
mod import;
mod line;
mod listens;
mod output;
mod raw;
mod record;
mod references;
mod shell;
mod spec;
mod usage;

pub use build::{BuildSpec, Built, build, cached_images};
pub use contain::{Contained, contain};
pub use container::{Container, Health};
pub use details::Details;
pub use engine::{Docker, Facts};
pub use error::{Error, Kind};
pub use image::Image;
pub use import::ImageFile;
pub use line::Changes;
pub use listens::is_on_loopback_alone;
pub use record::{Record, read_record};
pub use shell::{Shell, ShellInput, ShellOutput};
pub use spec::{ContainerSpec, Mount, NO_NEW_RIGHTS, Only, Program, Publish};
pub use usage::{Meter, Usage};
