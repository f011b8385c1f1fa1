//! What an account at AWS has, as a part of an operator's file.

use std::collections::BTreeMap;

use color_eyre::Result;
use color_eyre::eyre::eyre;
use pilothouse_cockpit::width;
use pilothouse_core::aws::asking::{Ask, Content};
use pilothouse_core::aws::seen::{Ec2State, Group, Identity};
use pilothouse_core::aws::{Access, Trouble};
use pilothouse_core::text::printable;
use pilothouse_engine::accounts::{Account, Profile};
use pilothouse_settings::operator::{Kind, WatchDraft};

use super::beside::Beside;
use crate::exit::{Failure, failed};
use crate::{compose, out};

/// How the account is reached.
#[derive(Debug, clap::Args)]
pub struct Aws {
    /// Propose to watch what runs in an account at AWS as well
    #[arg(long = "aws", id = "aws")]
    is_wanted: bool,
    /// Its region, instead of the profile's or the usual one
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The profile of AWS's own files that has the credentials, and the region where they name one
    #[arg(long, requires = "aws", value_name = "NAME")]
    profile: Option<String>,
    /// The role that is taken on with them, by its ARN
    #[arg(long, requires = "aws", value_name = "ARN")]
    role: Option<String>,
    /// The environment's name
    #[arg(long, requires = "aws", value_name = "NAME", default_value = "aws")]
    environment: String,
}

/// Looks at the account, where that was asked for and what is there leaves room for it.
pub fn find(aws: &Aws, beside: &Beside<'_>) -> Result<Option<WatchDraft>> {
    if !aws.is_wanted {
        return Ok(None);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cloud = compose::cloud();
    let profile = match (&aws.profile, &cloud) {
        (Some(name), Some(cloud)) => runtime.block_on(cloud.profile(name)),
        (Some(_) | None, _) => Profile::default(),
    };
    let region = region(aws, &profile, std::env::var("AWS_REGION").ok())?;
    let draft = WatchDraft {
        environment: aws.environment.clone(),
        region: region.clone(),
        profile: aws.profile.clone(),
        role: aws.role.clone(),
        ..WatchDraft::default()
    };
    beside.check(&draft)?;
    let Some(cloud) = cloud else {
        let why = "this pilothouse was built without AWS; build it with its feature `aws`";
        return Err(failed(Failure::Usage, why));
    };
    let access = Access {
        account: String::new(),
        region,
        profile: aws.profile.clone(),
        role: aws.role.clone(),
    };
    runtime.block_on(read(&*cloud.account(&access), draft, &profile)).map(Some)
}

/// The region that is meant: what is said, what the profile says that is named, what is usual here.
fn region(aws: &Aws, profile: &Profile, usual: Option<String>) -> Result<String> {
    let usual = usual.filter(|usual| !usual.is_empty());
    let region = aws.region.clone().or_else(|| profile.region.clone()).or(usual);
    region.ok_or_else(|| {
        let said = match &aws.profile {
            Some(name) => format!(": AWS's own files name none for the profile {}", short(name)),
            None => String::new(),
        };
        let why = format!("say which region with --region, as in us-east-1{said}");
        failed(Failure::Usage, why)
    })
}

async fn read(
    account: &dyn Account,
    mut draft: WatchDraft,
    profile: &Profile,
) -> Result<WatchDraft> {
    let identity = match account.read(Ask::Identity).await {
        Ok(Content::Identity(identity)) => identity,
        Ok(_) => return Err(unfit()),
        Err(trouble) => return Err(told(&trouble)),
    };
    // Whose account it is stands there before anything of it.
    for line in who(&identity, &draft, profile) {
        out::line(&line);
    }
    draft.account = identity.account;
    let mut look = Look { account, unread: Vec::new() };
    let balancers = match look.at(Kind::Balancers, Ask::Balancers).await? {
        Some(Content::Balancers(all)) => all,
        Some(_) => return Err(unfit()),
        None => Vec::new(),
    };
    let groups = match look.at(Kind::Groups, Ask::Groups).await? {
        Some(Content::Groups(all)) => all,
        Some(_) => return Err(unfit()),
        None => Vec::new(),
    };
    let arns = groups.iter().map(|group| group.arn.clone()).collect();
    let targets = match look.at(Kind::Targets, Ask::Health(arns)).await? {
        Some(Content::Health(all)) => all,
        Some(_) => return Err(unfit()),
        None => BTreeMap::new(),
    };
    let instances = match look.at(Kind::Instances, Ask::Instances).await? {
        Some(Content::Instances(all)) => all,
        Some(_) => return Err(unfit()),
        None => Vec::new(),
    };
    let services = match look.at(Kind::Services, Ask::ServiceTags).await? {
        Some(Content::ServiceTags(all)) => all,
        Some(_) => return Err(unfit()),
        None => BTreeMap::new(),
    };
    draft.unread = look.unread;
    let brought = |arn: &String| -> Vec<String> {
        let brought = groups.iter().filter(|group: &&Group| group.balancers.contains(arn));
        let mut names: Vec<String> = brought.map(|group| group.name.clone()).collect();
        names.sort();
        names
    };
    draft.load_balancers =
        balancers.iter().map(|one| (one.name.clone(), brought(&one.arn))).collect();
    draft.target_groups = alone(&groups, &draft);
    let is_target = |id: &String| targets.values().flatten().any(|target| target.id == *id);
    let others =
        instances.into_iter().filter(|one| one.state == Ec2State::Running && !is_target(&one.id));
    draft.instances = others.map(|one| (one.id, one.name)).collect();
    draft.services = services.keys().map(ToString::to_string).collect();
    for line in found(&draft) {
        out::line(&line);
    }
    Ok(draft)
}

/// The target groups that no load balancer brings: those of none, and all of them where load
/// balancers were not looked for, since what is in them comes with nothing else.
fn alone(groups: &[Group], draft: &WatchDraft) -> Vec<String> {
    let is_unread = draft.is_unread(Kind::Balancers);
    let alone = groups.iter().filter(|group| is_unread || group.balancers.is_empty());
    let mut names: Vec<String> = alone.map(|group| group.name.clone()).collect();
    names.sort();
    names
}

/// Looks for one kind after the other. Where one may not be looked for, the others are all the same.
struct Look<'a> {
    account: &'a dyn Account,
    unread: Vec<(Kind, String)>,
}

