//! What the operator wants of a project: its environments, load balancer and limits.
//!
//! A specification comes from the operator's file, never from the repository, and becomes
//! active only by the apply command.

pub mod allowed;
mod check;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::artifact::ArtifactKind;
use crate::aws::AwsWatch;
use crate::container::{Docker, Grants};
use crate::id::{BranchName, EnvironmentName, ProjectName};
use crate::pipeline::{Run, Service};
use crate::routing;
use crate::text::slug;
use crate::time::Millis;

pub use check::Problem;

/// What the operator wants of one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSpec {
    /// The project's name.
    pub name: ProjectName,
    /// Where the repository is: a path or anything that `git fetch` takes.
    pub repository: String,
    /// Time between two looks at the repository.
    pub poll: Millis,
    /// Whether steps of this project may run on the host under the engine's own user.
    pub trusted: bool,
    /// The environments in the order in which the file names them.
    pub environments: Vec<EnvironmentSpec>,
    /// Where requests come in.
    pub load_balancer: LoadBalancerSpec,
    /// Variables that every step of every run gets.
    pub step_env: BTreeMap<String, String>,
    /// How many ended runs are kept, with logs.
    pub keep_runs: u32,
    /// What steps in containers may ask for.
    #[serde(default)]
    pub grants: Grants,
}

/// Where requests come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancerSpec {
    /// The addresses that are listened on.
    pub listen: Vec<SocketAddr>,
    /// Peers whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<routing::Cidr>,
}

/// What the operator wants of one environment, or of every preview environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSpec {
    /// The environment's name; for previews the first part of each one's name.
    pub name: EnvironmentName,
    /// The branches that feed it: exact names or patterns with `*`.
    pub branches: Vec<String>,
    /// Whether each matching branch gets an environment of its own, removed with the branch.
    pub preview: bool,
    /// The domain that reaches it. In a preview's, `{branch}` stands for the branch's slug.
    pub domain: Option<String>,
    /// What its instances are.
    #[serde(default)]
    pub runtime: Runtime,
    /// How many instances serve it.
    pub instances: u32,
    /// Whether a successful run is deployed by itself.
    pub deploy: DeployMode,
    /// How a deployment moves.
    pub strategy: Strategy,
    /// Rules that are matched before the environment's own domain, lowest priority first.
    pub rules: Vec<RuleSpec>,
    /// Variables that its instances get.
    pub env: BTreeMap<String, String>,
    /// Secrets that its instances get.
    pub secrets: BTreeMap<String, SecretSource>,
    /// How many releases are kept for a rollback, beside the current one, and of how many runs made
    /// for it the artifacts are kept.
    pub keep_releases: u32,
    /// Most US dollars per hour that it may cost, in millionths.
    pub budget_micro_usd_per_hour: Option<u64>,
}

/// What instances are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Processes of this machine.
    #[default]
    Local,
    /// Containers of this machine's Docker engine.
    Docker(Docker),
    /// Whatever runs at AWS: it is watched, and nothing is deployed to it.
    AwsWatch(Box<AwsWatch>),
}

impl Runtime {
    /// Why instances of this kind cannot run an artifact, if they cannot.
    pub fn mismatch(&self, kind: ArtifactKind, service: &Service) -> Option<&'static str> {
        match (self, kind) {
            (Self::Local, ArtifactKind::Image) => Some(
                "the pipeline makes an image, and the environment runs processes: write \
                 runtime = \"docker\" into the operator's file, or let the pipeline make files",
            ),
            (Self::Local, ArtifactKind::Tree) if service.run == Run::Image => {
                Some("the pipeline's [service] has no run: write what starts it")
            }
            (Self::Docker(_), ArtifactKind::Tree) if service.image.is_none() => Some(
                "the environment runs containers, and the pipeline names no image for them: write \
                 image into its [service], or let it build one by artifact = { dockerfile = … }",
            ),
            (Self::Docker(_), _) if service.port.is_none() => Some(
                "the environment runs containers, and the pipeline names no port: write port into \
                 its [service]",
            ),
            (Self::AwsWatch(_), _) => Some(
                "the environment is only watched at AWS, and nothing is deployed to it: let the \
                 branch feed another one",
            ),
            (Self::Local, ArtifactKind::Tree)
            | (Self::Docker(_), ArtifactKind::Tree | ArtifactKind::Image) => None,
        }
    }

    /// What is watched at AWS, where that is what it is.
    pub fn watch(&self) -> Option<&AwsWatch> {
        match self {
            Self::AwsWatch(watch) => Some(watch),
            Self::Local | Self::Docker(_) => None,
        }
    }
}

