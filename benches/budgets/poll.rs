//! A look at a repository with many branches that finds nothing new.

use std::time::Duration;

use crate::Outcome;
use crate::process::{Watch, children};
use crate::repository::Pipeline;
use crate::table::{Row, text};
use crate::world::{World, free_port};

/// Branches of the repository.
const BRANCHES: u32 = 1000;
/// How long looks are counted.
const LENGTH: Duration = Duration::from_secs(10);

/// Measures the processor's time for a look: the engine's and that of the git that it runs.
pub fn measure() -> Outcome<Vec<Row>> {
    let world = World::with_engine()?;
    let repository = world.repository("shop")?;
    repository.commit("first", &Pipeline { step: "true", interval: "1s" })?;
    repository.branches(BRANCHES)?;
    // Git notes every start of itself there, which is how looks are counted.
    let starts = world.path("git-starts");
    let configuration = format!("[trace2]\n\tnormalTarget = {}\n", starts.display());
    let (dir, port) = (repository.dir().display(), free_port()?);
    world.apply(
        "shop",
        &format!(
            "repository = '{dir}'\npoll = \"100ms\"\ntrusted = true\n\
             [load_balancer]\nlisten = [\"127.0.0.1:{port}\"]\n\
             [environment.production]\nbranch = \"main\"\ninstances = 1\ndeploy = \"manual\"\n"
        ),
    )?;
    world.wait("the branches are known and the run has ended", |state| {
        let known = state.projects.values().map(|project| project.branches.len()).sum::<usize>();
        known == BRANCHES as usize && state.live_runs.is_empty() && !state.runs.is_empty()
    })?;
    let engine = world.engine()?;
    std::fs::write(world.path("home/.gitconfig"), configuration)?;
    let count = || -> usize {
        let text = std::fs::read_to_string(&starts).unwrap_or_default();
        text.lines().filter(|line| line.contains("start ") && line.contains("ls-remote")).count()
    };
    Watch::begin(&[engine]).on(Duration::from_secs(1));
    let (looks, git) = (count(), children(engine)?);
    let mut watch = Watch::begin(&[engine]);
    watch.on(LENGTH);
    let looks = u32::try_from(count() - looks)?;
    if looks == 0 {
        return Err("no look was counted".into());
    }
    let own = watch.used(engine) / looks;
    let git = children(engine)?.saturating_sub(git) / looks;
    let what = "no-change poll, 1,000 branches: CPU";
    Ok(vec![Row::time(what, own + git, Duration::from_millis(20)).note(format!(
        "{looks} looks in {} s: engine {}, git and its children {} each",
        LENGTH.as_secs(),
        text(own),
        text(git)
    ))])
}
