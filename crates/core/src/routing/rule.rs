//! Rules: what a request must look like, and what then happens to it.
//!
//! Responsible for the serialised types only; deciding is `matching`'s and `redirect`'s.

use serde::{Deserialize, Serialize};

use super::Cidr;

/// A pattern with the wildcards `*` and `?`.
///
/// `*` stands for any run of bytes, the empty one included, `?` for exactly one byte; a
/// backslash before `*`, `?` or `\` makes it literal.
pub type WildcardPattern = String;

/// One rule of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Rules are tried from the lowest number to the highest.
    pub priority: u32,
    /// All of them must hold; a rule without any matches every request.
    pub conditions: Vec<Condition>,
    /// What happens to a request that matches.
    pub action: Action,
}

/// One condition of a rule; it holds when any one of its values matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Condition {
    /// The host that was asked for, without its port; case is ignored.
    Host {
        /// Any of these.
        patterns: Vec<WildcardPattern>,
    },
    /// The path, without the query and in the one form of all its spellings, as
    /// `RequestPath::normal` tells it: decoded once, without parameters, empty or dot segments.
    /// A percent sign is written `%25`. Case matters.
    Path {
        /// Any of these.
        patterns: Vec<WildcardPattern>,
    },
    /// The method, compared exactly and without wildcards.
    Method {
        /// Any of these.
        methods: Vec<String>,
    },
    /// A header field; case is ignored in its name and in its value.
    Header {
        /// The field's name, without wildcards.
        name: String,
        /// Any of these, in any of the field's lines.
        patterns: Vec<WildcardPattern>,
    },
    /// A pair of the query string, as sent (nothing is decoded); case is ignored.
    Query {
        /// Any of these.
        pairs: Vec<QueryPattern>,
    },
    /// The client's address: the TCP peer's, unless that is a proxy which the listener trusts.
    SourceIp {
        /// Any of these.
        blocks: Vec<Cidr>,
    },
}

/// What one `key=value` of a query string must look like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryPattern {
    /// The key; none means any key.
    pub key: Option<WildcardPattern>,
    /// The value.
    pub value: WildcardPattern,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// A target of one of these groups answers it.
    Forward(Forward),
    /// The client is told to ask elsewhere.
    Redirect(Redirect),
    /// The edge answers by itself.
    Fixed(Fixed),
}

/// Names the target groups that share the requests of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The groups; one without weight gets nothing.
    pub groups: Vec<WeightedGroup>,
}

/// A target group and its share of the requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightedGroup {
    /// The id of a target group of the same table.
    pub group: String,
    /// From 0 to 999; the share is this weight divided by the sum of all.
    pub weight: u16,
}

/// A redirect whose parts may hold `#{protocol}`, `#{host}`, `#{port}`, `#{path}`, `#{query}`.
///
/// A part that is none keeps the request's own. `#{path}` stands for the path as it was sent
/// without its leading slash, so that keeping the path is written `/#{path}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// 301 (permanent) or 302 (for now).
    pub status: u16,
    /// `http`, `https` or `#{protocol}`.
    pub scheme: Option<String>,
    /// The host, without a port.
    pub host: Option<String>,
    /// A port number or `#{port}`.
    pub port: Option<String>,
    /// The path, which begins with a slash.
    pub path: Option<String>,
    /// The query without its `?`; an empty one drops the query.
    pub query: Option<String>,
}

/// An answer that the edge gives by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// From 200 to 599.
    pub status: u16,
    /// The media type of the body, such as `text/plain`.
    pub content_type: String,
    /// At most 64 KiB.
    pub body: String,
}

impl Action {
    /// Makes the action that forwards everything to one group.
    pub fn forward(group: impl Into<String>) -> Self {
        Self::Forward(Forward { groups: vec![WeightedGroup { group: group.into(), weight: 1 }] })
    }

    /// Makes the action that answers with a status and a line of plain text.
    pub fn fixed(status: u16, body: impl Into<String>) -> Self {
        let content_type = "text/plain".to_owned();
        Self::Fixed(Fixed { status, content_type, body: body.into() })
    }
}

impl Forward {
    /// Chooses a group by weight; `random` is any number, evenly drawn.
    ///
    /// None means that all weights are zero.
    pub fn choose(&self, random: u64) -> Option<&str> {
        if let [only] = self.groups.as_slice() {
            return (only.weight > 0).then_some(only.group.as_str());
        }
        let total: u64 = self.groups.iter().map(|g| u64::from(g.weight)).sum();
        let mut left = random.checked_rem(total)?;
        for candidate in &self.groups {
            let weight = u64::from(candidate.weight);
            if left < weight {
                return Some(&candidate.group);
            }
            left -= weight;
        }
        None
    }
}
