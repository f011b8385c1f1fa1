//! Why something of an account could not be read, by kind, and what mends it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::policy;
use crate::text::printable;

/// Characters of what was said that are told at most.
const SAID: usize = 240;
/// What begins the text that AWS signed, which it tells where signatures differ: it has what the
/// request had, a session's token among it.
const SIGNED: [&str; 2] = ["canonical string", "string-to-sign"];
/// Characters of a word from which on it is no name of anything, and may be a token.
const TOKEN: usize = 40;
/// Denied actions that are named at once; the policy that is needed has them all.
const ACTIONS: usize = 4;

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub kind: TroubleKind,
    /// The action that met it, as policies name it: `ec2:DescribeInstances`.
    pub action: String,
    /// What was said, printable; empty where nothing was.
    pub said: String,
    /// Whether AWS said so. Otherwise it is what whoever asked knows of it.
    #[serde(default)]
    pub is_by_aws: bool,
    /// Where it was asked, as in `us-east-1 at http://127.0.0.1:5000`; empty where that cannot be
    /// what is wrong.
    #[serde(default)]
    pub place: String,
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
    /// Builds a trouble from what is known of it, which is hostile text.
    pub fn new(kind: TroubleKind, action: impl Into<String>, said: &str) -> Self {
        let said = printable(said.trim(), SAID);
        Self { kind, action: action.into(), said, is_by_aws: false, place: String::new() }
    }

    /// The same in AWS's own words.
    pub fn by_aws(kind: TroubleKind, action: impl Into<String>, said: &str) -> Self {
        Self { is_by_aws: true, ..Self::new(kind, action, &without_secrets(said)) }
    }

    /// The same with where it was asked, where that may be what is wrong.
    #[must_use]
    pub fn asked_in(self, place: &str) -> Self {
        let place = if self.kind.is_of_place() { printable(place, SAID) } else { String::new() };
        Self { place, ..self }
    }

    /// The first of several troubles with every action that was denied, so that none hides behind
    /// another: one change of a policy mends them all. None of none.
    pub fn together<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let first = all.clone().next()?.clone();
        if first.kind != TroubleKind::Denied {
            return Some(first);
        }
        let mut actions: Vec<&str> = Vec::new();
        for one in all.filter(|one| one.kind == TroubleKind::Denied) {
            if !actions.contains(&one.action.as_str()) {
                actions.push(&one.action);
            }
        }
        let more = match actions.len().saturating_sub(ACTIONS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        actions.truncate(ACTIONS);
        Some(Self { action: format!("{}{more}", actions.join(", ")), ..first })
    }

    /// What failed and how, in few words: `ec2:DescribeVolumes (denied)`.
    pub fn shortly(&self) -> String {
        format!("{} ({})", self.action, self.kind.name())
    }

    /// The service that was asked, as policies name it: `ec2`.
    pub fn service(&self) -> &str {
        self.action.split_once(':').map_or(self.action.as_str(), |(service, _)| service)
    }

    /// Whether everything else that is asked of the account would meet it too, so that a round
    /// ends with it instead of meeting it again and again. An endpoint that is not reached may be
    /// that of one service alone. AWS throttles each action by itself, and nothing can be asked
    /// without the one that brings the credentials.
    pub fn is_of_all(&self) -> bool {
        let is_throttled = self.kind == TroubleKind::Throttled;
        self.kind.is_of_all() || is_throttled && self.service() == "sts"
    }

    /// The same for whoever asked once, and does not ask again by itself.
    pub fn told_once(&self) -> String {
        let again = match self.kind {
            TroubleKind::Late | TroubleKind::Throttled => Some("try again in a while"),
            TroubleKind::Broken | TroubleKind::Unreadable => Some(
                "try again; where it stays, look whether the region and AWS_ENDPOINT_URL are as \
                 they should be",
            ),
            TroubleKind::Unreachable
            | TroubleKind::Denied
            | TroubleKind::Expired
            | TroubleKind::NoCredentials
            | TroubleKind::Unknown
            | TroubleKind::NotOffered
            | TroubleKind::WrongAccount => None,
        };
        self.told(again.unwrap_or_else(|| self.remedy()))
    }

    fn told(&self, remedy: &str) -> String {
        let place = match self.place.as_str() {
            "" => String::new(),
            place => format!(" in {place}"),
        };
        let said = match (self.said.as_str(), self.is_by_aws) {
            ("", _) => String::new(),
            (said, true) => format!(". AWS said: {said}"),
            (said, false) => format!(". Why: {said}"),
        };
        format!("{}{place} ({}): {remedy}{said}", self.action, self.kind.name())
    }

    /// What a person does about it.
    fn remedy(&self) -> &'static str {
        if self.kind == TroubleKind::Denied && self.action == policy::ASSUME_ROLE {
            return "look whether `role` is right, trusts these credentials, and they may take it on";
        }
        self.kind.remedy()
    }
}

/// What AWS said without what it says of the request itself, and without what looks like a token.
fn without_secrets(said: &str) -> String {
    let small = said.to_ascii_lowercase();
    let end = SIGNED.iter().filter_map(|begin| small.find(begin)).min();
    // The sentence that tells of it says nothing without it.
    let kept = match end {
        None => said,
        Some(end) => {
            let before = said.get(..end).unwrap_or_default();
            before.rfind(['.', '\n']).map_or("", |dot| before.get(..=dot).unwrap_or_default())
        }
    };
    let words = kept.split_whitespace().map(|word| {
        // Names at AWS are long, too, and are what is to be read.
        if word.contains("arn:") { word.to_owned() } else { masked(word) }
    });
    words.collect::<Vec<String>>().join(" ")
}

