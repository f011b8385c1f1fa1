//! What the environments cost by the hour, and what the same shape would cost on AWS.

use pilothouse_cockpit::cost::{CostLine, CostView, Elsewhere, local};
use pilothouse_core::cost::{Line, Region, Shape, Total, comparison};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::state::State;

/// What an instance is taken to need where nothing measured says more: a quarter of a vCPU and
/// half a gibibyte, the smallest task of Fargate.
const NEEDS: Shape = Shape { instances: 1, vcpu_milli: 250, memory_mib: 512 };
/// The ways that are compared, of those that the prices know.
const WAYS: [&str; 2] = ["Fargate + ALB", "EC2 + ALB"];

/// Prices the environments of a state.
pub(super) fn price(state: &State) -> CostView {
    let mut view = local(state);
    let mut dates: Vec<&str> = Vec::new();
    for line in &mut view.lines {
        // What runs nothing would cost nothing elsewhere either.
        if let Some(instances) = instances(state, line) {
            for other in compared(instances) {
                dates.extend(other.parts.iter().map(|part| part.date));
                line.elsewhere.extend(elsewhere(&other));
            }
        }
    }
    // Dates are written year first, so that the oldest sorts first.
    if let Some(oldest) = dates.iter().filter(|date| date.starts_with('2')).min() {
        let day: String = oldest.chars().take(10).collect();
        view.source = format!("this machine is not billed · AWS list prices of {day} or later");
    }
    view
}

fn instances(state: &State, line: &CostLine) -> Option<u32> {
    let (project, name) = line.name.split_once('/')?;
    let key = EnvironmentKey { project: project.into(), name: name.into() };
    let environment = state.environments.get(&key)?;
    environment.is_used().then_some(environment.spec.instances)
}

fn compared(instances: u32) -> Vec<Line> {
    let shape = Shape { instances, ..NEEDS };
    [Region::UsEast1, Region::ApNortheast2]
        .into_iter()
        .flat_map(|region| comparison(shape, region))
        .filter(|line| WAYS.contains(&line.what.as_str()))
        .collect()
}

fn elsewhere(line: &Line) -> Option<Elsewhere> {
    match &line.per_hour {
        Total::Priced(amount) => Some(Elsewhere {
            name: format!("{} {}", line.what, line.region.name()),
            micro_usd: amount.micro(),
        }),
        // What cannot be priced is left out here rather than shown as less than it is.
        Total::Unpriced { .. } => None,
    }
}
