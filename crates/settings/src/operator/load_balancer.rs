//! Where requests come in.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use pilothouse_core::routing::Cidr;
use pilothouse_core::spec::LoadBalancerSpec;
use pilothouse_core::spec::allowed::{self, ADDRESSES, overlap};

use super::elsewhere;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::Field;
use crate::value::quoted;

const KEYS: [&str; 3] = ["kind", "listen", "trusted_proxies"];
const KINDS: [&str; 1] = ["embedded"];
const HELP: &str = "write listen = [\"127.0.0.1:8080\", \"[::1]:8080\"]";

/// Reads `[load_balancer]`; without it, what a person on the same machine can reach.
pub(super) fn read(field: Option<Field<'_>>, found: &mut Found<'_>) -> LoadBalancerSpec {
    let mut spec = LoadBalancerSpec {
        listen: vec![
            SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 8080)),
        ],
        trusted_proxies: Vec::new(),
    };
    let section = field.and_then(|field| field.section("[load_balancer]", &KEYS, found));
    let Some(section) = section else {
        return spec;
    };
    section.refuse_unknown(found, |key| elsewhere(key, &KEYS));
    if let Some(field) = section.get("kind") {
        field.one_of(&KINDS, "kind of load balancer", found);
    }
    if let Some(field) = section.get("listen") {
        spec.listen = listen(&field, found);
    }
    if let Some(field) = section.get("trusted_proxies") {
        spec.trusted_proxies = blocks(&field, found).unwrap_or_default();
    }
    spec
}

fn listen(field: &Field<'_>, found: &mut Found<'_>) -> Vec<SocketAddr> {
    let Some(texts) = field.texts(found, HELP) else {
        return Vec::new();
    };
    if texts.is_empty() || texts.len() > ADDRESSES {
        field.wrong(found, &format!("`listen` takes 1 to {ADDRESSES} addresses"), HELP);
    }
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for (text, at) in texts.into_iter().take(ADDRESSES) {
        let Ok(address) = text.parse() else {
            let message = format!("{} is not an IP address with a port", quoted(text));
            found.add(ProblemKind::WrongValue, at, &message, &mend(text));
            continue;
        };
        if let Some((message, help)) = allowed::address(address) {
            found.add(ProblemKind::WrongValue, at, &message, &help);
            continue;
        }
        if let Some(other) = addresses.iter().find(|other| overlap(**other, address)) {
            let message = format!("{address} cannot be listened on beside {other}");
            let help = "keep one of the two; an unspecified address takes its port everywhere";
            found.add(ProblemKind::Conflict, at, &message, help);
            continue;
        }
        addresses.push(address);
    }
    addresses
}

/// What was probably meant by something that is no address with a port.
fn mend(text: &str) -> String {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port: u16 = port.parse().unwrap_or(8080);
    match host {
        "" | "localhost" => format!("write \"127.0.0.1:{port}\" for this machine alone"),
        "*" => format!("write \"0.0.0.0:{port}\" and \"[::]:{port}\" for every address"),
        _ if text.parse::<std::net::Ipv4Addr>().is_ok() => format!("add a port: \"{text}:8080\""),
        _ if text.parse::<std::net::Ipv6Addr>().is_ok() => format!("add a port: \"[{text}]:8080\""),
        _ => HELP.to_owned(),
    }
}

/// Blocks of addresses; `None` where a problem was noted.
pub(super) fn blocks(field: &Field<'_>, found: &mut Found<'_>) -> Option<Vec<Cidr>> {
    let help = format!("write {} = [\"10.0.0.0/8\", \"::1/128\"]", field.name);
    let texts = field.texts(found, &help)?;
    let count = texts.len();
    if count > ADDRESSES {
        let message = format!("`{}` takes at most {ADDRESSES} blocks", field.name);
        field.wrong(found, &message, "join them into larger blocks");
        return None;
    }
    let mut blocks = Vec::new();
    for (text, at) in texts {
        if let Ok(block) = text.parse::<Cidr>() {
            blocks.push(block);
        } else {
            let message = format!("{} is not a block of IP addresses", quoted(text));
            found.add(ProblemKind::WrongValue, at, &message, &help);
        }
    }
    (blocks.len() == count).then_some(blocks)
}
