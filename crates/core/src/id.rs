//! Names and numbers of things, each a type of its own so that no two can be confused.
//!
//! A name only wraps text; whether the text is a legal name is judged where it enters
//! (settings, git, commands), by [`is_name`] for the names that people choose.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $prefix:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// The number that follows this one.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

text_id!(
    /// A project: one repository with its pipeline and environments.
    ProjectName
);
text_id!(
    /// An environment of a project, such as `production` or `preview-login-3f2a`.
    EnvironmentName
);
text_id!(
    /// A branch as git names it, without `refs/heads/`. Hostile text: see [`crate::text`].
    BranchName
);
text_id!(
    /// A commit's full object id in lower-case hex.
    CommitId
);
text_id!(
    /// A sealed artifact, named by the sha256 of its manifest in lower-case hex.
    ArtifactDigest
);
text_id!(
    /// An instance: `<project>-<environment>-r<release>-<slot>`, with `.<generation>` once replaced.
    InstanceId
);

impl InstanceId {
    /// The place in its environment that it has: of `shop-production-r2-1.4` it is 1.
    pub fn slot(&self) -> Option<u32> {
        let (_, slot) = self.0.rsplit_once('-')?;
        slot.split('.').next()?.parse().ok()
    }
}

number_id!(
    /// A run, numbered over the engine's life.
    RunId, u64, "#"
);
number_id!(
    /// A deployment, numbered over the engine's life.
    DeploymentId, u64, "d"
);
number_id!(
    /// A release, numbered per environment from 1.
    ReleaseNumber, u32, "r"
);
number_id!(
    /// A record's place in the journal. The first record is 1; 0 is before all of them.
    Seq, u64, ""
);

impl CommitId {
    /// The first seven digits, as people quote a commit.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl ArtifactDigest {
    /// The first twelve digits, as people quote an image.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// Tells whether the text may name a project or an environment: 1 to 40 characters of
/// `a-z`, `0-9` and `-`, beginning with a letter and not ending with `-`.
///
/// The rule is a DNS label's (RFC 1035 section 2.3.1), because names become parts of domains,
/// directories and container names.
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=40).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && !text.ends_with('-')
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for good in ["a", "shop", "shop-2", "production"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", "2a", "결제", "../x", &"a".repeat(41)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn short_forms_survive_short_text() {
        assert_eq!(CommitId::new("4f1c2aa9").short(), "4f1c2aa");
        assert_eq!(CommitId::new("4f").short(), "4f");
    }
}
