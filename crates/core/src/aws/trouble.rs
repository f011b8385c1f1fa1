//! Why something of an account could not be read, by kind, and what mends it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::printable;

/// Characters of what AWS said that are told at most.
const SAID: usize = 240;

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub kind: TroubleKind,
    /// The action that met it, as policies name it: `ec2:DescribeInstances`.
    pub action: String,
    /// What was said, printable; empty where nothing was.
    pub said: String,
}

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Nobody answers at the other end.
    Unreachable,
    /// No answer came in time.
    Late,
    /// AWS asks to be asked less often.
    Throttled,
    /// AWS failed by its own word.
    Broken,
    /// These credentials may not do this.
    Denied,
    /// The credentials are no longer valid.
    Expired,
    /// There are no credentials.
    NoCredentials,
    /// AWS does not know these credentials.
    Unknown,
    /// What answers does not have this API.
    NotOffered,
    /// The credentials are of another account than the one that is pinned.
    WrongAccount,
    /// The answer makes no sense.
    Unreadable,
}

impl Trouble {
    /// Builds a trouble from what was said, which is hostile text.
    pub fn new(kind: TroubleKind, action: impl Into<String>, said: &str) -> Self {
        Self { kind, action: action.into(), said: printable(said.trim(), SAID) }
    }
}

impl TroubleKind {
    /// Whether everything else that is asked of the account would meet it too, so that a round
    /// ends with it instead of meeting it again and again.
    pub fn is_of_all(self) -> bool {
        match self {
            Self::Unreachable
            | Self::Expired
            | Self::NoCredentials
            | Self::Unknown
            | Self::WrongAccount
            | Self::Throttled => true,
            Self::Late | Self::Broken | Self::Denied | Self::NotOffered | Self::Unreadable => false,
        }
    }

    /// Whether other credentials would not meet it.
    pub fn is_of_credentials(self) -> bool {
        matches!(self, Self::Expired | Self::NoCredentials | Self::Unknown)
    }

    /// Whether asking again soon would only make it worse, or cannot help.
    pub fn wants_patience(self) -> bool {
        match self {
            Self::Throttled | Self::WrongAccount | Self::Unknown | Self::NoCredentials => true,
            Self::Unreachable
            | Self::Late
            | Self::Broken
            | Self::Denied
            | Self::Expired
            | Self::NotOffered
            | Self::Unreadable => false,
        }
    }

    /// What it is, in few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Late => "no answer in time",
            Self::Throttled => "throttled",
            Self::Broken => "AWS failed",
            Self::Denied => "denied",
            Self::Expired => "credentials expired",
            Self::NoCredentials => "no credentials",
            Self::Unknown => "credentials not known",
            Self::NotOffered => "not offered here",
            Self::WrongAccount => "wrong account",
            Self::Unreadable => "not understood",
        }
    }

    /// What a person does about it.
    fn remedy(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "look whether the network and AWS_ENDPOINT_URL are as they should be"
            }
            Self::Late | Self::Broken | Self::Unreadable => "it is asked again by itself",
            Self::Throttled => "it is asked less often for a while",
            Self::Denied => "`pilothouse iam-policy` prints what the role needs",
            Self::Expired => "log in again, as with `aws sso login`",
            Self::NoCredentials => {
                "name a profile in the operator's file, or give the engine's user credentials"
            }
            Self::Unknown => "look at the profile's keys",
            Self::NotOffered => "what answers at this endpoint does not have it",
            Self::WrongAccount => {
                "name the account's own profile or role, or correct `account`, and apply"
            }
        }
    }
}

impl fmt::Display for Trouble {
    /// Writes what failed, what was said, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.action, self.kind.name(), self.kind.remedy())?;
        if !self.said.is_empty() {
            write!(f, ". AWS said: {}", self.said)?;
        }
        Ok(())
    }
}
