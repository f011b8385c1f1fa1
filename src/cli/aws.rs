//! `pilothouse aws`: what is seen in accounts at AWS that are only watched.

mod total;

use std::collections::BTreeSet;
use std::time::Duration;

use color_eyre::Result;
use pilothouse_api::client::{Client, StreamItem};
use pilothouse_api::types::{Sighting, Snapshot};
use pilothouse_cockpit::cost::CostLine;
use pilothouse_cockpit::model::{Pane, Sightings, trouble_of_all};
use pilothouse_cockpit::rows::{Cell, Column, cost, watched};
use pilothouse_cockpit::theme::Mark;
use pilothouse_cockpit::{Keymap, Model, Msg, update, width};
use pilothouse_core::aws::{Calls, Freshness, Part, Watched};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::state::State;
use pilothouse_core::time::{Millis, Timestamp};

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::out::{self, Table, Tone};
use crate::{ask, name};

/// How long an account may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long what was read while nobody looked may take to be read again.
const ANEW: Duration = Duration::from_secs(10);
/// How old what is read seldom may be while somebody looks, and a little more.
const LATE: Millis = Millis::seconds(75);
/// What is read last in a round, whatever belongs to an environment.
const LAST: [Part; 2] = [Part::Instances, Part::Gateways];

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub struct Aws {
    /// Only this project's, or this environment's
    #[arg(value_name = "PROJECT|[PROJECT/]ENVIRONMENT")]
    only: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub fn run(place: &Place, aws: &Aws) -> Result<()> {
    let (snapshot, seen) = ask::run(look(place, aws))?;
    if aws.json {
        out::json(&total::json(&seen, snapshot.now)?)?;
        return ended(&seen);
    }
    if seen.is_empty() {
        out::line(
            "nothing is watched at AWS; an environment with runtime = \"aws-watch\" is, and \
             `pilothouse init --aws` proposes one",
        );
    }
    let mut told = BTreeSet::new();
    for (key, watched) in &seen {
        let mut watched = watched.clone();
        // Environments that reach an account in one way are asked for at once.
        if !told.insert(watched.access.clone()) {
            watched.calls = Calls::default();
        }
        print(&snapshot, key, watched)?;
    }
    let accounts = total::lines(&seen, snapshot.now);
    if !accounts.is_empty() {
        out::line("");
        costs("OF ALL SHOWN", accounts.iter())?;
    }
    ended(&seen)
}

/// What was seen before is told all the same, and a program knows that it is not what is so now.
fn ended(seen: &Sightings) -> Result<()> {
    let unseen = seen.values().any(|watched| trouble_of_all(watched).is_some());
    if unseen { Err(failed(Failure::Failed, "")) } else { Ok(()) }
}

async fn look(place: &Place, aws: &Aws) -> Result<(Snapshot, Sightings)> {
    let (client, snapshot) = ask::look(place).await?;
    let wanted = wanted(&snapshot.state, aws.only.as_deref())?;
    let seen = ask_anew(&client, &wanted, snapshot.now).await?;
    Ok((snapshot, seen))
}

/// The environments that are watched, or those of them that are meant.
fn wanted(state: &State, only: Option<&str>) -> Result<Vec<EnvironmentKey>> {
    let only = only.map(|text| name::environments(state, text)).transpose()?;
    let is_meant = |key: &EnvironmentKey| only.as_ref().is_none_or(|only| only.contains(key));
    let all = state.environments.iter().filter(|(key, _)| is_meant(key));
    let watched = all.filter(|(_, one)| one.spec.runtime.watch().is_some());
    let wanted: Vec<EnvironmentKey> = watched.map(|(key, _)| key.clone()).collect();
    let why = match only.as_deref() {
        Some([key]) if wanted.is_empty() => format!(
            "{key} is not watched at AWS: it runs here, and `pilothouse status {}` shows it",
            key.project
        ),
        Some([key, ..]) if wanted.is_empty() => {
            let project = &key.project;
            format!(
                "nothing of {project} is watched at AWS: `pilothouse status {project}` shows what \
                 runs here"
            )
        }
        Some(_) | None => return Ok(wanted),
    };
    Err(failed(Failure::Usage, why))
}

/// What is seen once somebody looks: while nobody did accounts are read now and then, and whoever
/// comes has all of it read at once. What does not come soon is told as it was.
async fn ask_anew(client: &Client, wanted: &[EnvironmentKey], now: Timestamp) -> Result<Sightings> {
    let is_new = |watched: &Watched| {
        is_told(watched) && is_of_late(watched, now) && is_measured(watched, now)
    };
    if let Ok(seen) = tokio::time::timeout(ANEW, gather(client, wanted, is_new)).await {
        return seen;
    }
    let gathered = gather(client, wanted, is_told);
    let Ok(seen) = tokio::time::timeout(PATIENCE, gathered).await else {
        let why = "not all was asked for within a minute; the cockpit shows what was, and says why";
        return Err(failed(Failure::Failed, why));
    };
    seen
}

/// Whether it was read as lately as while somebody looks, or cannot be.
fn is_of_late(watched: &Watched, now: Timestamp) -> bool {
    let of_late = |part: &Part| {
        let fresh = watched.parts.get(part);
        let at = fresh.and_then(|fresh| fresh.at);
        fresh.is_some_and(|fresh| fresh.trouble.is_some())
            || at.is_some_and(|at| now.since(at) < LATE)
    };
    watched.stopped.is_some() || LAST.iter().all(of_late)
}

/// Whether what is paid by a measure was measured of late, or cannot be: it is asked for last, and
/// only while somebody looks.
fn is_measured(watched: &Watched, now: Timestamp) -> bool {
    let is_old = |part: Part| {
        let is_read = watched.parts.get(&part).is_some_and(|fresh| fresh.trouble.is_none());
        is_read && watched.stale_since(part, now).is_some()
    };
    let mut lines = watched.bill.lines.iter();
    watched.stopped.is_some()
        || !lines.any(|line| line.is_unasked() || line.measured.is_some_and(is_old))
}

/// Listens until enough is told of every one that is wanted.
pub async fn gather(
    client: &Client,
    wanted: &[EnvironmentKey],
    is_enough: impl Fn(&Watched) -> bool,
) -> Result<Sightings> {
    let mut seen = Sightings::new();
    let mut events = client.events(None, true).await?;
    while !wanted.iter().all(|key| seen.get(key).is_some_and(&is_enough)) {
        match events.next().await? {
            Some(StreamItem::Sighting(sighting)) => match *sighting {
                Sighting::Whole(watched) => {
                    seen.insert(watched.environment.clone(), *watched);
                }
                Sighting::Age(age) => {
                    if let Some(watched) = seen.get_mut(&age.environment) {
                        watched.follow(age);
                    }
                }
            },
            Some(StreamItem::Samples(_) | StreamItem::Record(_)) => {}
            Some(StreamItem::Reset) | None => {
                return Err(failed(Failure::Failed, "the engine stopped telling; try again"));
            }
        }
    }
    seen.retain(|key, _| wanted.contains(key));
    Ok(seen)
}

/// Whether a round has ended: the last parts of it were tried, and all that tell of what is named
/// since it was, or none is.
fn is_told(watched: &Watched) -> bool {
    let tried = |fresh: &Freshness| fresh.at.is_some() || fresh.trouble.is_some();
    let is_last_tried = LAST.iter().all(|part| watched.parts.get(part).is_some_and(tried));
    watched.stopped.is_some() || (is_last_tried && watched.parts.values().all(tried))
}

/// Prints the rows of the cockpit's panes.
fn print(snapshot: &Snapshot, key: &EnvironmentKey, watched: Watched) -> Result<()> {
    let mut model = Model::new(Keymap::default(), snapshot.now);
    model.ui.all_environments = true;
    update(&mut model, Msg::Snapshot(Box::new(snapshot.clone())));
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    let mut table = Table::new(&["NAME", "STATE", "TYPE", "ZONE", "AGE", "ADDRESS", ""]);
    for row in watched::rows(&model, Pane::Containers, 0, usize::MAX) {
        add::<7>(&mut table, &row.cells, watched::COLUMNS);
    }
    table.print(0)?;
    out::line("");
    let mut table = Table::new(&["NAME", "STATE", ""]);
    for row in watched::rows(&model, Pane::Targets, 0, usize::MAX) {
        add::<3>(&mut table, &row.cells, watched::targets::COLUMNS);
    }
    table.print(0)?;
    out::line("");
    costs("COST", model.costs.lines.iter().filter(|line| is_of(line, key)))
}

/// Prints what something costs.
fn costs<'a>(title: &'static str, lines: impl Iterator<Item = &'a CostLine>) -> Result<()> {
    let mut table = Table::new(&[title, "WHAT", "PER HOUR", ""]);
    for line in lines {
        // What is watched has no price elsewhere, whose column is the one before the last.
        let (mut cells, mut columns) = (cost::row(line).cells, cost::COLUMNS.to_vec());
        cells.remove(ELSEWHERE);
        columns.remove(ELSEWHERE);
        add::<4>(&mut table, &cells, &columns);
    }
    table.print(0)
}

