//! Exit codes: what a program that calls us can branch on.

use std::process::ExitCode;

use color_eyre::Report;
use pilothouse_api::client::ClientError;
use pilothouse_core::command::{Rejection, RejectionKind};
use pilothouse_core::text::printable;

/// Why a verb did not do what it was asked to. The number is the exit code; 0 means that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something failed.
    Failed = 1,
    /// The command line or a file is wrong.
    Usage = 2,
    /// The deployment failed, and the earlier release serves.
    RolledBack = 3,
    /// The deployment failed, and a person must look.
    Uncertain = 4,
    /// It was refused: by the engine, or because nobody confirmed it.
    Refused = 5,
    /// Something else is going on that excludes it.
    Busy = 6,
    /// No engine answers.
    Unreachable = 7,
    /// It took longer than it may.
    Timeout = 124,
    /// Ctrl-C, as a shell counts signals: 128 + 2.
    Interrupted = 130,
}

/// A failure with a sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Ended {
    /// What kind.
    pub failure: Failure,
    /// The sentence; empty where everything was said already.
    pub why: String,
}

/// Makes a report that ends the program with the failure's code.
pub fn failed(failure: Failure, why: impl Into<String>) -> Report {
    Report::new(Ended { failure, why: why.into() })
}

/// Makes a report of a refusal that was found before the engine was asked.
pub fn refused(rejection: &Rejection) -> Report {
    failed(of_rejection(rejection.kind), rejection.why.clone())
}

/// The longest line of an error, in characters.
const LINE: usize = 8000;

/// What every error begins with.
pub const PREFIX: &str = "pilothouse: ";

/// Prints what went wrong and gives the code.
pub fn report(report: &Report) -> ExitCode {
    let failure = failure_of(report);
    for (number, text) in sentences(report).iter().enumerate() {
        let begins = if number == 0 { PREFIX } else { "  because " };
        for (line, text) in text.lines().enumerate() {
            // Most of this was made harmless where it came from; here nothing is left over.
            let begins = if line == 0 { begins } else { "" };
            crate::out::error(&format!("{begins}{}", printable(text, LINE)));
        }
    }
    ExitCode::from(failure as u8)
}

/// What went wrong and its causes. Many an error says its cause in its own sentence; nobody reads
/// that twice.
fn sentences(report: &Report) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for text in report.chain().map(ToString::to_string).filter(|text| !text.is_empty()) {
        if !said.iter().any(|earlier| earlier.contains(&text)) {
            said.push(text);
        }
    }
    said
}

fn failure_of(report: &Report) -> Failure {
    for cause in report.chain() {
        if let Some(ended) = cause.downcast_ref::<Ended>() {
            return ended.failure;
        }
        if let Some(error) = cause.downcast_ref::<ClientError>() {
            return of_client(error);
        }
    }
    Failure::Failed
}

fn of_client(error: &ClientError) -> Failure {
    match error {
        ClientError::EngineUnreachable { .. } => Failure::Unreachable,
        ClientError::NotPermitted { .. } => Failure::Refused,
        ClientError::Rejected(rejection) => of_rejection(rejection.kind),
        ClientError::Timeout { .. } => Failure::Timeout,
        ClientError::Version { .. } | ClientError::Protocol { .. } => Failure::Failed,
    }
}

fn of_rejection(kind: RejectionKind) -> Failure {
    match kind {
        RejectionKind::Full | RejectionKind::Busy => Failure::Busy,
        RejectionKind::Conflict
        | RejectionKind::NotFound
        | RejectionKind::PlanChanged
        | RejectionKind::Invalid
        | RejectionKind::Forbidden
        | RejectionKind::Degraded => Failure::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use color_eyre::eyre::WrapErr as _;

    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let io = Error::new(ErrorKind::StorageFull, "no space");
        let told: Result<(), Report> = Err(io).wrap_err("cannot write a: no space");
        let told = told.wrap_err("the engine did not start").unwrap_err();
        assert_eq!(sentences(&told), ["the engine did not start", "cannot write a: no space"]);
        assert!(sentences(&failed(Failure::Failed, "")).is_empty());
    }
}
