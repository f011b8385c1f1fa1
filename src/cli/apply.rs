//! `pilothouse apply`: makes the operator's files active.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_api::client::Client;
use pilothouse_core::command::Command;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::event::environment_key;
use pilothouse_core::id::{BranchName, ProjectName};
use pilothouse_core::plan::remake;
use pilothouse_core::spec::{DeployMode, EnvironmentSpec, ProjectSpec};
use pilothouse_core::state::{Environment, State};
use pilothouse_core::text::shell_word;
use pilothouse_settings::problem::report;
use pilothouse_settings::{operator, text_of};

use crate::difference::{Difference, differences};
use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::out::{self, Tone};
use crate::{ask, start};

/// How often, and at which distance, it is looked whether the load balancer listens.
const LOOKS: u32 = 10;
/// See [`LOOKS`].
const LOOK: Duration = Duration::from_millis(100);

/// How many branches are told of at most that failed before.
const MOST_TOLD: usize = 5;

/// Which files.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// Projects by name, or files; all of the operator's files where nothing is said
    #[arg(value_name = "FILE|NAME")]
    which: Vec<String>,
    /// Do not ask before an environment is removed
    #[arg(long, short)]
    yes: bool,
    /// Only say what is wrong with the files
    #[arg(long)]
    check: bool,
}

/// Applies them: all, or none where one is not valid.
pub fn run(place: &Place, apply: &Apply) -> Result<()> {
    let files = files(place, &apply.which).inspect_err(|_| {
        // Where the last file was deleted, its project is what is left to tell of. No engine is
        // started for that, and one that does not answer has nothing to tell.
        if apply.which.is_empty() && !apply.check {
            let _ = tell_fileless(place);
        }
    })?;
    let specs = read_all(&files).inspect_err(|_| {
        // Nobody else would say so: an engine is started once there is something to apply.
        if !apply.check
            && let Some(why) = start::unanswered(place)
        {
            out::error(&why);
        }
    })?;
    if apply.check {
        out::line(&format!("{} valid", counted(specs.len())));
        return Ok(());
    }
    start::ensure_engine(place)?;
    activate(place, specs, apply.yes)?;
    if apply.which.is_empty() {
        tell_fileless(place)?;
    }
    Ok(())
}

/// Says which projects the engine has that nobody's file asks for any more.
fn tell_fileless(place: &Place) -> Result<()> {
    ask::run(async {
        let state = ask::operator(place).state().await?.state;
        let active = state.projects.iter().filter(|(_, project)| !project.removing);
        for (name, _) in active.filter(|(name, _)| !place.project_file(name.as_str()).exists()) {
            out::line(&fileless(name));
        }
        Ok(())
    })
}

/// What is said of a project whose file is gone.
pub fn fileless(name: &ProjectName) -> String {
    format!("{name} has no file any more; `pilothouse remove {name}` removes it")
}

/// Shows what changes and makes it so.
pub fn activate(place: &Place, specs: Vec<ProjectSpec>, yes: bool) -> Result<()> {
    ask::run(async {
        let client = ask::operator(place);
        let snapshot = ask::patiently(&client, client.state()).await?;
        for spec in specs {
            one(&client, &snapshot.state, spec, yes).await?;
        }
        Ok(())
    })
}

async fn one(client: &Client, state: &State, spec: ProjectSpec, yes: bool) -> Result<()> {
    let name = spec.name.clone();
    let active = state.projects.get(&name).map(|project| &project.spec);
    match active {
        None => out::line(&format!("{name} is new")),
        Some(active) => {
            let differences = differences(active, &spec)?;
            if differences.is_empty() {
                out::line(&format!("{name}: nothing changes"));
                return Ok(());
            }
            out::line(&format!("{name} changes"));
            differences.iter().for_each(show);
            let removed = active
                .environments
                .iter()
                .filter(|old| !spec.environments.iter().any(|new| new.name == old.name));
            for old in removed {
                for line in taken_down(state, &name, old) {
                    out::line(&format!("  {line}"));
                }
                let question = format!("remove {name}/{} and stop its instances?", old.name);
                ask::confirm(yes, &question)?;
            }
        }
    }
    let listen = spec.load_balancer.listen.clone();
    // The load balancer would give up where it listens now before it has the other address.
    if active.is_some()
        && let Some(address) = taken(state, &listen)
    {
        let why = format!(
            "{name} stays as it is: another program listens on {address}, or this machine does not \
             have it; end what listens there, or name another in [load_balancer]"
        );
        return Err(failed(Failure::Refused, why));
    }
    for line in goes_out(state, &spec) {
        out::line(&format!("  {line}"));
    }
    let power = spec.grants.power();
    if let Some(what) = power.filter(|_| active.map(|one| one.grants.power()) != Some(power)) {
        let warning = format!("its steps may have {what}: whoever can push can become root here");
        out::error(&format!("{} {warning}", out::paint(Tone::Warn, "!")));
    }
    let listens = active.is_some_and(|active| active.load_balancer.listen == listen);
    let told = made_before(state, &spec).into_iter().chain(untrusted_before(state, &spec));
    let told: Vec<String> = told.chain(fewer_kept(state, &spec)).collect();
    client.submit(Command::Apply { spec: Box::new(spec) }).await?;
    out::line(&format!("{name} is active"));
    for line in told {
        out::line(&format!("  {}", pilothouse_core::text::printable(&line, 400)));
    }
    if !listens && let Some(why) = unreached(client, &listen).await {
        out::error(&format!("{} {why}; it is tried again", out::paint(Tone::Warn, "!")));
    }
    Ok(())
}

