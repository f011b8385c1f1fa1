//! What an account at AWS has, as a part of an operator's file.

use color_eyre::Result;
use color_eyre::eyre::eyre;
use pilothouse_core::aws::Access;
use pilothouse_core::aws::asking::{Ask, Content};
use pilothouse_core::aws::seen::{Ec2State, Group};
use pilothouse_core::text::printable;
use pilothouse_engine::accounts::Account;
use pilothouse_settings::operator::WatchDraft;

use crate::compose;
use crate::exit::{Failure, failed};

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

/// Looks at the account, where that was asked for.
pub fn find(aws: &Aws) -> Result<Option<WatchDraft>> {
    if !aws.is_wanted {
        return Ok(None);
    }
    let Some(region) = aws.region.clone() else {
        return Err(failed(Failure::Usage, "say which region with --region, as in us-east-1"));
    };
    let Some(cloud) = compose::cloud() else {
        let why = "this pilothouse was built without AWS; build it with its feature `aws`";
        return Err(failed(Failure::Usage, why));
    };
    let access = Access {
        account: String::new(),
        region: region.clone(),
        profile: aws.profile.clone(),
        role: aws.role.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let draft = WatchDraft {
        environment: aws.environment.clone(),
        region,
        profile: aws.profile.clone(),
        role: aws.role.clone(),
        ..WatchDraft::default()
    };
    runtime.block_on(read(&*cloud.account(&access), draft)).map(Some)
}

async fn read(account: &dyn Account, mut draft: WatchDraft) -> Result<WatchDraft> {
    let Content::Identity(identity) = ask(account, Ask::Identity).await? else {
        return Err(unfit());
    };
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
    Ok(draft)
}

async fn ask(account: &dyn Account, ask: Ask) -> Result<Content> {
    let answer = account.read(ask).await;
    answer.map_err(|trouble| failed(Failure::Failed, printable(&trouble.to_string(), 500)))
}

fn unfit() -> color_eyre::Report {
    eyre!("the account's answer was of another kind than what was asked for")
}
