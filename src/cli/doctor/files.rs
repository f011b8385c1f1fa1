//! What the operator's files say, and whether it can be had.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use color_eyre::Result;
use pilothouse_core::spec::{MAX_SECRET_BYTES, ProjectSpec, Runtime, SecretSource};
use pilothouse_engine::root::{Foreign, Why, open_to_others};
use pilothouse_supervisor::MIN_MASKED_BYTES;

use super::Check;
use super::engine::{Balancer, end_deaf};
use crate::cli::apply;
use crate::find::Place;

/// Looks at every project's file, and gives those that are valid.
pub fn checks(place: &Place, checks: &mut Vec<Check>) -> Result<Vec<ProjectSpec>> {
    let dir = place.config_dir().join("projects");
    let files = apply::all(&dir)?;
    if files.is_empty() && !place.is_anothers() {
        let found = format!("{} holds no project", dir.display());
        checks.push(Check::warn("projects", found, "pilothouse add NAME REPOSITORY"));
    }
    checks.extend(files.iter().chain([&dir]).filter_map(|path| hands(path)));
    let mut specs = Vec::new();
    for file in files {
        match apply::read(&file) {
            Ok(spec) => {
                checks.push(Check::ok("project", format!("{} is valid", file.display())));
                specs.push(spec);
            }
            Err(report) => {
                let first = report.lines().next().unwrap_or_default();
                let mend = format!("`pilothouse apply --check {}` shows it all", file.display());
                checks.push(Check::fail("project", first, mend));
            }
        }
    }
    for spec in &specs {
        trust(spec, checks);
        power(spec, checks);
        secrets(spec, checks);
    }
    Ok(specs)
}

/// Whoever can write an operator's file says what the engine runs, once it is applied.
fn hands(path: &Path) -> Option<Check> {
    let Foreign { place, why } = open_to_others(path).ok().flatten()?;
    let (who, mend) = match why {
        Why::Everybodys => ("everybody", "chmod go-w"),
        Why::Groups => ("others of its group", "chmod g-w"),
        Why::Anothers | Why::Left => ("another user, whose it is,", "chown"),
        Why::NoDirectory | Why::NoFile | Why::Missing => return None,
    };
    let place = place.display();
    let found = format!("{who} can write {place}, and so what the engine runs once it is applied");
    Some(Check::warn("project", found, format!("look through it, then {mend} it")))
}

/// A step is code of whoever can push.
fn trust(spec: &ProjectSpec, checks: &mut Vec<Check>) {
    let name = &spec.name;
    checks.push(if spec.trusted {
        let found = format!("whoever can push to {name} runs programs as the engine's user");
        Check::warn("trust", found, "this is what trusted = true says; see who can push")
    } else if spec.environments.iter().all(|one| one.runtime.watch().is_some()) {
        Check::ok("trust", format!("{name} is only watched, and runs nothing here"))
    } else if !spec.environments.iter().any(|one| matches!(one.runtime, Runtime::Local)) {
        // What a stage wants stands in its commit, which nobody has here.
        let found = format!("{name} is not trusted: of its stages only those with an image run");
        Check::ok("trust", found)
    } else {
        let found = format!("{name} is not trusted, so its steps do not run on this machine");
        Check::warn("trust", found, "say trusted = true if whoever can push may act as you")
    });
}

/// A container with such grants is no wall.
fn power(spec: &ProjectSpec, checks: &mut Vec<Check>) {
    if let Some(what) = spec.grants.power() {
        let found =
            format!("steps of {} may have {what}: whoever can push can become root", spec.name);
        checks.push(Check::warn("trust", found, "see who can push, or take it out of [docker]"));
    }
}

