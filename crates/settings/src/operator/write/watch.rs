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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_was_found_is_written_so_that_it_is_read_back_whoever_named_it() {
        let hostile = "web\n[environment.live]\nbranch = \"main\"";
        let draft = WatchDraft {
            environment: "live".to_owned(),
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            profile: Some("shop".to_owned()),
            role: Some("arn:aws:iam::123456789012:role/watch".to_owned()),
            load_balancers: vec![("shop".to_owned(), vec![hostile.to_owned()])],
            target_groups: vec!["alone".to_owned()],
            instances: vec![("i-1".to_owned(), hostile.to_owned())],
            services: vec!["shop/web".to_owned()],
            unread: vec![hostile.to_owned()],
        };
        let text = format!("repository = \"/srv/git/shop.git\"\n{}", write_watch(&draft));
        let spec = crate::operator::read("shop", "shop.toml", &text).unwrap_or_else(|problems| {
            panic!("{}\n{text}", crate::problem::report(&problems));
        });
        assert_eq!(spec.environments.len(), 1, "{text}");
        let watch = spec.environments[0].runtime.watch().unwrap();
        assert_eq!(watch.access.account, draft.account);
        assert_eq!(watch.access.region, draft.region);
        assert_eq!((&watch.access.profile, &watch.access.role), (&draft.profile, &draft.role));
        assert_eq!(watch.belongings.load_balancers, ["shop"]);
        assert_eq!(watch.belongings.target_groups, draft.target_groups);
        assert_eq!(watch.belongings.instances, ["i-1"]);
        assert_eq!(watch.belongings.services[0].to_string(), "shop/web");
        // Where there are none, an example stands in a comment.
        let none = write_watch(&WatchDraft { services: Vec::new(), ..draft });
        assert!(none.contains("# services = [\"cluster/service\"]"), "{none}");
    }
}
