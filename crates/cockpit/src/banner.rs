//! What is wrong with all of the screen: one sentence and one key.

use pilothouse_core::aws::TroubleKind;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::instance::Instance;
use pilothouse_core::plan::rollback_candidate;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::Environment;
use pilothouse_core::text::printable;

use crate::age;
use crate::model::{Link, Model, trouble_of_all};
use crate::rows::serving::serving;
use crate::rows::{targets, words};
use crate::width;

/// What is wrong with all of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// The sentence.
    pub text: String,
    /// What it is about.
    pub tone: Tone,
}

/// What a banner is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What is shown may no longer be true.
    Stale,
    /// Something is wrong.
    Wrong,
    /// Nothing is wrong: the person is shown around.
    Guide,
}

/// The most characters of a reason; the paths in it are shortened afterwards.
const WHY: usize = 400;
/// The most cells of a word: a path is cut in its middle, so that what follows it is read too.
const WORD: usize = 36;

impl Banner {
    /// The sentence in lines of a screen of so many cells, with one cell of air on either side.
    pub fn lines(&self, width: u16) -> Vec<String> {
        let words: Vec<String> =
            self.text.split(' ').map(|word| width::cut_middle(word, WORD)).collect();
        width::fold(&words.join(" "), usize::from(width.saturating_sub(2)))
    }
}

/// Says what is wrong with all of the screen, the worst first.
pub fn banner(model: &Model) -> Option<Banner> {
    let said = |text: String, tone| Some(Banner { text, tone });
    match &model.link {
        Link::Lost { since, why } => {
            let age = age::ago(model.now, *since);
            let back = if model.is_watcher() {
                "its operator starts it with `pilothouse`"
            } else {
                "q leaves, `pilothouse` restarts"
            };
            return said(
                format!(
                    "Stale {age} · retrying · {back} · \
                     no line to the engine: {}",
                    printable(why, WHY)
                ),
                Tone::Stale,
            );
        }
        Link::Connecting | Link::Refused { .. } => return None,
        Link::Live => {}
    }
    if let Some(degraded) = &model.degraded {
        let age = age::ago(model.now, degraded.since);
        let why = printable(&degraded.why, WHY);
        return said(
            format!("Stale {age} · the engine follows nothing and accepts no command: {why}"),
            Tone::Wrong,
        );
    }
    if model.replica.halting {
        return said("The engine is stopping everything; q leaves.".to_owned(), Tone::Wrong);
    }
    if let Some(text) = wrong_look(model) {
        return said(text, Tone::Wrong);
    }
    if let Some(text) = no_balancer(model).or_else(|| no_containers(model)) {
        return said(text, Tone::Wrong);
    }
    if let Some(text) = out_of_service(model).or_else(|| gone(model)) {
        return said(text, Tone::Wrong);
    }
    let held = model.room.and_then(words::little_room);
    if let Some(text) = held.or_else(|| words::refused_table(&model.replica.edge)) {
        return said(text, Tone::Wrong);
    }
    if let Some(text) = words::left_out(&model.replica.edge).or_else(|| unbound(model)) {
        return said(text, Tone::Wrong);
    }
    if let Some(text) = unread(model).or_else(|| invalid(model)) {
        return said(text, Tone::Wrong);
    }
    if let Some(said) = unseen(model) {
        return Some(said);
    }
    if let Some(text) = away(model) {
        return said(text, Tone::Guide);
    }
    let guide = model.guide?;
    said(guide(&model.replica)?, Tone::Guide)
}

/// What is wrong with a keymap or a theme.
fn wrong_look(model: &Model) -> Option<String> {
    let problem = model.problems.first()?;
    let more = match model.problems.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Some(format!("{}{more}. ! shows all.", printable(&problem.to_string(), WHY)))
}

/// Which of the operator's files is not valid.
fn invalid(model: &Model) -> Option<String> {
    let name = printable(model.invalid.first()?, 60);
    let more = and_more(model.invalid.len());
    Some(format!(
        "{name}{more} is not valid, so that nothing of it is applied: `pilothouse apply` says where."
    ))
}

/// That the load balancer does not answer the engine, where anything is to be served.
fn no_balancer(model: &Model) -> Option<String> {
    let edge = &model.replica.edge;
    let why = edge.error.as_deref().filter(|_| !edge.connected)?;
    let serves = model.replica.environments.values().any(|one| one.current.is_some());
    serves.then(|| {
        let why = printable(why, WHY);
        format!(
            "Nothing may be served: the load balancer does not answer the engine, and health is what was \
             last heard. {why}"
        )
    })
}

/// Since when the engine of containers is away, and what was said.
fn no_containers(model: &Model) -> Option<String> {
    let away = model.replica.containers.away.as_ref()?;
    if away.elsewhere {
        let why = printable(&away.why, WHY);
        return Some(format!("Containers are judged by their own Docker engine alone: {why}"));
    }
    Some(format!(
        "The Docker engine went away {} ago: containers are judged once it is back. {}",
        age::ago(model.now, away.since),
        printable(&away.why, 160)
    ))
}

/// Where an environment stands in the operator's files, previews last: what stands first there is what
/// matters most.
fn place(model: &Model, key: &EnvironmentKey, one: &Environment) -> (bool, usize) {
    let project = model.replica.projects.get(&key.project);
    let place = project
        .and_then(|project| project.spec.environments.iter().position(|it| it.name == key.name));
    (one.preview_of.is_some(), place.unwrap_or(usize::MAX))
}

