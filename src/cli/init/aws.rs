//! What an account at AWS has, as a part of an operator's file.

use color_eyre::Result;
use color_eyre::eyre::eyre;
use pilothouse_cockpit::width;
use pilothouse_core::aws::Access;
use pilothouse_core::aws::asking::{Ask, Content};
use pilothouse_core::aws::seen::{Ec2State, Group, Identity};
use pilothouse_core::text::printable;
use pilothouse_engine::accounts::Account;
use pilothouse_settings::operator::WatchDraft;

use super::beside::Beside;
use crate::exit::{Failure, failed};
use crate::{compose, out};

/// How the account is reached.
#[derive(Debug, clap::Args)]
pub struct Aws {
    /// Propose to watch what runs in an account at AWS as well
    #[arg(long = "aws", id = "aws")]
    is_wanted: bool,
    /// Its region
    #[arg(long, env = "AWS_REGION", value_name = "REGION")]
    region: Option<String>,
    /// The profile of AWS's own files that has the credentials
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
    let Some(region) = aws.region.clone() else {
        return Err(failed(Failure::Usage, "say which region with --region, as in us-east-1"));
    };
    let draft = WatchDraft {
        environment: aws.environment.clone(),
        region: region.clone(),
        profile: aws.profile.clone(),
        role: aws.role.clone(),
        ..WatchDraft::default()
    };
    beside.check(&draft)?;
    let Some(cloud) = compose::cloud() else {
        let why = "this pilothouse was built without AWS; build it with its feature `aws`";
        return Err(failed(Failure::Usage, why));
    };
    let access = Access {
        account: String::new(),
        region,
        profile: aws.profile.clone(),
        role: aws.role.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(read(&*cloud.account(&access), draft)).map(Some)
}

async fn read(account: &dyn Account, mut draft: WatchDraft) -> Result<WatchDraft> {
    let Content::Identity(identity) = ask(account, Ask::Identity).await? else {
        return Err(unfit());
    };
    // Whose account it is stands there before anything of it.
    for line in who(&identity, &draft) {
        out::line(&line);
    }
    draft.account = identity.account;
    let Content::Balancers(balancers) = ask(account, Ask::Balancers).await? else {
        return Err(unfit());
    };
    let Content::Groups(groups) = ask(account, Ask::Groups).await? else { return Err(unfit()) };
    let arns = groups.iter().map(|group| group.arn.clone()).collect();
    let Content::Health(targets) = ask(account, Ask::Health(arns)).await? else {
        return Err(unfit());
    };
    let Content::Instances(instances) = ask(account, Ask::Instances).await? else {
        return Err(unfit());
    };
    let brought = |arn: &String| -> Vec<String> {
        let brought = groups.iter().filter(|group: &&Group| group.balancers.contains(arn));
        let mut names: Vec<String> = brought.map(|group| group.name.clone()).collect();
        names.sort();
        names
    };
    draft.load_balancers =
        balancers.iter().map(|one| (one.name.clone(), brought(&one.arn))).collect();
    let alone = groups.iter().filter(|group| group.balancers.is_empty());
    draft.target_groups = alone.map(|group| group.name.clone()).collect();
    let is_target = |id: &String| targets.values().flatten().any(|target| target.id == *id);
    let others =
        instances.into_iter().filter(|one| one.state == Ec2State::Running && !is_target(&one.id));
    draft.instances = others.map(|one| (one.id, one.name)).collect();
    // Where ECS may not be asked, all else is proposed all the same.
    match account.read(Ask::ServiceTags).await {
        Ok(Content::ServiceTags(all)) => {
            draft.services = all.keys().map(ToString::to_string).collect();
        }
        Ok(_) => return Err(unfit()),
        Err(trouble) => draft.unread.push(format!("ECS services: {}", trouble.kind.name())),
    }
    for line in found(&draft) {
        out::line(&line);
    }
    Ok(draft)
}

/// Names of a kind that are told; the file has all of them.
const NAMES: usize = 4;
/// Cells of a name that are told.
const NAME: usize = 40;

/// Whose account it is, who looks, and where.
fn who(identity: &Identity, draft: &WatchDraft) -> Vec<String> {
    let by = match (&draft.role, &draft.profile) {
        (Some(role), _) => role.as_str(),
        (None, Some(profile)) => profile.as_str(),
        (None, None) => "the usual chain of credentials",
    };
    let facts = [
        ("account", identity.account.as_str()),
        ("by", by),
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
    let kinds: [(&str, Vec<&String>); 4] = [
        ("load balancers", draft.load_balancers.iter().map(|(name, _)| name).collect()),
        ("target groups of none", draft.target_groups.iter().collect()),
        ("EC2 instances that run and are no target", hosts.collect()),
        ("ECS services", draft.services.iter().collect()),
    ];
    let environment = printable(&draft.environment, NAME);
    let mut told = vec![format!("found, and proposed for the environment {environment}")];
    for (kind, names) in &kinds {
        let shown = names.iter().take(NAMES).map(|name| short(name)).collect::<Vec<_>>().join(", ");
        let more = match names.len().saturating_sub(NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let gap = if names.is_empty() { "" } else { ", " };
        told.push(fitting(&format!("  {kind}: {}{gap}{shown}{more}", names.len())));
    }
    told.extend(
        draft.unread.iter().map(|why| format!("  not looked for: {}", printable(why, 200))),
    );
    if draft.is_empty() {
        told.push(format!(
            "  nothing to watch: look whether {} is its region, or write tags or buckets",
            printable(&draft.region, NAME)
        ));
    }
    told
}

/// A name that whoever made the thing chose.
fn short(name: &str) -> String {
    width::cut_middle(&width::clean(name), NAME)
}

/// A line, cut to the terminal's width where there is one.
fn fitting(line: &str) -> String {
    out::columns().map_or_else(|| line.to_owned(), |columns| width::cut(line, columns))
}

async fn ask(account: &dyn Account, ask: Ask) -> Result<Content> {
    let answer = account.read(ask).await;
    answer.map_err(|trouble| failed(Failure::Failed, printable(&trouble.to_string(), 500)))
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
            who(&identity, &WatchDraft { role, profile: Some("shop".to_owned()), ..draft() }),
            [
                "account  123456789012",
                "by       arn:aws:iam::123456789012:role/watch",
                "we are   arn:aws:sts::123456789012:assumed-role/watch/x\u{fffd}[2J",
                "region   us-east-1",
            ]
        );
        assert_eq!(who(&identity, &draft())[1], "by       the usual chain of credentials");
    }

    #[test]
    fn what_was_found_is_counted_and_a_few_are_named_shortly_whoever_named_them() {
        let long = format!("begin-{}-end", "x".repeat(300));
        let names = ["a", "b", "c\n", &long, "d", "e"];
        let told = found(&WatchDraft {
            load_balancers: names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
            instances: vec![("i-1".to_owned(), String::new())],
            services: vec!["shop/web".to_owned()],
            unread: vec!["ECS services: denied".to_owned()],
            ..draft()
        });
        let x = "x".repeat(13);
        assert_eq!(
            told,
            [
                "found, and proposed for the environment live".to_owned(),
                format!("  load balancers: 6, a, b, c\u{fffd}, begin-{x}…xx{x}x-end and 2 more"),
                "  target groups of none: 0".to_owned(),
                "  EC2 instances that run and are no target: 1, i-1".to_owned(),
                "  ECS services: 1, shop/web".to_owned(),
                "  not looked for: ECS services: denied".to_owned(),
            ]
        );
        let nothing = found(&draft());
        assert!(nothing.last().unwrap().contains("nothing to watch"), "{nothing:?}");
    }
}