/// What serves and was made with what the file said before: variables and the runtime count from
/// the next release on.
fn made_before(state: &State, spec: &ProjectSpec) -> Vec<String> {
    let environments = spec.environments.iter();
    environments
        .filter_map(|one| remake(state, &environment_key(&spec.name, &one.name), one))
        .collect()
}

/// What stops when an environment of the file goes, or all previews that are made of it.
fn taken_down(state: &State, project: &ProjectName, old: &EnvironmentSpec) -> Vec<String> {
    let is_of_it = |key: &EnvironmentKey, one: &Environment| {
        let is_preview = old.preview && one.preview_of.is_some();
        let is_it = key.name == old.name || is_preview && one.spec.branches == old.branches;
        key.project == *project && is_it
    };
    let own = state.environments.iter().filter(|(key, one)| is_of_it(key, one));
    let line = |(key, one): (&EnvironmentKey, &Environment)| {
        let count = state.instances_of(key).filter(|one| !one.is_gone()).count();
        let domain = one.spec.domain.as_deref().unwrap_or("no domain");
        (count > 0).then(|| format!("{count} × {key} stops, which serves {domain}"))
    };
    own.filter_map(line).collect()
}

/// What is ready and waited for a person until now, where the file lets it go out by itself.
fn goes_out(state: &State, spec: &ProjectSpec) -> Vec<String> {
    let own = state.environments.iter().filter(|(key, _)| key.project == spec.name);
    let line = |(key, environment): (&EnvironmentKey, &Environment)| {
        let fed = match &environment.preview_of {
            Some(branch) => spec.environment_fed_by(branch)?,
            None => spec.environments.iter().find(|one| one.name == key.name)?.clone(),
        };
        let waited = environment.spec.deploy == DeployMode::Manual;
        let ready = environment.ready.as_ref().filter(|_| waited)?;
        (fed.deploy == DeployMode::Auto)
            .then(|| format!("{key}: {} is ready and goes out", ready.run))
    };
    own.filter_map(line).collect()
}

/// When what is to be kept no more goes, where that is less than before.
fn fewer_kept(state: &State, spec: &ProjectSpec) -> Option<String> {
    let active = &state.projects.get(&spec.name)?.spec;
    let is_less = |one: &EnvironmentSpec| {
        let before = active.environments.iter().find(|before| before.name == one.name);
        before.is_some_and(|before| one.keep_releases < before.keep_releases)
    };
    let is_less = spec.keep_runs < active.keep_runs || spec.environments.iter().any(is_less);
    is_less.then(|| "what is kept no more is removed when the next run ends".to_owned())
}

/// How to run again what failed while no step was trusted to run on the host.
fn untrusted_before(state: &State, spec: &ProjectSpec) -> Vec<String> {
    let Some(active) = state.projects.get(&spec.name) else { return Vec::new() };
    if active.spec.trusted || !spec.trusted {
        return Vec::new();
    }
    let failed = active.branches.iter().filter(|(_, branch)| {
        let run = branch.last_run.and_then(|id| state.runs.get(&id));
        run.is_some_and(|run| run.is_ended() && run.artifact().is_none())
    });
    // What people wait for before what is only looked at.
    let feeds_named =
        |name: &BranchName| spec.environment_fed_by(name).is_some_and(|fed| !fed.preview);
    let mut failed: Vec<&BranchName> = failed.map(|(name, _)| name).collect();
    failed.sort_by_key(|name| !feeds_named(name));
    let again = |name: &BranchName| {
        let branch = shell_word(&format!("{}:{name}", spec.name));
        format!("`pilothouse run {branch}` runs again what failed before")
    };
    failed.into_iter().take(MOST_TOLD).map(again).collect()
}