/// How many more there are than the one that is named.
fn and_more(all: usize) -> String {
    match all {
        0 | 1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    }
}

/// Which environment's targets are all unhealthy, why, and what brings an earlier release back.
/// While a deployment runs there, it is the deployment that tells.
fn out_of_service(model: &Model) -> Option<String> {
    if !model.replica.edge.connected {
        return None;
    }
    let at_rest = model.replica.environments.iter();
    let at_rest =
        at_rest.filter(|(_, one)| one.current.is_some() && one.running.is_none() && !one.removing);
    let dark = at_rest.filter_map(|(key, one)| {
        let serving = serving(model, key);
        let is_ill =
            |one: &&Instance| one.health.state == TargetState::Unhealthy || one.is_doubtful();
        let ill = model.instances_in(key).find(is_ill)?;
        (serving.targets > 0 && serving.healthy == 0).then_some((key, one, serving, ill))
    });
    let dark: Vec<_> = dark.collect();
    let more = and_more(dark.len());
    let first = dark.into_iter().min_by_key(|(key, one, ..)| place(model, key, one));
    let (key, environment, serving, ill) = first?;
    let may = !model.is_watcher() && rollback_candidate(&model.replica, key).is_some();
    let key_of = if may { " x b rolls it back." } else { "" };
    // Why no successor comes up says more than that nobody answers any more.
    let why = words::lost(environment, model.now)
        .unwrap_or_else(|| format!("{}: {}", words::instance_name(ill), targets::sentence(ill)));
    Some(format!(
        "{key}{more}: none of {} targets is healthy.{key_of} {}",
        serving.targets,
        printable(&why, WHY)
    ))
}

/// Which environment has lost all that should serve, why, and what brings an earlier release back.
fn gone(model: &Model) -> Option<String> {
    let at_rest = model.replica.environments.iter();
    let at_rest =
        at_rest.filter(|(_, one)| one.running.is_none() && !one.removing && one.wanted() > 0);
    let gone = at_rest.filter_map(|(key, one)| {
        let why = words::lost(one, model.now)?;
        (serving(model, key).instances == 0).then_some((key, one, why))
    });
    let gone: Vec<_> = gone.collect();
    let more = and_more(gone.len());
    let first = gone.into_iter().min_by_key(|(key, one, _)| place(model, key, one));
    let (key, _, why) = first?;
    let may = !model.is_watcher() && rollback_candidate(&model.replica, key).is_some();
    let key_of = if may { " x b rolls it back." } else { "" };
    Some(format!("{key}{more}: nothing serves.{key_of} {}", printable(&why, WHY)))
}

/// Which address requests should come in by and do not.
fn unbound(model: &Model) -> Option<String> {
    let (first, others) = model.replica.edge.unbound.split_first()?;
    let more = and_more(1 + others.len());
    let why = printable(&first.why, WHY);
    Some(format!(
        "The load balancer cannot listen on {}{more}, and tries again. It said: {why}",
        first.address
    ))
}

/// Which repository cannot be looked at, what mends it, since when, and what was said.
fn unread(model: &Model) -> Option<String> {
    let mut failing =
        model.replica.projects.iter().filter(|(_, project)| project.poll.error.is_some());
    let (name, project) = failing.next()?;
    let more = and_more(1 + failing.count());
    let key = if model.is_watcher() { "" } else { "R looks again. " };
    let since = project.poll.failing_since.map_or_else(String::new, |since| {
        let clock = age::clock(since, model.offset_minutes);
        format!(" since {clock} ({})", age::ago(model.now, since))
    });
    let why = printable(project.poll.error.as_deref().unwrap_or_default(), WHY);
    Some(format!("{name}{more}: repository not read{since}. {key}It said: {why}"))
}

/// Which account cannot be looked at, and why. What is stopped for good needs a person; what only
/// does not answer now makes what is shown old.
fn unseen(model: &Model) -> Option<Banner> {
    let mut all = model.watched.iter().filter_map(|(key, one)| Some((key, trouble_of_all(one)?)));
    let (key, trouble) = all.next()?;
    let more = and_more(1 + all.count());
    let tone = match trouble.kind {
        TroubleKind::Unreachable
        | TroubleKind::Late
        | TroubleKind::Throttled
        | TroubleKind::Broken
        | TroubleKind::Unreadable => Tone::Stale,
        TroubleKind::Denied
        | TroubleKind::Expired
        | TroubleKind::NoCredentials
        | TroubleKind::Unknown
        | TroubleKind::NotOffered
        | TroubleKind::WrongAccount => Tone::Wrong,
    };
    Some(Banner { text: format!("{key}{more}: {}", printable(&trouble.to_string(), WHY)), tone })
}

/// What happened while the person was away: how much, the key that lists it, and the newest.
fn away(model: &Model) -> Option<String> {
    let newest = model.ui.away.first()?;
    let ended = model.ui.away.iter().filter(|notice| notice.at.is_some()).count();
    let at = newest.at.unwrap_or(model.now);
    Some(format!(
        "! lists {ended} while you were away: {} {}",
        age::clock(at, model.offset_minutes),
        newest.text
    ))
}
