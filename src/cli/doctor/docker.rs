//! Whether the Docker engine answers, for who runs containers.

use pilothouse_core::spec::{ProjectSpec, Runtime};
use pilothouse_core::text::printable;
use pilothouse_docker::{Docker, Error, Facts, Kind};

use super::Check;

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