/// The first address that is new to the load balancer and that it cannot have.
fn taken(state: &State, listen: &[SocketAddr]) -> Option<SocketAddr> {
    let own: Vec<&SocketAddr> =
        state.projects.values().flat_map(|one| &one.spec.load_balancer.listen).collect();
    // A port of our own on another address can be in its way until it is closed.
    let is_new = |address: &&SocketAddr| !own.iter().any(|own| own.port() == address.port());
    let in_use = |address: &&SocketAddr| {
        // Whether a low port may be had is the engine's matter, whose rights may be others.
        TcpListener::bind(*address).is_err_and(|error| {
            matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable)
        })
    };
    listen.iter().filter(is_new).find(in_use).copied()
}

/// Why the load balancer cannot listen where it now should, if that shows within a moment. The
/// file is active already: an engine that does not answer now makes no failure of that.
async fn unreached(client: &Client, listen: &[SocketAddr]) -> Option<String> {
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let why = client.state().await.ok()?.state.edge.unreached(listen);
        if why.is_some() {
            return why;
        }
    }
    None
}

fn show(difference: &Difference) {
    let (tone, text) = match difference {
        Difference::Added { what, value } => (Tone::Good, format!("+ {what} {value}")),
        Difference::Removed { what, value } => (Tone::Bad, format!("- {what} {value}")),
        Difference::Changed { what, from, to } => (Tone::Warn, format!("~ {what} {from} → {to}")),
    };
    let text = pilothouse_core::text::printable(text.trim_end(), 300);
    out::line(&format!("  {}", out::paint(tone, &text)));
}

/// Reads one project's file, or says everything that is wrong with it.
pub fn read(path: &Path) -> Result<ProjectSpec, String> {
    let shown = path.display().to_string();
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let bytes =
        std::fs::read(path).map_err(|error| format!("{shown} cannot be read: {error}\n"))?;
    let text = text_of(&shown, &bytes).map_err(|problems| report(&problems))?;
    operator::read(name, &shown, text).map_err(|problems| report(&problems))
}

/// Reads them all; where one is not valid, says so of each and fails.
fn read_all(files: &[PathBuf]) -> Result<Vec<ProjectSpec>> {
    let (mut specs, mut wrong) = (Vec::new(), 0);
    for file in files {
        match read(file) {
            Ok(spec) => specs.push(spec),
            Err(report) => {
                out::error(report.trim_end());
                wrong += 1;
            }
        }
    }
    if wrong == 0 {
        return Ok(specs);
    }
    let why = format!("nothing was changed: {} not valid", counted(wrong));
    Err(failed(Failure::Usage, why))
}

fn counted(files: usize) -> String {
    if files == 1 { "1 file is".to_owned() } else { format!("{files} files are") }
}

/// The operator's files that are meant.
pub fn files(place: &Place, which: &[String]) -> Result<Vec<PathBuf>> {
    if !which.is_empty() {
        return which.iter().map(|text| file(place, text)).collect();
    }
    let dir = place.config_dir().join("projects");
    let files = all(&dir)?;
    if files.is_empty() {
        let why = format!(
            "{} holds no project; `pilothouse add NAME REPOSITORY` writes one",
            dir.display()
        );
        return Err(failed(Failure::Usage, why));
    }
    Ok(files)
}

/// All projects' files of a directory, in the order of their names; none where it is not there.
pub fn all(dir: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot list {}", dir.display());
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(color_eyre::Report::new(error).wrap_err(cannot())),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.wrap_err_with(cannot)?.path();
        if path.extension().is_some_and(|end| end == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The names of all of the operator's files; none where they cannot be listed, as by whoever may
/// only watch.
pub fn names(place: &Place) -> Vec<String> {
    let files = all(&place.config_dir().join("projects")).unwrap_or_default();
    let names = files.iter().filter_map(|file| file.file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// The names of those of the operator's files that are not valid; none where they cannot be listed.
pub fn invalid(place: &Place) -> Vec<String> {
    let files = all(&place.config_dir().join("projects")).unwrap_or_default();
    // One that cannot be opened, as by whoever may only watch, says nothing of what is in it.
    let is_invalid = |file: &&PathBuf| std::fs::File::open(file).is_ok() && read(file).is_err();
    let names = files.iter().filter(is_invalid).filter_map(|file| file.file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

fn file(place: &Place, text: &str) -> Result<PathBuf> {
    let is_path =
        text.contains('/') || Path::new(text).extension().is_some_and(|end| end == "toml");
    if is_path {
        return Ok(PathBuf::from(text));
    }
    let path = place.project_file(text);
    if path.is_file() {
        return Ok(path);
    }
    let why = format!("there is no {}; `pilothouse add` writes one", path.display());
    Err(failed(Failure::Usage, why))
}