impl Look<'_> {
    /// What is there of a kind; none where it cannot be looked for.
    async fn at(&mut self, kind: Kind, ask: Ask) -> Result<Option<Content>> {
        match self.account.read(ask).await {
            Ok(content) => Ok(Some(content)),
            Err(trouble) if trouble.is_of_all() => Err(told(&trouble)),
            Err(trouble) => {
                self.unread.push((kind, format!("{} {}", trouble.action, trouble.kind.name())));
                Ok(None)
            }
        }
    }
}

/// Names of a kind that are told; the file has all of them.
const NAMES: usize = 4;
/// Cells of a name that are told.
const NAME: usize = 40;

/// Whose account it is, who looks, and where.
fn who(identity: &Identity, draft: &WatchDraft, profile: &Profile) -> Vec<String> {
    let by = match (&draft.role, &draft.profile, &profile.role) {
        (Some(role), _, _) => role.clone(),
        (None, Some(profile), Some(role)) => format!("{profile}, which takes on {role}"),
        (None, Some(profile), None) => profile.clone(),
        (None, None, _) => "the usual chain of credentials".to_owned(),
    };
    let facts = [
        ("account", identity.account.as_str()),
        ("by", by.as_str()),
        ("we are", identity.arn.as_str()),
        ("region", draft.region.as_str()),
    ];
    let told = facts.map(|(name, said)| fitting(&format!("{name:<8} {}", printable(said, 2048))));
    told.to_vec()
}

