//! The part of an operator's file that watches an account at AWS.

use std::fmt::Write as _;

use pilothouse_core::spec::allowed::watch::MOST;
use pilothouse_core::spec::allowed::watch::shape::{self, Shape};

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
    /// Target groups that no load balancer brings: all of them where those were not looked for.
    pub target_groups: Vec<String>,
    /// EC2 instances that run and are no target: id and name.
    pub instances: Vec<(String, String)>,
    /// ECS services, as `cluster/service`.
    pub services: Vec<String>,
    /// What could not be looked for, and why.
    pub unread: Vec<(Kind, String)>,
}

/// Kinds of things that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Load balancers.
    Balancers,
    /// Target groups.
    Groups,
    /// The targets of target groups, which bring instances.
    Targets,
    /// EC2 instances.
    Instances,
    /// ECS services.
    Services,
}

impl Kind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Balancers => "load balancers",
            Self::Groups => "target groups",
            Self::Targets => "targets",
            Self::Instances => "EC2 instances",
            Self::Services => "ECS services",
        }
    }
}

impl WatchDraft {
    /// Whether nothing was found that an environment could watch.
    pub fn is_empty(&self) -> bool {
        self.load_balancers.is_empty()
            && self.target_groups.is_empty()
            && self.instances.is_empty()
            && self.services.is_empty()
    }

    /// Whether things of a kind could not be looked for.
    pub fn is_unread(&self, kind: Kind) -> bool {
        self.unread.iter().any(|(unread, _)| *unread == kind)
    }
}

/// Writes it: what was found stands in it, and what is not of this environment is to be taken out.
/// Where nothing was, all of it is a comment: an environment to which nothing belongs is refused.
pub fn write_watch(draft: &WatchDraft) -> String {
    let mut out = String::new();
    let name = &draft.environment;
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "[environment.{name}]\nruntime = \"aws-watch\"\n# budget = \"$200/month\"\n\n\
         [environment.{name}.aws]\naccount = {}     # nothing is read from any other\nregion = {}\n",
        quoted(&draft.account),
        quoted(&draft.region)
    );
    for (key, value) in [("profile", &draft.profile), ("role", &draft.role)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{key} = {}", quoted(value));
        }
    }
    let groups = |name: &str| {
        if draft.is_unread(Kind::Groups) {
            return None;
        }
        let found = draft.load_balancers.iter().find(|(one, _)| one == name);
        let groups = found.map(|(_, groups)| groups.join(", ")).unwrap_or_default();
        let groups = if groups.is_empty() { "no target group" } else { &groups };
        Some(format!("{name} brings {}", printable(groups)))
    };
    let called = |id: &str| {
        let found = draft.instances.iter().find(|(one, _)| one == id);
        found.map(|(_, name)| format!("{id} is {}", printable(name)))
    };
    let balancers = draft.load_balancers.iter().map(|(name, _)| name.clone());
    let instances = draft.instances.iter().map(|(id, _)| id.clone());
    let named = [
        names(&mut out, shape::BALANCER, balancers.collect(), groups),
        names(&mut out, shape::GROUP, draft.target_groups.clone(), |_| None),
        names(&mut out, shape::INSTANCE, instances.collect(), called),
        names(&mut out, shape::SERVICE, draft.services.clone(), |_| None),
    ];
    for (kind, why) in &draft.unread {
        let _ = writeln!(out, "# not looked for: {} ({})", kind.name(), printable(why));
    }
    if draft.services.is_empty() {
        out.push_str("# services = [\"cluster/service\"]    # of ECS\n");
    }
    out.push_str(
        "# tags = { app = \"shop\" }           # whatever has all of these\n\
         # buckets = [\"shop-media\"]          # of S3, for their cost\n",
    );
    let (found, out) = if named.contains(&true) {
        (
            "What `pilothouse init` found\n# stands here; take out what is not of this environment.",
            out,
        )
    } else {
        let comment = |line: &str| match line {
            "" => "#\n".to_owned(),
            line if line.starts_with('#') => format!("{line}\n"),
            line => format!("# {line}\n"),
        };
        let all = out.lines().map(comment).collect();
        ("`pilothouse init` found\n# nothing: name what belongs to it, and take the `#` away.", all)
    };
    format!(
        "\n# What runs at AWS: it is watched, and nothing there is ever changed. {found}\n{out}"
    )
}

