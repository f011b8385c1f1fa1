//! What can go wrong with a Docker engine, by kind.

use bollard::errors::Error as Raw;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Error {
    /// What kind it is: callers branch on this.
    pub kind: Kind,
    /// A sentence that says what failed, where, and what to do. Not printable text: an engine's
    /// answers are a stranger's.
    pub why: String,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No engine answers.
    Unreachable,
    /// The socket is there and may not be opened.
    Denied,
    /// What was named does not exist.
    NotFound,
    /// Something of that name or on that port exists already, or the state does not allow it.
    Conflict,
    /// The engine refuses what was asked.
    Refused,
    /// What was to be sent to the engine cannot be read.
    Unread,
    /// The engine failed, or its answer makes no sense.
    Broken,
}

impl Error {
    pub(crate) fn new(kind: Kind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }

    /// Whether it may pass by itself.
    pub fn may_pass(&self) -> bool {
        match self.kind {
            Kind::Unreachable | Kind::Conflict | Kind::Broken => true,
            Kind::Denied | Kind::NotFound | Kind::Refused | Kind::Unread => false,
        }
    }
}

/// Turns bollard's error into ours; `what` reads after "cannot".
pub(crate) fn from(what: &str, raw: &Raw) -> Error {
    let kind = match raw {
        Raw::DockerResponseServerError { status_code, .. } => match status_code {
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            400..=499 => Kind::Refused,
            _ => Kind::Broken,
        },
        Raw::SocketNotFoundError(_) => Kind::Unreachable,
        Raw::IOError { err } => of_io(err),
        Raw::HyperLegacyError { err } => io_below(err).map_or(Kind::Unreachable, of_io),
        Raw::HyperResponseError { .. } | Raw::RequestTimeoutError => Kind::Unreachable,
        _ => Kind::Broken,
    };
    let said = match raw {
        Raw::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Raw::DockerStreamError { error } => error.trim().to_owned(),
        // Below all that is between lies what the system said.
        Raw::HyperLegacyError { err } if io_below(err).is_some() => {
            io_below(err).map(ToString::to_string).unwrap_or_default()
        }
        other => said(other),
    };
    let advice = match kind {
        Kind::Unreachable => "; is the Docker engine running? Try: systemctl status docker",
        Kind::Denied => {
            "; only root and members of the group docker may open its socket, and being in that \
             group is as good as being root"
        }
        Kind::NotFound | Kind::Conflict | Kind::Refused | Kind::Unread | Kind::Broken => "",
    };
    Error::new(kind, format!("cannot {what}: {said}{advice}"))
}

fn of_io(error: &std::io::Error) -> Kind {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => Kind::Denied,
        _ => Kind::Unreachable,
    }
}

fn io_below<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a std::io::Error> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io);
        }
        at = error.source();
    }
    None
}

/// An error with those below it, which say what really happened.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(below) = at {
        let more = below.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        at = below.source();
    }
    text
}
