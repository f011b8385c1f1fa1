//! Writes the first version of an operator's file, for `pilothouse add` and `init`.
//!
//! Responsible for a text that explains itself and that [`super::read`] takes as it is.

mod watch;

use std::fmt::Write as _;

use toml_edit::Value;

pub use watch::{Kind, WatchDraft, write_watch};

/// What is known when a project is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The project's name, which is also the file's.
    pub name: String,
    /// A path or anything that `git fetch` takes.
    pub repository: String,
    /// Whether its steps may run on the host under the engine's own user.
    pub trusted: bool,
    /// Addresses to listen on; none means the usual ones.
    pub listen: Vec<String>,
    /// Whether the pipeline's service runs in an image, so that instances are containers.
    pub serves_from_image: bool,
    /// The environments, in the order in which they are tried for a branch.
    pub environments: Vec<DraftEnvironment>,
}

/// An environment of a new project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftEnvironment {
    /// Its name.
    pub name: String,
    /// The branches and patterns that feed it.
    pub branches: Vec<String>,
    /// How many instances serve it.
    pub instances: u32,
}

/// Writes the operator's file for a new project.
pub fn write(draft: &Draft) -> String {
    let mut out = String::new();
    let name = &draft.name;
    let repository = quoted(&draft.repository);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "# The project {name}: where its commits go and how they serve.\n\
         # Edit, then run `pilothouse apply {name}`: nothing changes before. How a commit is built and\n\
         # run stands in the repository's own pilothouse.toml.\n\
         \n\
         repository = {repository}\n\
         # poll = \"15s\"            # time between two looks at the repository\n"
    );
    let trusted = if draft.trusted {
        "# Steps run code of whoever can push, here under the engine's own user.\ntrusted = true\n"
    } else {
        "# Steps run code of whoever can push. Say true only if they may use the engine's own user.\n\
         trusted = false\n"
    };
    out.push_str(trusted);
    out.push_str(
        "# keep_runs = 100         # ended runs that are told of, with logs\n\
         # step_env = { CI = \"1\" } # variables that every step gets\n\n\
         [load_balancer]\nkind = \"embedded\"\n",
    );
    let usual = ["127.0.0.1:8080".to_owned(), "[::1]:8080".to_owned()];
    let listen = if draft.listen.is_empty() { &usual[..] } else { &draft.listen };
    let _ = writeln!(out, "listen = {}", list(listen));
    out.push_str(
        "# trusted_proxies = [\"10.0.0.0/8\"] # peers whose X-Forwarded-* headers are believed\n",
    );
    for environment in &draft.environments {
        section(&mut out, draft, environment);
    }
    out
}

fn section(out: &mut String, draft: &Draft, environment: &DraftEnvironment) {
    let project = &draft.name;
    let runtime = if draft.serves_from_image {
        "runtime = \"docker\"       # containers on this machine"
    } else {
        "runtime = \"local\"        # processes on this machine"
    };
    let name = environment.name.as_str();
    let instances = environment.instances;
    let branch = match environment.branches.as_slice() {
        [only] => quoted(only),
        several => list(several),
    };
    let (deploy, meaning) = match name {
        "production" => ("manual", "a person presses the key; \"auto\" goes on by itself"),
        _ => ("auto", "goes on by itself; \"manual\" waits for a person"),
    };
    let domain = match name {
        "production" => format!("{project}.localhost"),
        "preview" => format!("{{branch}}.{project}.localhost"),
        other => format!("{other}.{project}.localhost"),
    };
    let _ = write!(out, "\n[environment.{name}]\nbranch = {branch}\n");
    if name == "preview" {
        out.push_str("preview = true           # an environment per branch, removed with it\n");
    }
    let _ = write!(
        out,
        "domain = {}\n\
         {runtime}\n\
         instances = {instances}\n\
         deploy = \"{deploy}\"{gap}# {meaning}\n",
        quoted(&domain),
        gap = " ".repeat(14_usize.saturating_sub(deploy.len())),
    );
    if name == "production" {
        out.push_str(PRODUCTION);
    }
}

/// What an operator will look for first, as comments.
const PRODUCTION: &str = "\
# min_healthy = 100      # percent of instances that serve while a deployment moves traffic
# max = 200              # percent of instances that old and new together never exceed on the way
# drain = \"30s\"          # how long requests in flight on an old instance may go on
# bake = \"30s\"           # how long a new release is watched before the old one is let go
# auto_rollback = true
# keep = 5               # releases kept for a rollback, and newest runs that can be deployed
# budget = \"$0.50/h\"     # a deployment that would cost more is refused
# env = { LOG = \"info\" }
# secrets = { DATABASE_URL = { file = \"/etc/pilothouse/secrets/database-url\" } }

# [[environment.production.rule]]
# priority = 10
# path = [\"/admin\", \"/admin/*\"]
# fixed = { status = 403, body = \"no\\n\" }
";

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}
