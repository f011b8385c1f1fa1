//! Where requests reach an environment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::state::{Environment, Project, State};

/// Where requests reach an environment.
pub fn url(project: &Project, environment: &Environment) -> Option<String> {
    let domain = environment.spec.domain.as_deref()?;
    let port = project.spec.load_balancer.listen.first()?.port();
    Some(if port == 80 { format!("http://{domain}/") } else { format!("http://{domain}:{port}/") })
}

/// How to ask for a name below `localhost`, which is this machine's own address (RFC 6761, 6.3), where
/// nobody listens there.
pub fn elsewhere(state: &State, key: &EnvironmentKey, environment: &Environment) -> Option<String> {
    let listen = &state.projects.get(&key.project)?.spec.load_balancer.listen;
    let domain = environment.spec.domain.as_deref()?;
    let is_local = domain == "localhost" || domain.ends_with(".localhost");
    let home = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let is_home = |ip: IpAddr| ip.is_unspecified() || home.contains(&ip);
    let first = listen.first()?;
    if !is_local || environment.current.is_none() || listen.iter().any(|one| is_home(one.ip())) {
        return None;
    }
    let port = first.port();
    let ip = match first.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    Some(format!(
        "nobody listens where {domain} leads, only on {ip}: curl --resolve {domain}:{port}:{ip} http://{domain}:{port}/"
    ))
}