/// Whether a successful run goes on to a deployment by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployMode {
    /// It does.
    Auto,
    /// It shows "ready" and waits for a person.
    Manual,
}

/// How a deployment moves traffic; the percentages mean what they mean for an ECS service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strategy {
    /// Serving, healthy targets never fall below this share of `instances`, rounded up.
    pub min_healthy_percent: u32,
    /// Instances of old and new together never exceed this share, rounded down, on the way to a
    /// release. The way back from one that fails starts all that is missing at once.
    pub max_percent: u32,
    /// How long requests in flight on an old instance may go on.
    pub drain: Millis,
    /// How long the new release is watched before the old one is let go.
    pub bake: Millis,
    /// Whether a release that turns bad after the shift is rolled back without asking.
    pub auto_rollback: bool,
}

impl Strategy {
    /// How many healthy ones of so many must serve: `ceil(of * min / 100)`.
    pub fn fewest(&self, of: u32) -> usize {
        let share = u64::from(of) * u64::from(self.min_healthy_percent);
        usize::try_from(share.div_ceil(100)).unwrap_or(usize::MAX)
    }

    /// How many of a release of so many may run at once: `floor(of * max / 100)`, and at least one
    /// more than none, so that a first release can start.
    pub fn most(&self, of: u32) -> usize {
        let most = u64::from(of) * u64::from(self.max_percent) / 100;
        usize::try_from(most.max(1)).unwrap_or(usize::MAX)
    }
}

impl Default for Strategy {
    fn default() -> Self {
        Self {
            min_healthy_percent: 100,
            max_percent: 200,
            drain: Millis::seconds(30),
            bake: Millis::seconds(30),
            auto_rollback: true,
        }
    }
}

/// A load balancer rule that the operator adds to an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSpec {
    /// Lower numbers are matched first; unique within the environment.
    pub priority: u32,
    /// All of these must hold, besides the environment's domain.
    pub conditions: Vec<routing::Condition>,
    /// What happens then.
    pub action: RuleActionSpec,
}

/// What an operator's rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleActionSpec {
    /// Sends the request to the environment's target group.
    Forward,
    /// Answers with a redirect or a fixed response.
    Answer(routing::Action),
}

/// The longest secret that is read, in bytes, its trailing line feed included.
pub const MAX_SECRET_BYTES: u64 = 64 << 10;

/// Where a secret's value comes from. The value itself is in no specification, event or log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// The content of a file, without a trailing line feed.
    File(String),
    /// What a program prints, without a trailing line feed.
    Command(Vec<String>),
}

impl ProjectSpec {
    /// The environment that a branch feeds: the first that names it exactly, otherwise the first
    /// whose pattern fits.
    pub fn environment_for(&self, branch: &str) -> Option<&EnvironmentSpec> {
        let exact = |spec: &&EnvironmentSpec| spec.branches.iter().any(|pattern| pattern == branch);
        let fits = |spec: &&EnvironmentSpec| {
            spec.branches.iter().any(|pattern| matches_pattern(pattern, branch))
        };
        self.environments.iter().find(exact).or_else(|| self.environments.iter().find(fits))
    }

    /// The environment that a branch feeds, with a preview's name and domain filled in.
    pub fn environment_fed_by(&self, branch: &BranchName) -> Option<EnvironmentSpec> {
        let found = self.environment_for(branch.as_str())?;
        if !found.preview {
            return Some(found.clone());
        }
        let slug = slug(branch.as_str());
        Some(EnvironmentSpec {
            name: EnvironmentName(format!("{}-{slug}", found.name)),
            domain: found.domain.as_ref().map(|domain| domain.replace("{branch}", &slug)),
            ..found.clone()
        })
    }
}

/// Tells whether a branch fits a pattern in which `*` stands for any run of characters.
///
/// Takes time in proportion to the two lengths' product at worst: a pattern of many `*` cannot
/// be used to stop the engine.
pub fn matches_pattern(pattern: &str, branch: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), branch.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after_star, matched)) = retry {
            retry = Some((after_star, matched + 1));
            p = after_star;
            t = matched + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches_pattern;

    #[test]
    fn patterns() {
        for (pattern, branch, fits) in [
            ("main", "main", true),
            ("main", "maint", false),
            ("feature/*", "feature/a/b", true),
            ("feature/*", "feature", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("release/*.x", "release/1.x", true),
        ] {
            assert_eq!(matches_pattern(pattern, branch), fits, "{pattern} {branch}");
        }
    }
}
