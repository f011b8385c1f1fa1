//! What watching an account at AWS takes: calls and their price, memory, and how late it is.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pilothouse_api::client::StreamItem;
use pilothouse_api::types::Sighting;
use pilothouse_core::aws::bill::{of_looking, of_metrics};
use pilothouse_core::aws::book::Book;
use pilothouse_core::aws::seen::TargetState;
use pilothouse_core::aws::{Calls, Lately, Part, Watched};
use pilothouse_core::time::{Millis, Timestamp};

use crate::Outcome;
use crate::process::resident;
use crate::repository::Pipeline;
use crate::table::Row;
use crate::world::{World, free_port};

/// Two whole cycles of rounds at the usual pace, after the first.
const LENGTH: Duration = Duration::from_secs(121);
/// How long an account of five hundred may take to be seen for the first time.
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures an account of fifty targets, and then one of five hundred.
pub fn measure() -> Outcome<Vec<Row>> {
    let small = Account::of(50)?;
    let (calls, late) = small.watch(async |seeing| {
        let first = seeing.until(is_whole).await?.calls;
        let until = Instant::now() + LENGTH;
        let last = seeing.until(|_| Instant::now() > until).await?.calls;
        let id = small.first.clone();
        small.account(&["halt", &id])?;
        // From then on it is so; what asks for it takes seconds to begin.
        let halted = Instant::now();
        seeing
            .until(|one| {
                let targets = one.groups.iter().flat_map(|group| &group.targets);
                targets.into_iter().any(|one| one.id == id && one.state != TargetState::Healthy)
            })
            .await?;
        Ok((by_hour(&first, &last), halted.elapsed()))
    })?;
    drop(small);
    let large = Account::of(500)?;
    let memory = large.watch(async |seeing| {
        seeing.until(is_whole).await?;
        let (now, _) = resident(large.world.engine()?)?;
        Ok(f64::from(u32::try_from(now / 1024)?) / 1024.0)
    })?;
    let hour = Millis::minutes(60);
    let metrics = of_metrics("us-east-1", &Book::default());
    let price = of_looking(metrics, &calls, Timestamp(0).after(hour)).ok_or("no price")?;
    Ok(vec![
        Row::told(
            "watching 50 targets at AWS: calls by the hour, and their price",
            &format!("{} calls, {} metrics, {}", calls.requests, calls.metrics, price.hourly()),
            "-",
        ),
        Row::time(
            "a target that changes to a client's screen, at the usual pace",
            late,
            Duration::from_secs(10),
        ),
        Row::most("engine memory, watching 500 targets at AWS", memory, 60.0, "MB"),
    ])
}

fn by_hour(first: &Calls, last: &Calls) -> Lately {
    let scale = |one: u64, two: u64| two.saturating_sub(one) * 3600 / LENGTH.as_secs();
    Lately {
        since: Timestamp(0),
        requests: scale(first.requests, last.requests),
        metrics: scale(first.metrics, last.metrics),
    }
}

fn is_whole(watched: &Watched) -> bool {
    let read = |part: Part| watched.parts.get(&part).is_some_and(|fresh| fresh.at.is_some());
    let tried = watched.parts.get(&Part::Metrics).is_some_and(|fresh| fresh.trouble.is_some());
    tried && [Part::Health, Part::Gateways].into_iter().all(read)
}

/// An emulated account, and an engine that watches it.
struct Account {
    moto: Child,
    endpoint: String,
    first: String,
    world: World,
}

impl Account {
    fn of(targets: usize) -> Outcome<Self> {
        let port = free_port()?;
        let moto = Command::new(emulators()?.join("bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let mut account = Self { moto, endpoint, first: String::new(), world: World::new()? };
        let until = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return Err("moto does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let made: serde_json::Value =
            serde_json::from_str(&account.account(&["fill", &targets.to_string()])?)?;
        made["web"][0].as_str().unwrap_or_default().clone_into(&mut account.first);
        let endpoint = account.endpoint.clone();
        account.world.start_with(&credentials(&endpoint))?;
        let repository = account.world.repository("shop")?;
        repository.commit("first", &Pipeline { step: "true", interval: "1s" })?;
        let (dir, port) = (repository.dir().display(), free_port()?);
        account.world.apply(
            "shop",
            &format!(
                "repository = '{dir}'\n[load_balancer]\nlisten = [\"127.0.0.1:{port}\"]\n\
                 [environment.live]\nruntime = \"aws-watch\"\n[environment.live.aws]\n\
                 account = \"123456789012\"\nregion = \"us-east-1\"\nload_balancers = [\"shop\"]\n"
            ),
        )?;
        Ok(account)
    }

    /// Does something to the account.
    fn account(&self, arguments: &[&str]) -> Outcome<String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/aws/account.py");
        let output = Command::new(emulators()?.join("bin/python"))
            .arg(script)
            .args(arguments)
            .envs(credentials(&self.endpoint))
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Attaches as a cockpit does.
    fn watch<T>(&self, work: impl AsyncFnOnce(&mut Seeing) -> Outcome<T>) -> Outcome<T> {
        self.world.ask(|client| async move {
            let events = client.events(None, true).await?;
            work(&mut Seeing { events, seen: None }).await
        })
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // What has ended already cannot be ended again.
        let _ = self.moto.kill();
        let _ = self.moto.wait();
    }
}

/// What a client has been told.
struct Seeing {
    events: pilothouse_api::client::EventStream,
    seen: Option<Watched>,
}

impl Seeing {
    /// Waits until what is told fits.
    async fn until(&mut self, fits: impl Fn(&Watched) -> bool) -> Outcome<Watched> {
        let begun = Instant::now();
        loop {
            if let Some(seen) = self.seen.as_ref().filter(|seen| fits(seen)) {
                return Ok(seen.clone());
            }
            if begun.elapsed() > PATIENCE {
                return Err("the account was not seen in time".into());
            }
            match self.events.next().await? {
                Some(StreamItem::Sighting(sighting)) => match *sighting {
                    Sighting::Whole(watched) => self.seen = Some(*watched),
                    Sighting::Age(age) => {
                        if let Some(seen) = &mut self.seen {
                            seen.follow(age);
                        }
                    }
                },
                Some(StreamItem::Samples(_) | StreamItem::Record(_)) => {}
                Some(StreamItem::Reset) | None => return Err("the stream ended".into()),
            }
        }
    }
}

fn credentials(endpoint: &str) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
}

/// Where `scripts/emulators` put them; it says so itself.
fn emulators() -> Outcome<PathBuf> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/emulators");
    let output = Command::new(script).stderr(Stdio::inherit()).output()?;
    let home = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    if home.is_dir() { Ok(home) } else { Err("scripts/emulators failed".into()) }
}