/// What was found, how many of each and what the first few are called.
fn found(draft: &WatchDraft) -> Vec<String> {
    let hosts = draft.instances.iter();
    let hosts = hosts.map(|(id, name)| if name.is_empty() { id } else { name });
    let alone = if draft.is_unread(Kind::Targets) || draft.is_unread(Kind::Groups) {
        "EC2 instances that run, targets among them"
    } else {
        "EC2 instances that run and are no target"
    };
    let groups = if draft.is_unread(Kind::Balancers) {
        "target groups, those of load balancers among them"
    } else {
        "target groups of none"
    };
    let balancers = draft.load_balancers.iter().map(|(name, _)| name).collect();
    let kinds: [(Kind, &str, Vec<&String>); 4] = [
        (Kind::Balancers, "load balancers", balancers),
        (Kind::Groups, groups, draft.target_groups.iter().collect()),
        (Kind::Instances, alone, hosts.collect()),
        (Kind::Services, "ECS services", draft.services.iter().collect()),
    ];
    let environment = printable(&draft.environment, NAME);
    let mut told = vec![format!("found, and proposed for the environment {environment}")];
    // That none was found is said of what was looked for alone.
    for (_, kind, names) in kinds.iter().filter(|(kind, ..)| !draft.is_unread(*kind)) {
        let shown = names.iter().take(NAMES).map(|name| short(name)).collect::<Vec<_>>().join(", ");
        let more = match names.len().saturating_sub(NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let gap = if names.is_empty() { "" } else { ", " };
        told.push(fitting(&format!("  {kind}: {}{gap}{shown}{more}", names.len())));
    }
    told.push("  never looked for: buckets of S3, which you name yourself".to_owned());
    let unread = draft.unread.len();
    if unread > 0 {
        told.push(format!(
            "  not looked for: {unread} of {KINDS} kinds, of which there may be more"
        ));
    }
    let whys = draft.unread.iter();
    told.extend(whys.map(|(kind, why)| format!("    {} ({})", kind.name(), printable(why, 200))));
    if draft.is_empty() && unread == 0 {
        told.push(format!(
            "  nothing to watch: look whether {} is its region, or write tags or buckets",
            printable(&draft.region, NAME)
        ));
    }
    told
}

/// Kinds that are looked for.
const KINDS: usize = 5;

/// A name that whoever made the thing chose.
fn short(name: &str) -> String {
    width::cut_middle(&width::clean(name), NAME)
}

/// A line, cut to the terminal's width where there is one.
fn fitting(line: &str) -> String {
    out::columns().map_or_else(|| line.to_owned(), |columns| width::cut(line, columns))
}

fn told(trouble: &Trouble) -> color_eyre::Report {
    failed(Failure::Failed, printable(&trouble.told_once(), 500))
}

fn unfit() -> color_eyre::Report {
    eyre!("the account's answer was of another kind than what was asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> WatchDraft {
        WatchDraft {
            environment: "live".to_owned(),
            region: "us-east-1".to_owned(),
            ..WatchDraft::default()
        }
    }

    #[test]
    fn whose_account_it_is_stands_first_with_who_looks_and_where() {
        let arn = "arn:aws:sts::123456789012:assumed-role/watch/x\u{1b}[2J".to_owned();
        let identity = Identity { account: "123456789012".to_owned(), arn };
        let role = Some("arn:aws:iam::123456789012:role/watch".to_owned());
        assert_eq!(
            who(
                &identity,
                &WatchDraft { role, profile: Some(shop()), ..draft() },
                &Profile::default()
            ),
            [
                "account  123456789012",
                "by       arn:aws:iam::123456789012:role/watch",
                "we are   arn:aws:sts::123456789012:assumed-role/watch/x\u{fffd}[2J",
                "region   us-east-1",
            ]
        );
        let by = |draft: &WatchDraft, profile: &Profile| who(&identity, draft, profile)[1].clone();
        assert_eq!(by(&draft(), &Profile::default()), "by       the usual chain of credentials");
        // The role that a profile takes on by itself is told, and not taken on once more.
        let role = Some("arn:aws:iam::123456789012:role/watch".to_owned());
        assert_eq!(
            by(&WatchDraft { profile: Some(shop()), ..draft() }, &Profile { role, region: None }),
            "by       shop, which takes on arn:aws:iam::123456789012:role/watch"
        );
    }

    fn shop() -> String {
        "shop".to_owned()
    }

    #[test]
    fn the_region_is_the_profiles_where_none_is_said() {
        let aws = |region: Option<&str>, profile| Aws {
            is_wanted: true,
            region: region.map(str::to_owned),
            profile,
            role: None,
            environment: "aws".to_owned(),
        };
        let own = Profile { region: Some("eu-west-1".to_owned()), role: None };
        let usual = || Some("us-east-1".to_owned());
        let said = |aws: &Aws, profile: &Profile, usual| region(aws, profile, usual).unwrap();
        assert_eq!(said(&aws(Some("ap-south-1"), Some(shop())), &own, usual()), "ap-south-1");
        assert_eq!(said(&aws(None, Some(shop())), &own, usual()), "eu-west-1");
        assert_eq!(said(&aws(None, Some(shop())), &Profile::default(), usual()), "us-east-1");
        let none = Profile::default();
        let why =
            region(&aws(None, Some(shop())), &none, Some(String::new())).unwrap_err().to_string();
        assert!(why.ends_with("AWS's own files name none for the profile shop"), "{why}");
    }

    #[test]
    fn what_was_found_is_counted_and_a_few_are_named_shortly_whoever_named_them() {
        let long = format!("begin-{}-end", "x".repeat(300));
        let names = ["a", "b", "c\n", &long, "d", "e"];
        let told = found(&WatchDraft {
            load_balancers: names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
            instances: vec![("i-1".to_owned(), String::new())],
            services: vec!["shop/web".to_owned()],
            unread: vec![(
                Kind::Targets,
                "elasticloadbalancing:DescribeTargetHealth denied".to_owned(),
            )],
            ..draft()
        });
        let x = "x".repeat(13);
        assert_eq!(
            told,
            [
                "found, and proposed for the environment live".to_owned(),
                format!("  load balancers: 6, a, b, c\u{fffd}, begin-{x}…xx{x}x-end and 2 more"),
                "  target groups of none: 0".to_owned(),
                "  EC2 instances that run, targets among them: 1, i-1".to_owned(),
                "  ECS services: 1, shop/web".to_owned(),
                "  never looked for: buckets of S3, which you name yourself".to_owned(),
                "  not looked for: 1 of 5 kinds, of which there may be more".to_owned(),
                "    targets (elasticloadbalancing:DescribeTargetHealth denied)".to_owned(),
            ]
        );
        let nothing = found(&draft());
        assert!(nothing.last().unwrap().contains("nothing to watch"), "{nothing:?}");
        // What was not looked for is not said to be none.
        let unread = vec![(Kind::Services, "ecs:ListClusters denied".to_owned())];
        let nothing = found(&WatchDraft { unread, ..draft() });
        let said = |what: &str| nothing.iter().any(|line| line.contains(what));
        assert!(!said("ECS services: 0") && !said("nothing to watch"), "{nothing:?}");
        assert!(said("ECS services (ecs:ListClusters denied)"), "{nothing:?}");
    }

    #[test]
    fn target_groups_are_proposed_where_their_load_balancers_may_not_be_looked_for() {
        let group = |name: &str, behind: &[&str]| Group {
            name: name.to_owned(),
            balancers: behind.iter().map(|arn| (*arn).to_owned()).collect(),
            ..Group::default()
        };
        let groups = [group("web", &["arn:shop"]), group("alone", &[])];
        assert_eq!(alone(&groups, &draft()), ["alone"], "its load balancer brings the other");
        let why = "DescribeLoadBalancers denied".to_owned();
        let unread = WatchDraft { unread: vec![(Kind::Balancers, why)], ..draft() };
        assert_eq!(alone(&groups, &unread), ["alone", "web"]);
        let told = found(&WatchDraft { target_groups: alone(&groups, &unread), ..unread });
        let said = |what: &str| told.iter().any(|line| line == what);
        assert!(
            said("  target groups, those of load balancers among them: 2, alone, web"),
            "{told:?}"
        );
        assert!(said("    load balancers (DescribeLoadBalancers denied)"), "{told:?}");
        assert!(!told.iter().any(|line| line.starts_with("  load balancers:")), "{told:?}");
    }
}
