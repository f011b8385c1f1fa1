//! Accounts at AWS, watched by the real binary and the real SDK over HTTP, on emulators that
//! `scripts/emulators` installs.

mod chosen;
mod ecs;
mod emulator;
mod fake;
mod faults;
mod lacks;
mod panes;
mod prices;
mod proposal;
mod proxy;
mod reach;
mod seeing;
mod shell;
mod silence;
mod states;
mod thousands;

use pilothouse_api::client::StreamItem;
use pilothouse_api::types::Sighting;
use pilothouse_core::aws::Watched;

use self::emulator::Emulator;
use super::stage::repository::Repository;
use super::stage::{PATIENCE, Stage};

/// moto's account.
const ACCOUNT: &str = "123456789012";
/// Milliseconds between two looks.
const INTERVAL_MS: u64 = 500;

/// A stage whose engine reaches an emulator instead of AWS.
fn stage(endpoint: &str) -> Stage {
    stage_with(endpoint, &[])
}

/// The same, with more variables.
fn stage_with(endpoint: &str, more: &[(&str, &str)]) -> Stage {
    let mut stage = Stage::new();
    start(&mut stage, endpoint, more);
    stage
}

/// Starts an engine that reaches an emulator instead of AWS.
fn start(stage: &mut Stage, endpoint: &str, more: &[(&str, &str)]) {
    start_at(stage, endpoint, INTERVAL_MS, more);
}

/// The same at another pace.
fn start_at(stage: &mut Stage, endpoint: &str, interval_ms: u64, more: &[(&str, &str)]) {
    let mut command = stage.serve();
    command
        .args(["--aws-interval-ms", &interval_ms.to_string()])
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .envs(more.iter().copied());
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    stage.start_as(&mut command);
    stage.wait("the engine answers", |_| true);
}

/// Makes an environment active that is watched.
fn watch(stage: &Stage, account: &str, belongings: &str) {
    watch_in(stage, account, "us-east-1", belongings);
}

/// The same in another region.
fn watch_in(stage: &Stage, account: &str, region: &str, belongings: &str) {
    let repository = Repository::new(stage);
    repository.commit("v1");
    let repository = repository.dir().display();
    stage.apply(&format!(
        "repository = '{repository}'\n\
         [load_balancer]\nlisten = [\"{}\"]\n\
         [environment.production]\nruntime = \"aws-watch\"\nbudget = \"$500/month\"\n\
         [environment.production.aws]\naccount = \"{account}\"\nregion = \"{region}\"\n\
         {belongings}\n",
        stage.address
    ));
}

/// What belongs to the shop.
const SHOP: &str = "load_balancers = [\"shop\"]\ntags = { app = \"shop\", env = \"production\" }\n";

/// The first that is told of the account and fits.
#[track_caller]
fn seen(stage: &Stage, what: &str, fits: impl Fn(&Watched) -> bool) -> Watched {
    let mut last: Option<Watched> = None;
    let found = stage.ask(async |client| {
        let mut events = client.events(None, true).await.unwrap();
        let fitting = async {
            loop {
                match events.next().await.unwrap() {
                    Some(StreamItem::Sighting(sighting)) => match *sighting {
                        Sighting::Whole(watched) => last = Some(*watched),
                        Sighting::Age(age) => last.as_mut().unwrap().follow(age),
                    },
                    Some(StreamItem::Samples(_) | StreamItem::Record(_)) => continue,
                    Some(StreamItem::Reset) | None => panic!("the stream ended before {what}"),
                }
                if last.as_ref().is_some_and(&fits) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, fitting).await.is_ok()
    });
    assert!(found, "nothing was told with {what}: {last:#?}\n{}", stage.engine_log());
    last.unwrap()
}
