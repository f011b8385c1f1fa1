//! `pilothouse watch`: the cockpit for those who look on.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use color_eyre::Result;
use pilothouse_api::client::Client;

use crate::attach::{Look, attach};
use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::out;

/// How the cockpit looks.
#[derive(Clone, Debug, clap::Args)]
pub struct Watch {
    #[command(flatten)]
    look: Look,
}

/// Shows the cockpit until the person leaves.
pub fn run(place: &Place, options: &Watch) -> Result<ExitCode> {
    watch(place, &options.look)
}

/// Shows the cockpit without anything that changes something.
///
/// Through the watchers' socket the engine itself refuses every change. An operator who may open
/// only the operators' one is watched over by this program alone.
pub(super) fn watch(place: &Place, look: &Look) -> Result<ExitCode> {
    let (watch, operator) = (place.watch_socket(), place.operator_socket());
    let socket = match knock(&watch) {
        Ok(()) => watch,
        Err(error) if knock(&operator).is_ok() => {
            out::error(&format!(
                "cannot open {} ({error}); watching through {}",
                out::path(&watch),
                out::path(&operator)
            ));
            operator
        }
        Err(error) => return Err(refused(&watch, &error)),
    };
    attach(place, Client::new(socket), look, true, None)
}

fn knock(socket: &Path) -> io::Result<()> {
    UnixStream::connect(socket).map(|_| ())
}

fn refused(socket: &Path, error: &io::Error) -> color_eyre::Report {
    let socket = socket.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            let why = format!(
                "you may not open {socket}; ask whoever runs the engine for the group of its watchers, or to \
                 start it with `--watch-all`, with which every user may watch"
            );
            failed(Failure::Refused, why)
        }
        _ => failed(
            Failure::Unreachable,
            format!("no engine answers on {socket} ({error}); start one with `pilothouse`"),
        ),
    }
}
