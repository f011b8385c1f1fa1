//! `pilothouse cost`: what each environment costs by the hour here, and what the same would cost
//! at AWS.

use color_eyre::Result;
use pilothouse_core::cost::{
    Line, MONTH_HOURS, NanoUsd, Quantity, Region, Shape, Total, comparison, environment_cost,
};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::state::{Environment, State};
use pilothouse_core::text::printable;
use serde::Serialize;

use crate::find::Place;
use crate::out::{self, Table, Tone};
use crate::{ask, name};

/// Characters of environments' names that are told in a line.
const WHOSE: usize = 1000;

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub struct Cost {
    /// Only this project
    project: Option<String>,
    /// The AWS region to compare with
    #[arg(long, default_value = "us-east-1", value_parser = region)]
    region: Region,
    /// What an instance needs of a processor, for the comparison, in thousandths of a vCPU
    #[arg(long, value_name = "MILLI", default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=192_000))]
    vcpu: u32,
    /// What an instance needs of memory, for the comparison, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=1_572_864))]
    memory: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An environment of `cost --json`. Amounts are in billionths of a US dollar by the hour, and
/// null where something has no price.
#[derive(Debug, Serialize)]
struct Shown {
    environment: String,
    /// Instances that there are to be, which `elsewhere` is for.
    instances: u32,
    /// Instances that there are, which `here` is for.
    now: usize,
    here: Option<u64>,
    elsewhere: Vec<Elsewhere>,
}

#[derive(Debug, Serialize)]
struct Elsewhere {
    what: String,
    region: &'static str,
    per_hour: Option<u64>,
    /// What was assumed and what is left out.
    note: String,
    /// When the oldest of its prices was read or published.
    oldest_price: Option<&'static str>,
}

fn region(text: &str) -> Result<Region, String> {
    Region::named(text).ok_or_else(|| {
        let known = Region::ALL.map(Region::name).join(", ");
        format!("there are no prices for {text:?}; there are for {known}")
    })
}

/// Shows it.
pub fn run(place: &Place, cost: &Cost) -> Result<()> {
    let (_, snapshot) = ask::run(ask::look(place))?;
    let state = &snapshot.state;
    let only = cost.project.as_deref().map(|text| name::project(state, text)).transpose()?;
    let environments: Vec<_> = state
        .environments
        .iter()
        .filter(|(key, _)| only.is_none_or(|(only, _)| key.project == *only))
        .filter(|(_, one)| one.spec.runtime.watch().is_none())
        .collect();
    if cost.json {
        let shown = environments.iter().map(|(key, one)| shown(state, key, one, cost));
        return out::json(&shown.collect::<Vec<_>>());
    }
    if state.environments.values().any(|one| one.spec.runtime.watch().is_some()) {
        out::line("what is watched at AWS has its bill in `pilothouse aws`");
    }
    if environments.is_empty() {
        out::line(
            "no environment of this machine yet; `pilothouse add NAME REPOSITORY` adds a project",
        );
        return Ok(());
    }
    print(state, &environments, cost)
}

fn print(
    state: &State,
    environments: &[(&EnvironmentKey, &Environment)],
    cost: &Cost,
) -> Result<()> {
    let mut table = Table::new(&["ENVIRONMENT", "INSTANCES", "WHERE", "PER HOUR", "PER MONTH"]);
    for (key, environment) in environments {
        let here = environment_cost(state, key).map(|cost| cost.per_hour);
        let row = |place: String, count: String, total: &Total, tone| {
            let known = total.known();
            let month = known.map_or_else(|| "-".to_owned(), NanoUsd::monthly);
            let texts = [key.to_string(), count, place, total.to_string(), month];
            texts.map(|text| (tone, text))
        };
        if let Some(here) = here {
            let count = state.instances_of(key).count().to_string();
            table.toned(row("this machine, now".to_owned(), count, &here, Tone::Plain));
        }
        for line in lines(environment, cost) {
            let count = environment.spec.instances.to_string();
            table.toned(row(line.what.clone(), count, &line.per_hour, Tone::Dim));
        }
    }
    table.print(0)?;
    out::line("");
    let region = cost.region.name();
    out::line(&format!(
        "AWS in {region}, for instances of {} vCPU and {} MiB each (--vcpu, --memory); a month is \
         {MONTH_HOURS} hours",
        Quantity(u64::from(cost.vcpu)),
        cost.memory
    ));
    for (whose, environment) in alike(environments) {
        out::line("");
        out::line(&format!("{}:", printable(&whose, WHOSE)));
        for line in lines(environment, cost) {
            let date = oldest(&line).unwrap_or("no date");
            out::line(&format!("{} (prices of {date}): {}", line.what, line.note));
        }
    }
    Ok(())
}

/// Environments whose arithmetic is the same, by their names; one of each.
fn alike<'a>(
    environments: &[(&'a EnvironmentKey, &'a Environment)],
) -> Vec<(String, &'a Environment)> {
    let mut all: Vec<(String, &Environment)> = Vec::new();
    for (key, environment) in environments {
        let same = |(_, one): &&mut (String, &Environment)| {
            one.spec.instances == environment.spec.instances
        };
        match all.iter_mut().find(same) {
            Some((names, _)) => *names = format!("{names}, {key}"),
            None => all.push((key.to_string(), environment)),
        }
    }
    all
}

fn lines(environment: &Environment, cost: &Cost) -> Vec<Line> {
    let shape = Shape {
        instances: environment.spec.instances,
        vcpu_milli: cost.vcpu,
        memory_mib: cost.memory,
    };
    comparison(shape, cost.region)
}

fn oldest(line: &Line) -> Option<&'static str> {
    // What follows a date says how it was established.
    line.parts.iter().filter_map(|part| part.date.split(' ').next()).min()
}

fn shown(state: &State, key: &EnvironmentKey, environment: &Environment, cost: &Cost) -> Shown {
    let nanos = |total: &Total| total.known().map(|amount| amount.0);
    Shown {
        environment: key.to_string(),
        instances: environment.spec.instances,
        now: state.instances_of(key).count(),
        here: environment_cost(state, key).and_then(|cost| nanos(&cost.per_hour)),
        elsewhere: lines(environment, cost)
            .into_iter()
            .map(|line| Elsewhere {
                per_hour: nanos(&line.per_hour),
                oldest_price: oldest(&line),
                region: line.region.name(),
                what: line.what,
                note: line.note,
            })
            .collect(),
    }
}