/// Writes the names of a kind, each with what is known of it in a comment above, and whether any
/// is there. No more stand there than an environment may have, and none that it may not.
fn names(
    out: &mut String,
    shape: Shape,
    found: Vec<String>,
    known: impl Fn(&str) -> Option<String>,
) -> bool {
    let (mut plain, odd): (Vec<String>, Vec<String>) =
        found.into_iter().partition(|name| (shape.fits)(name));
    for name in odd {
        let _ = writeln!(out, "# left out, since no file can have its name: {}", printable(&name));
    }
    let more = plain.len().saturating_sub(MOST);
    plain.truncate(MOST);
    if plain.is_empty() {
        return false;
    }
    for said in plain.iter().filter_map(|name| known(name)) {
        let _ = writeln!(out, "# {said}");
    }
    if more > 0 {
        let _ = writeln!(
            out,
            "# {more} more are left out, since an environment names at most {MOST} of a kind: \
             choose by tags instead, or write several environments"
        );
    }
    let _ = writeln!(out, "{} = {}", shape.key, list(&plain));
    true
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
            instances: vec![("i-0123456789abcdef0".to_owned(), hostile.to_owned())],
            services: vec!["shop/web".to_owned()],
            unread: vec![(Kind::Targets, hostile.to_owned())],
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
        assert_eq!(watch.belongings.instances, ["i-0123456789abcdef0"]);
        assert_eq!(watch.belongings.services[0].to_string(), "shop/web");
        // Where there are none, an example stands in a comment.
        let none = write_watch(&WatchDraft { services: Vec::new(), ..draft });
        assert!(none.contains("# services = [\"cluster/service\"]"), "{none}");
    }

    /// A project's file with what is proposed, as it is read back.
    fn read_back(draft: &WatchDraft) -> (String, pilothouse_core::spec::ProjectSpec) {
        let own =
            "repository = \"/srv/git/shop.git\"\n[environment.production]\nbranch = \"main\"\n";
        let text = format!("{own}{}", write_watch(draft));
        let spec = crate::operator::read("shop", "shop.toml", &text).unwrap_or_else(|problems| {
            panic!("{}\n{text}", crate::problem::report(&problems));
        });
        (text, spec)
    }

    fn empty() -> WatchDraft {
        WatchDraft {
            environment: "live".to_owned(),
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            ..WatchDraft::default()
        }
    }

    #[test]
    fn more_than_an_environment_may_name_is_left_out_and_told() {
        let many = |count: usize| (0..count).map(|n| format!("shop-{n}")).collect::<Vec<_>>();
        let hosts = (0..350).map(|n| (format!("i-{n:017x}"), String::new()));
        let draft = WatchDraft {
            load_balancers: many(101).into_iter().map(|name| (name, Vec::new())).collect(),
            target_groups: many(100),
            instances: hosts.collect(),
            services: many(102).iter().map(|name| format!("shop/{name}")).collect(),
            ..empty()
        };
        let (text, spec) = read_back(&draft);
        let watch = spec.environments[1].runtime.watch().unwrap();
        let belongings = &watch.belongings;
        assert_eq!((belongings.load_balancers.len(), belongings.target_groups.len()), (100, 100));
        assert_eq!((belongings.instances.len(), belongings.services.len()), (100, 100));
        for left in ["# 1 more are", "# 250 more are", "# 2 more are"] {
            assert!(text.contains(left), "{left}: {text}");
        }
        assert!(!text.contains("# 0 more") && text.contains("choose by tags instead"));
    }

    #[test]
    fn a_name_that_no_file_takes_is_left_out_and_told() {
        let draft = WatchDraft {
            target_groups: vec!["a\u{1b}b".to_owned(), "web".to_owned(), "arn:x".to_owned()],
            ..empty()
        };
        let (text, spec) = read_back(&draft);
        assert_eq!(spec.environments[1].runtime.watch().unwrap().belongings.target_groups, ["web"]);
        assert_eq!(
            text.matches("# left out, since no file can have its name: ").count(),
            2,
            "{text}"
        );
    }

    #[test]
    fn what_could_not_be_looked_for_is_not_said_to_be_none() {
        let found = WatchDraft { load_balancers: vec![("shop".to_owned(), Vec::new())], ..empty() };
        let why = "elasticloadbalancing:DescribeTargetGroups denied".to_owned();
        let unread = WatchDraft { unread: vec![(Kind::Groups, why)], ..found.clone() };
        let (text, spec) = read_back(&unread);
        assert_eq!(
            spec.environments[1].runtime.watch().unwrap().belongings.load_balancers,
            ["shop"]
        );
        assert!(
            !text.contains("brings") && text.contains("# not looked for: target groups"),
            "{text}"
        );
        assert!(read_back(&found).0.contains("# shop brings no target group\n"));
    }

    #[test]
    fn where_nothing_was_found_a_comment_says_how_it_would_be_written() {
        let (text, spec) = read_back(&empty());
        assert_eq!(spec.environments.len(), 1, "{text}");
        assert!(
            text.contains("\n# [environment.live.aws]\n# account = \"123456789012\""),
            "{text}"
        );
        let all = WatchDraft { profile: Some("shop".to_owned()), ..empty() };
        assert!(read_back(&all).0.contains("\n# profile = \"shop\"\n"));
    }
}
