//! Whether the Docker engine answers, for who runs containers, and has what releases are made of.

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::id::ReleaseNumber;
use pilothouse_core::spec::{ProjectSpec, Runtime};
use pilothouse_core::state::{Environment, Fate, State};
use pilothouse_core::text::{printable, shell_word};
use pilothouse_docker::{Docker, Error, Facts, Kind};
use pilothouse_engine::driver::docker::Home;
use pilothouse_engine::places::Places;

use super::{Check, Level};

/// How many images are looked for at most.
const IMAGES: usize = 500;

/// Less free space than this is too little for images, in bytes.
const LITTLE: u64 = 2 << 30;

/// Looks at it. Where no environment runs containers and there is none, nothing is wrong.
pub async fn checks(specs: &[ProjectSpec], checks: &mut Vec<Check>) {
    let environments = specs.iter().flat_map(|spec| &spec.environments);
    let is_needed = environments.into_iter().any(|one| matches!(one.runtime, Runtime::Docker(_)));
    match facts().await {
        Ok(facts) => {
            let found = format!(
                "engine {} answers, API {}",
                printable(&facts.version, 40),
                printable(&facts.api, 20)
            );
            checks.push(Check::ok("docker", found));
            checks.extend(space(&facts.root));
        }
        Err(error) if error.kind == Kind::Unreachable && !is_needed => {
            checks.push(Check::ok("docker", "no engine answers, and no environment needs one"));
        }
        Err(error) => {
            let mend = mend(&error);
            let found = printable(&error.why, 300);
            checks.push(if is_needed {
                Check::fail("docker", found, mend)
            } else {
                Check::warn("docker", found, mend)
            });
        }
    }
}

/// Which releases have no image any more, as where somebody removed it: by the Docker engine that has
/// the containers, whichever this program would find by itself. Where that one does not answer nobody
/// knows.
pub async fn images(places: &Places, state: &State) -> Vec<Check> {
    let Some(home) = Home::known(places) else {
        return by_shell(state).await.unwrap_or_default();
    };
    let Some(docker) = home.client().await else { return Vec::new() };
    let other = facts().await.ok().filter(|facts| !home.says(facts)).map(|facts| {
        let found = format!(
            "what is said above is of the Docker engine with {}, which this shell finds; the \
             containers are in {home}",
            printable(&facts.root, 200)
        );
        Check::warn("docker", found, format!("`export {}` before other verbs", home.host()))
    });
    let missing = missing_images(&docker, state).await.unwrap_or_default();
    other.into_iter().chain(missing).collect()
}

/// The same by the Docker engine that this shell finds, where none has containers: the engine may find
/// another.
async fn by_shell(state: &State) -> Result<Vec<Check>, Error> {
    let docker = Docker::local()?.ready().await?;
    let mut missing = missing_images(&docker, state).await?;
    for check in &mut missing {
        check.level = Level::Warn;
        check
            .found
            .push_str(" (by the Docker engine that this shell finds; none has containers now)");
    }
    Ok(missing)
}

async fn missing_images(docker: &Docker, state: &State) -> Result<Vec<Check>, Error> {
    let mut left = IMAGES;
    let mut checks = Vec::new();
    for (key, environment) in &state.environments {
        let mut gone = Vec::new();
        for number in told(environment).take(left) {
            left -= 1;
            let id =
                environment.releases.get(&number).map(|one| format!("sha256:{}", one.artifact));
            if let Some(id) = id
                && docker.image(&id).await?.is_none()
            {
                gone.push(number);
            }
        }
        checks.extend(lost(state, key, environment, &gone));
    }
    Ok(checks)
}

/// The releases that are images and serve, or can be gone back to.
fn told(environment: &Environment) -> impl Iterator<Item = ReleaseNumber> {
    let current = environment.current;
    let images = environment.releases.iter().filter(|(_, one)| one.kind == ArtifactKind::Image);
    let counts = move |number, fate| fate == Fate::Good || current == Some(number);
    images.filter(move |(number, one)| counts(**number, one.fate)).map(|(number, _)| *number)
}

fn lost(
    state: &State,
    key: &EnvironmentKey,
    environment: &Environment,
    gone: &[ReleaseNumber],
) -> Vec<Check> {
    let (now, before): (Vec<ReleaseNumber>, Vec<_>) =
        gone.iter().partition(|number| environment.current == Some(**number));
    let branches = state.projects.get(&key.project).map(|project| &project.branches);
    let mut feeding = branches.into_iter().flatten();
    let feeding = feeding.find(|(_, one)| one.environment.as_ref() == Some(&key.name));
    let anew = feeding.map_or_else(
        || "push to a branch that feeds it, which builds another".to_owned(),
        |(branch, _)| {
            let branch = shell_word(&format!("{}:{branch}", key.project));
            format!("`pilothouse run {branch}` builds another, to be deployed by its run's number")
        },
    );
    let now = now.first().map(|number| {
        let found = format!(
            "the image of {key} {number}, which serves, is gone: no other container of it can start"
        );
        Check::fail("docker", found, anew)
    });
    let listed = before.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let before = (!before.is_empty()).then(|| {
        let found =
            format!("of {key} these images are gone, and nobody can go back to them: {listed}");
        let mend =
            "what removed them goes on to: images named pilothouse-… are Pilothouse's to remove";
        Check::warn("docker", found, mend)
    });
    now.into_iter().chain(before).collect()
}

/// Why no container can run here now and what mends it, a sentence; none where an engine answers.
pub async fn missing() -> Option<String> {
    let error = facts().await.err()?;
    Some(format!("{}; {}", printable(&error.why, 300), mend(&error)))
}

fn mend(error: &Error) -> &'static str {
    match error.kind {
        Kind::Unreachable => "start it: systemctl start docker",
        Kind::Denied => {
            "add this user to the group docker, and log in again: whoever is in it can become root"
        }
        // Where it is said to be is wrong already.
        _ if Docker::local().is_err() => {
            "unset DOCKER_HOST, or name a socket: DOCKER_HOST=unix:///var/run/docker.sock"
        }
        Kind::NotFound | Kind::Conflict | Kind::Refused | Kind::Unread | Kind::Broken => {
            "update it"
        }
    }
}

async fn facts() -> Result<Facts, Error> {
    Docker::local()?.ready().await?.facts().await
}

/// Whether images have room where the engine keeps them, if that is on this machine.
fn space(root: &str) -> Option<Check> {
    let found = rustix::fs::statvfs(root).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let said = format!("{} MiB free for images in {}", free >> 20, printable(root, 200));
    Some(if free < LITTLE {
        Check::warn("docker", said, "docker image prune removes those without a name")
    } else {
        Check::ok("docker", said)
    })
}