/// A value that is too short to be told from other text is not masked in logs.
fn secrets(spec: &ProjectSpec, checks: &mut Vec<Check>) {
    for environment in &spec.environments {
        for (secret, source) in &environment.secrets {
            let SecretSource::File(path) = source else { continue };
            let whose = format!("{secret} of {}/{}", spec.name, environment.name);
            match value_length(path) {
                Ok(None) => {
                    let most = MAX_SECRET_BYTES >> 10;
                    let found =
                        format!("{whose} is longer than {most} KiB, and no instance starts");
                    checks.push(Check::fail("secret", found, format!("shorten what is in {path}")));
                }
                Ok(Some(length)) if length < MIN_MASKED_BYTES => {
                    let found = format!(
                        "{whose} has fewer than {MIN_MASKED_BYTES} bytes and is not masked in logs"
                    );
                    checks.push(Check::warn("secret", found, "use a longer one"));
                }
                Ok(Some(_)) => checks.push(Check::ok("secret", format!("{whose} can be masked"))),
                Err(error) => {
                    let found = format!("{whose} cannot be read by you: {path}: {error}");
                    checks.push(Check::warn("secret", found, "the engine's user must be able to"));
                }
            }
        }
    }
}

/// The length of a secret without its trailing line feed; none where it is longer than is read.
fn value_length(path: &str) -> std::io::Result<Option<usize>> {
    let mut value = Vec::new();
    std::fs::File::open(path)?.take(MAX_SECRET_BYTES + 1).read_to_end(&mut value)?;
    let length = value.strip_suffix(b"\n").unwrap_or(&value).len();
    Ok((value.len() as u64 <= MAX_SECRET_BYTES).then_some(length))
}

/// Whether the load balancer has its ports, or can have them.
pub fn ports(specs: &[ProjectSpec], balancer: &Balancer, checks: &mut Vec<Check>) {
    let wanted: BTreeSet<SocketAddr> =
        specs.iter().flat_map(|spec| spec.load_balancer.listen.iter().copied()).collect();
    for address in wanted {
        let edge = if let Balancer::Told(status) = balancer { Some(status) } else { None };
        let ours = edge.and_then(|edge| edge.listeners.iter().find(|one| one.address == address));
        checks.push(match ours {
            Some(one) if one.bound.is_some() => {
                Check::ok("port", format!("the load balancer listens on {address}"))
            }
            Some(one) => {
                let why = one.problem.as_deref().unwrap_or("it is about to");
                let found = format!("the load balancer cannot listen on {address}: {why}");
                Check::fail("port", found, other(address))
            }
            None => free(address, balancer),
        });
    }
}

fn free(address: SocketAddr, balancer: &Balancer) -> Check {
    match (TcpListener::bind(address), balancer) {
        (Ok(_), _) => Check::ok("port", format!("{address} is free")),
        (Err(error), Balancer::Deaf(living)) if error.kind() == ErrorKind::AddrInUse => {
            let found =
                format!("{address} is taken, it seems by the load balancer, which does not");
            Check::warn("port", format!("{found} answer"), end_deaf(living))
        }
        (Err(error), Balancer::Displaced) if error.kind() == ErrorKind::AddrInUse => {
            let found = format!("{address} is taken, it may be by a process that is named above");
            Check::fail("port", found, "see to the processes that run on first")
        }
        (Err(error), Balancer::Hidden) if error.kind() == ErrorKind::AddrInUse => {
            let found = format!("something listens on {address}, and whether it is the load");
            let found = format!("{found} balancer is told to the engine's user alone");
            Check::warn("port", found, "have the engine's user run `pilothouse doctor`")
        }
        (Err(error), _) if error.kind() == ErrorKind::AddrInUse => {
            Check::fail("port", format!("{address} is taken by another program"), other(address))
        }
        (Err(error), _) if error.kind() == ErrorKind::PermissionDenied => Check::fail(
            "port",
            format!("this user may not listen on {address}"),
            "use a port from 1024 on, or allow it: sysctl net.ipv4.ip_unprivileged_port_start",
        ),
        (Err(error), _) => {
            Check::warn("port", format!("{address} cannot be had: {error}"), other(address))
        }
    }
}

fn other(address: SocketAddr) -> String {
    format!("end what listens on port {}, or name another in [load_balancer]", address.port())
}