/// A word in which what looks like a token is left out (RFC 4648, sections 4 and 5).
fn masked(word: &str) -> String {
    let is_of_token = |one: char| one.is_ascii_alphanumeric() || "+/=_-".contains(one);
    let mut told = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|one| !is_of_token(one)).unwrap_or(rest.len());
        let (piece, more) = rest.split_at(end);
        let has = |kind: fn(&u8) -> bool| piece.as_bytes().iter().any(kind);
        let is_token = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        told.push_str(if piece.len() >= TOKEN && is_token { "…" } else { piece });
        let next = more.chars().next().map_or(0, char::len_utf8);
        let (sign, more) = more.split_at(next);
        told.push_str(sign);
        rest = more;
    }
    told
}

impl TroubleKind {
    /// See [`Trouble::is_of_all`].
    fn is_of_all(self) -> bool {
        match self {
            Self::Expired | Self::NoCredentials | Self::Unknown | Self::WrongAccount => true,
            Self::Unreachable
            | Self::Late
            | Self::Throttled
            | Self::Broken
            | Self::Denied
            | Self::NotOffered
            | Self::Unreadable => false,
        }
    }

    /// Whether other credentials would not meet it.
    pub fn is_of_credentials(self) -> bool {
        matches!(self, Self::Expired | Self::NoCredentials | Self::Unknown)
    }

    /// Whether it may be met because the wrong place is asked: a region or an endpoint.
    fn is_of_place(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Late | Self::Broken | Self::NotOffered | Self::Unreadable
        )
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
                "look whether the region, the network and AWS_ENDPOINT_URL are as they should be"
            }
            Self::Late => "it is asked again by itself",
            Self::Broken | Self::Unreadable => {
                "it is asked again by itself; where it stays, look whether the region and \
                 AWS_ENDPOINT_URL are as they should be"
            }
            Self::Throttled => "it is asked less often for a while",
            Self::Denied => "`pilothouse iam-policy` prints what the role needs",
            Self::Expired => "log in again, as with `aws sso login`",
            Self::NoCredentials => {
                "name a profile in the operator's file, or give the engine's user credentials"
            }
            Self::Unknown => "look at the profile's keys",
            Self::NotOffered => {
                "what answers there does not have it: look whether the region and \
                 AWS_ENDPOINT_URL are as they should be"
            }
            Self::WrongAccount => {
                "name the account's own profile or role, or correct `account`, and apply"
            }
        }
    }
}

impl fmt::Display for Trouble {
    /// Writes what failed, where, what to do, and what was said by whom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(self.remedy()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_once_is_not_told_that_it_is_asked_again() {
        let late = Trouble::new(TroubleKind::Late, "ec2:DescribeVpcs", "it took more than 5 s")
            .asked_in("us-east-1");
        assert_eq!(
            late.told_once(),
            "ec2:DescribeVpcs in us-east-1 (no answer in time): try again in a while. Why: it \
             took more than 5 s"
        );
        assert!(late.to_string().contains("it is asked again by itself"), "{late}");
        for kind in [TroubleKind::Throttled, TroubleKind::Broken, TroubleKind::Unreadable] {
            let told = Trouble::new(kind, "ec2:DescribeVpcs", "").told_once();
            assert!(!told.contains("it is asked"), "{told}");
        }
        let denied = Trouble::new(TroubleKind::Denied, "ec2:DescribeVpcs", "");
        assert_eq!(denied.told_once(), denied.to_string());
    }

    #[test]
    fn throttling_is_of_all_where_it_is_of_the_credentials_alone() {
        let is_of_all = |action: &str| Trouble::new(TroubleKind::Throttled, action, "").is_of_all();
        assert!(is_of_all("sts:AssumeRole") && !is_of_all("ec2:DescribeInstances"));
    }

    #[test]
    fn what_aws_says_of_a_request_is_told_without_what_may_be_a_secret() {
        let token = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDfakeTOKEN0123456789";
        let mismatch = "The request signature we calculated does not match the signature you \
                        provided. Check your AWS Secret Access Key and signing method.";
        let whole = format!(
            "{mismatch}\n\nThe Canonical String for this request should have been\n'POST\n/\n\n\
             host:sts.amazonaws.com\nx-amz-security-token:{token}\n'\n\nThe String-to-Sign should \
             have been\n'AWS4-HMAC-SHA256'"
        );
        let told =
            |said: &str| Trouble::by_aws(TroubleKind::Unknown, "sts:GetCallerIdentity", said).said;
        assert_eq!(told(&whole), mismatch);
        assert_eq!(told(&format!("bad token:{token}, no")), "bad token:…, no");
        let arn = "User: arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Watch_0123456789abcdef/\
                   kim@example.com is not authorized to perform: ec2:DescribeVolumes";
        assert_eq!(told(arn), arn);
        assert_eq!(told("Request limit exceeded."), "Request limit exceeded.");
        assert_eq!(told("The canonical string is odd"), "");
    }
}