/// The column of what the same would cost elsewhere.
const ELSEWHERE: usize = 3;

/// Whether a line is an environment's, or of its bill. Another's name may begin as this one's does.
fn is_of(line: &CostLine, key: &EnvironmentKey) -> bool {
    let rest = line.name.strip_prefix(&key.to_string());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Adds a row of the cockpit's, which has as many cells as its pane has columns. On a terminal no
/// cell is wider than there, and a sentence that would be cut stands below its row.
fn add<const N: usize>(table: &mut Table, cells: &[Cell], columns: &[Column]) {
    let room = out::columns();
    let mut shown: Vec<(Tone, String)> =
        cells.iter().zip(columns).map(|(cell, column)| told(cell, *column, room)).collect();
    let is_long = |text: &str| room.is_some_and(|room| width::of(text) > room / 4);
    let last = shown.last_mut().filter(|(_, text)| is_long(text));
    let sentence = last.map(|(_, text)| std::mem::take(text));
    // Whose account it is is never cut: where it has a short form, the whole stands below.
    let name = cells.first().zip(shown.first()).filter(|(cell, _)| !cell.short.is_empty());
    let name = name.filter(|(cell, (_, shown))| cell.text != *shown);
    let name = name.map(|(cell, _)| cell.text.clone());
    let below: Vec<String> = name.into_iter().chain(sentence).collect();
    if let Ok(cells) = <[_; N]>::try_from(shown) {
        table.toned(cells);
        table.notes(&below);
    }
}

/// A cell as it is printed: whole into a pipe, and on a terminal of so many columns as its pane
/// would have it.
fn told(cell: &Cell, column: Column, room: Option<usize>) -> (Tone, String) {
    let tone = match cell.mark {
        Some(Mark::Ok | Mark::Done) => Tone::Good,
        Some(Mark::Error) => Tone::Bad,
        Some(Mark::Warn | Mark::Unknown | Mark::Stale | Mark::Draining) => Tone::Warn,
        Some(Mark::Running | Mark::Ready | Mark::Pending | Mark::None) | None => Tone::Plain,
    };
    let text = match room {
        Some(room) if column.name => {
            let most = usize::from(column.most).min(room / 2);
            match cell.short.as_str() {
                short if !short.is_empty() && width::of(&cell.text) > most => short.to_owned(),
                _ => width::cut_middle(&cell.text, most),
            }
        }
        _ => cell.text.clone(),
    };
    (tone, text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pilothouse_core::apply::apply;
    use pilothouse_core::aws::asking::Content;
    use pilothouse_core::aws::{Access, AwsWatch, Belongings, Inventory, Trouble, TroubleKind};
    use pilothouse_core::command::Command;
    use pilothouse_core::decide::decide;
    use pilothouse_core::effect::Input;
    use pilothouse_core::event::Recorded;

    use super::*;

    fn access() -> Access {
        Access {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            profile: None,
            role: None,
        }
    }

    #[test]
    fn what_was_read_while_nobody_looked_is_waited_for_until_it_is_read_again() {
        let key = EnvironmentKey { project: "shop".into(), name: "live".into() };
        let mut watched = Watched::new(key, access());
        let now = Timestamp(1_000_000);
        assert!(!is_of_late(&watched, now), "never read");
        let read = |at| Freshness { at: Some(Timestamp(at)), trouble: None };
        watched.parts = LAST.into_iter().map(|part| (part, read(1_000_000 - 60_000))).collect();
        assert!(is_of_late(&watched, now));
        watched.parts.insert(Part::Gateways, read(1_000_000 - 180_000));
        assert!(is_told(&watched) && !is_of_late(&watched, now));
        // What cannot be read is not waited for, and what is read meanwhile is later than now.
        let denied = Trouble::new(TroubleKind::Denied, "ec2:DescribeNatGateways", "");
        watched.parts.entry(Part::Gateways).or_default().trouble = Some(denied);
        assert!(is_of_late(&watched, now));
        watched.parts.insert(Part::Gateways, read(1_000_500));
        assert!(is_of_late(&watched, now));
    }

    #[test]
    fn what_nobody_measured_yet_is_waited_for_and_what_cannot_be_is_not() {
        let key = EnvironmentKey { project: "shop".into(), name: "live".into() };
        let mut inventory = Inventory::default();
        let watch = AwsWatch {
            access: access(),
            belongings: Belongings { buckets: vec!["shop".to_owned()], ..Belongings::default() },
        };
        let now = Timestamp(1_000_000);
        let is_enough = |inventory: &Inventory| {
            let every = Millis::seconds(10);
            is_measured(&inventory.watched(&key, &watch, every, Calls::default()), now)
        };
        assert!(!is_enough(&inventory), "its meters were never asked for");
        let denied = Trouble::new(TroubleKind::Denied, "cloudwatch:GetMetricData", "");
        inventory.take(Part::Meters, now, Err(denied));
        assert!(is_enough(&inventory), "they cannot be read");
        inventory.take(Part::Meters, now, Ok(Content::Meters(BTreeMap::new())));
        assert!(is_enough(&inventory), "nothing was measured, which is known");
    }

    /// A state in which these files were applied.
    fn state(files: &[(&str, &str)]) -> State {
        let mut state = State::default();
        for (name, text) in files {
            let spec = pilothouse_settings::operator::read(name, "file.toml", text).unwrap();
            let command = Command::Apply { spec: Box::new(spec) };
            let input = Input::Command { actor: "kim".to_owned(), command };
            for event in decide(&state, &input, Timestamp(1)).events {
                let seq = state.seq.next();
                apply(&mut state, &Recorded { seq, at: Timestamp(1), event });
            }
        }
        state
    }

    #[test]
    fn a_project_or_an_environment_is_meant_and_what_runs_here_is_told_as_such() {
        let here = "repository = \"/srv/shop\"\n[environment.qa]\nbranch = \"qa\"\n";
        let more = "[environment.production]\nbranch = \"main\"\n";
        let live = "[environment.live]\nruntime = \"aws-watch\"\n[environment.live.aws]\n\
                    account = \"123456789012\"\nregion = \"us-east-1\"\nload_balancers = [\"shop\"]\n";
        let [both, other] = [format!("{here}{live}"), format!("{here}{more}")];
        let state = state(&[("shop", &both), ("site", &both), ("plain", &other)]);
        let keys = |only| -> Vec<String> {
            wanted(&state, only).unwrap().iter().map(ToString::to_string).collect()
        };
        assert_eq!(keys(None), ["shop/live", "site/live"]);
        assert_eq!(keys(Some("site")), ["site/live"]);
        assert_eq!(keys(Some("shop/live")), ["shop/live"]);
        for (only, said) in [
            ("shop/qa", "shop/qa is not watched at AWS: it runs here"),
            ("plain", "nothing of plain is watched at AWS: `pilothouse status plain` shows"),
            ("live", "live could be shop/live or site/live: name the project too"),
            ("shop/lvie", "there is no environment shop/lvie; there is plain/production, "),
            ("shp", "there is no environment shp; there is plain/production, "),
        ] {
            let why = wanted(&state, Some(only)).unwrap_err().to_string();
            assert!(why.starts_with(said), "{only}: {why}");
        }
    }

    #[test]
    fn what_an_environment_costs_is_not_that_of_one_whose_name_goes_on() {
        let key = EnvironmentKey { project: "shop".into(), name: "live".into() };
        let of =
            |name: &str| is_of(&CostLine { name: name.to_owned(), ..CostLine::default() }, &key);
        assert!(of("shop/live") && of("shop/live EC2 t3.medium") && of("shop/live idle: x"));
        assert!(!of("shop/live-eu") && !of("shop/live2 EBS gp3") && !of("shop/qa"));
    }
}
