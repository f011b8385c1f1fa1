//! The part of an operator's file that watches an account at AWS.

use std::fmt::Write as _;

use super::{list, quoted};

/// What was found in an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchDraft {
    /// The environment's name.
    pub environment: String,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The profile that it was found with.
    pub profile: Option<String>,
    /// The role that it was found with, by its ARN.
    pub role: Option<String>,
    /// Load balancers by name, with the target groups that they bring.
    pub load_balancers: Vec<(String, Vec<String>)>,
    /// Target groups that no load balancer sends to.
    pub target_groups: Vec<String>,
    /// EC2 instances that run and are no target: id and name.
    pub instances: Vec<(String, String)>,
    /// ECS services, as `cluster/service`.
    pub services: Vec<String>,
    /// What could not be looked for, and why.
    pub unread: Vec<String>,
}

/// Writes it: what was found stands in it, and what is not of this environment is to be taken out.
pub fn write_watch(draft: &WatchDraft) -> String {
    let mut out = String::new();
    let name = &draft.environment;
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "\n# What runs at AWS: it is watched, and nothing there is ever changed. What `pilothouse init` \
         found\n# stands here; take out what is not of this environment.\n[environment.{name}]\n\
         runtime = \"aws-watch\"\n# budget = \"$200/month\"\n\n[environment.{name}.aws]\n\
         account = {}     # nothing is read from any other\nregion = {}\n",
        quoted(&draft.account),
        quoted(&draft.region)
    );
    for (key, value) in [("profile", &draft.profile), ("role", &draft.role)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{key} = {}", quoted(value));
        }
    }
    for (name, groups) in &draft.load_balancers {
        let groups =
            if groups.is_empty() { "no target group".to_owned() } else { groups.join(", ") };
        let _ = writeln!(out, "# {name} brings {}", printable(&groups));
    }
    let names: Vec<String> = draft.load_balancers.iter().map(|(name, _)| name.clone()).collect();
    let _ = writeln!(out, "load_balancers = {}", list(&names));
    if !draft.target_groups.is_empty() {
        let _ = writeln!(out, "target_groups = {}", list(&draft.target_groups));
    }
    for (id, name) in &draft.instances {
        let _ = writeln!(out, "# {id} is {}", printable(name));
    }
    if !draft.instances.is_empty() {
        let ids: Vec<String> = draft.instances.iter().map(|(id, _)| id.clone()).collect();
        let _ = writeln!(out, "instances = {}", list(&ids));
    }
    for unread in &draft.unread {
        let _ = writeln!(out, "# not looked for: {}", printable(unread));
    }
    if draft.services.is_empty() {
        out.push_str("# services = [\"cluster/service\"]    # of ECS\n");
    } else {
        let _ = writeln!(out, "services = {}     # of ECS", list(&draft.services));
    }
    out.push_str(
        "# tags = { app = \"shop\" }           # whatever has all of these\n\
         # buckets = [\"shop-media\"]          # of S3, for their cost\n",
    );
    out
}

/// A comment ends with its line, whatever somebody named a thing.
fn printable(text: &str) -> String {
    pilothouse_core::text::printable(text, 200)
}
