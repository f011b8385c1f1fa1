//! What is watched at AWS: how an account is reached, what belongs to an environment there, and
//! what was seen of it.
//!
//! The words are AWS's. What was seen is no part of the state: it is told to clients like samples,
//! with the time at which it was seen. Nothing here talks to AWS.

mod absent;
pub mod asking;
pub mod belongs;
pub mod bill;
pub mod book;
pub mod meter;
pub mod missing;
pub mod policy;
pub mod recent;
pub mod search;
pub mod seen;
pub mod trouble;
pub mod wanted;
pub mod watched;
pub mod words;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use belongs::Inventory;
pub use missing::Missing;
pub use recent::{Lately, Recent};
pub use search::Unregistered;
pub use trouble::{Trouble, TroubleKind};
pub use watched::{Calls, Freshness, Part, Watched, WatchedAge};

/// What the operator wants watched for one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsWatch {
    /// How the account is reached.
    pub access: Access,
    /// What of the account belongs to the environment.
    pub belongings: Belongings,
}

/// How an account is reached, and which it must be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Access {
    /// The account's twelve digits. Nothing is read from any other.
    pub account: String,
    /// The region.
    pub region: String,
    /// The profile of AWS's own files that has the credentials; none means the usual chain.
    pub profile: Option<String>,
    /// The role that is taken on with them, by its ARN.
    pub role: Option<String>,
}

/// What of an account belongs to an environment. A load balancer brings its target groups, and a
/// target group the instances that are its targets. An instance that is named brings the target
/// groups that it is registered in, for their health alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belongings {
    /// What has all of these tags: EC2 instances, load balancers, target groups, ECS services.
    /// Nothing where there are no tags here.
    pub tags: Tags,
    /// EC2 instances by id.
    pub instances: Vec<String>,
    /// Load balancers by name.
    pub load_balancers: Vec<String>,
    /// Target groups by name.
    pub target_groups: Vec<String>,
    /// ECS services.
    pub services: Vec<ServiceName>,
    /// Buckets of S3 by name, for their cost alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<String>,
}

/// Tags, by their key.
pub type Tags = BTreeMap<String, String>;

/// An ECS service, written `cluster/service`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceName {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

impl Access {
    /// By which credentials it is reached, for people.
    pub fn by(&self) -> String {
        match (&self.role, &self.profile) {
            (Some(role), _) => format!("role {}", role.rsplit('/').next().unwrap_or(role)),
            (None, Some(profile)) => format!("profile {profile}"),
            (None, None) => "default credentials".to_owned(),
        }
    }
}

impl Belongings {
    /// Whether nothing belongs to the environment.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something with these tags has all that are wanted; without any wanted nothing has.
    fn fits(&self, tags: Option<&Tags>) -> bool {
        let has =
            |(key, value): (&String, &String)| tags.and_then(|tags| tags.get(key)) == Some(value);
        !self.tags.is_empty() && self.tags.iter().all(has)
    }
}

impl ServiceName {
    /// Reads `cluster/service`.
    pub fn parse(text: &str) -> Option<Self> {
        let (cluster, service) = text.split_once('/')?;
        let is_name = |part: &str| {
            (1..=255).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        (is_name(cluster) && is_name(service))
            .then(|| Self { cluster: cluster.to_owned(), service: service.to_owned() })
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.cluster, self.service))
    }
}

#[cfg(test)]
mod tests;
