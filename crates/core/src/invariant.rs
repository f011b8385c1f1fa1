//! What must hold in every state and over every event, said once more in other words.
//!
//! The rest of the crate is written so that these hold; here they are checked. Nothing is
//! decided or changed here. [`check`] judges one state that has settled and is cheap enough for
//! every turn of a debug build; [`Guard`] remembers what went before and judges the way.

mod consistent;
mod guard;
mod serving;

pub use consistent::check;
pub use guard::{Before, Guard};

/// Something that must never be, and is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Violation {
    /// The rule that is broken.
    pub rule: Rule,
    /// What breaks it.
    pub what: String,
}

/// A rule that always holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Serving, healthy targets never fall below the minimum because of what was decided.
    Serving,
    /// An instance stops only once a table without it was read back, and it has drained.
    StopsLast,
    /// Only known releases of sealed artifacts start, and only the previous one comes back.
    KnownReleases,
    /// One deployment holds an environment, and at most one waits for it.
    OneDeployment,
    /// Records have no gaps.
    NoGaps,
    /// No more runs execute than there are executors.
    Executors,
    /// A head that is to be built has a run, or waits for a place in a full queue.
    HeadsHaveRuns,
    /// What has ended does not change any more.
    EndedStays,
    /// A part in the traffic fits the phase.
    Roles,
    /// Names and numbers are used once.
    UsedOnce,
    /// What refers to something refers to something that exists.
    References,
    /// Two effects that work on the same thing are never wanted at once.
    OneEffect,
    /// The digest of the wanted table is that of the table that the state asks for.
    Digest,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Serving => "serving targets fell below the minimum",
            Self::StopsLast => "an instance stops too early",
            Self::KnownReleases => "an unknown release starts",
            Self::OneDeployment => "the queue of deployments is wrong",
            Self::NoGaps => "a record is missing",
            Self::Executors => "too many runs execute",
            Self::HeadsHaveRuns => "a push was lost",
            Self::EndedStays => "what has ended changed",
            Self::Roles => "a role does not fit its phase",
            Self::UsedOnce => "a name or number is used twice",
            Self::References => "something refers to nothing",
            Self::OneEffect => "two effects work on the same thing",
            Self::Digest => "the wanted digest is stale",
        })
    }
}

impl Violation {
    pub(crate) fn new(rule: Rule, what: impl Into<String>) -> Self {
        Self { rule, what: what.into() }
    }
}
