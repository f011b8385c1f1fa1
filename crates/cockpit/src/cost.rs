//! What things cost by the hour, as plain rows.
//!
//! The prices themselves are computed elsewhere; the pane shows what it is given.

mod watched;

pub use watched::{of_account, with_watched};

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::spec::Runtime;
use pilothouse_core::state::{Environment, State};

use crate::rows::words;

/// What things cost by the hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostView {
    /// The rows, the environments in their order.
    pub lines: Vec<CostLine>,
    /// Where the prices come from and of which day, for the pane's foot.
    pub source: String,
}

/// What one environment costs by the hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostLine {
    /// Whose it is: `shop/production`.
    pub name: String,
    /// What people call it: a preview by its branch, the project only where there are several.
    pub label: String,
    /// What it runs: `2 × local`.
    pub shape: String,
    /// What it costs, in millionths of a US dollar per hour; none where nobody knows.
    pub micro_usd: Option<u64>,
    /// What of it is known, where not all of it is.
    pub at_least: Option<u64>,
    /// What of it a line above has as well: it is paid once.
    pub shared: u64,
    /// Whether it was so when it was last read, and nobody knows whether it still is.
    pub is_stale: bool,
    /// Whether it is a part of the line above, and in no sum.
    pub is_part: bool,
    /// What the same shape would cost elsewhere.
    pub elsewhere: Vec<Elsewhere>,
    /// What is to be said of it besides.
    pub note: String,
}

/// What the same shape would cost elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Where: `Fargate + ALB`.
    pub name: String,
    /// In millionths of a US dollar per hour.
    pub micro_usd: u64,
}

/// The costs of environments that run on this machine: none of them is billed. What one costs that
/// is watched elsewhere is not known before anything is seen of it.
pub fn local(state: &State) -> CostView {
    let place = |key: &EnvironmentKey| {
        let project = state.projects.get(&key.project);
        project.and_then(|project| {
            project.spec.environments.iter().position(|spec| spec.name == key.name)
        })
    };
    let mut environments: Vec<_> = state.environments.iter().collect();
    environments.sort_by_key(|(key, _)| (&key.project, place(key).unwrap_or(usize::MAX)));
    let lines = environments
        .into_iter()
        .map(|(key, environment)| CostLine {
            name: key.to_string(),
            label: label(state, key, environment),
            shape: shape(environment),
            micro_usd: environment.spec.runtime.watch().is_none().then_some(0),
            ..CostLine::default()
        })
        .collect();
    CostView { lines, source: source(state).to_owned() }
}

/// Why nothing is billed, by what environments run here.
fn source(state: &State) -> &'static str {
    let runtimes = || state.environments.values().map(|environment| &environment.spec.runtime);
    let has_processes = runtimes().any(|runtime| matches!(runtime, Runtime::Local));
    let has_containers = runtimes().any(|runtime| matches!(runtime, Runtime::Docker(_)));
    match (has_processes, has_containers) {
        (_, false) => "local processes are not billed",
        (false, true) => "local containers are not billed",
        (true, true) => "local processes and containers are not billed",
    }
}

/// The shape of an environment that runs nothing.
pub const NOTHING: &str = "nothing runs";
/// The shape of what is watched, and of which nothing is seen.
const UNSEEN: &str = "nothing seen";

/// What an environment runs, as its operator's file says, once it runs anything.
fn shape(environment: &Environment) -> String {
    if environment.spec.runtime.watch().is_some() {
        return UNSEEN.to_owned();
    }
    if !environment.is_used() {
        return NOTHING.to_owned();
    }
    format!("{} × {}", environment.spec.instances, kind(&environment.spec.runtime))
}

fn label(state: &State, key: &EnvironmentKey, environment: &Environment) -> String {
    let name = environment.preview_of.as_ref().map_or(key.name.to_string(), words::preview);
    if state.projects.len() > 1 { format!("{} {name}", key.project) } else { name }
}

impl CostView {
    /// The sum of all, as a line of its own: what of it is known, where not all of it is. What
    /// several environments have is paid once, and counted once. Of nothing but what is unknown nothing is known, which is not a sum of nothing.
    pub fn sum(&self) -> CostLine {
        let whole = || self.lines.iter().filter(|line| !line.is_part);
        let known = whole().filter_map(|line| {
            let own = line.micro_usd.or(line.at_least)?;
            Some(own.saturating_sub(line.shared))
        });
        let known = known.fold(0, u64::saturating_add);
        let is_whole = whole().all(|line| line.micro_usd.is_some());
        CostLine {
            micro_usd: is_whole.then_some(known),
            at_least: (!is_whole && known > 0).then_some(known),
            is_stale: whole().any(|line| line.is_stale),
            ..CostLine::default()
        }
    }
}

/// What a runtime is called in the operator's file.
fn kind(runtime: &Runtime) -> &'static str {
    match runtime {
        Runtime::Local => "local",
        Runtime::Docker(_) => "docker",
        Runtime::AwsWatch(_) => "aws-watch",
    }
}
