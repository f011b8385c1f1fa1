//! Proves which processes answer at an address.
//!
//! A health check that gets an answer has not proved who answered: a port may have
//! been taken by a stranger. The kernel's socket tables name the listening sockets,
//! and the descriptors of a unit's processes name theirs; where they meet, the unit
//! owns the address. Source: proc(5), `/proc/net/tcp`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::find::Handle;
use crate::proc::is_gone;
use crate::proc::tree::{all_processes, descendants};

/// The state of a listening socket in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// Who accepts connections at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketOwner {
    /// The unit's own processes, and nobody else.
    Unit,
    /// A process that is not of the unit, alone or together with the unit.
    Stranger,
    /// Nobody.
    Nobody,
}

/// Whether every socket that accepts connections at the address is the unit's.
pub fn owns_socket(handle: &Handle, address: SocketAddr) -> io::Result<bool> {
    Ok(socket_owner(handle, address)? == SocketOwner::Unit)
}

/// Finds out who accepts connections at an address of this network namespace.
///
/// A socket bound to the address itself goes before one bound to every address, as
/// in the kernel. Sockets that share a port (`SO_REUSEPORT`) must all be the unit's,
/// because the kernel picks one of them at will.
pub fn socket_owner(handle: &Handle, address: SocketAddr) -> io::Result<SocketOwner> {
    let accepting = accepting_sockets(address)?;
    if accepting.is_empty() {
        return Ok(SocketOwner::Nobody);
    }
    let processes = all_processes()?;
    let supervisor = handle.supervisor;
    if processes.get(&supervisor.pid).is_none_or(|stat| stat.id() != supervisor) {
        return Ok(SocketOwner::Stranger);
    }
    let mut held = HashSet::new();
    for stat in descendants(&processes, &[supervisor.pid]) {
        match sockets_of(stat.pid, &mut held) {
            // A process that is gone or may not be looked into proves nothing.
            Err(error) if is_gone(&error) || error.kind() == io::ErrorKind::PermissionDenied => {}
            other => other?,
        }
    }
    let all = accepting.iter().all(|inode| held.contains(inode));
    Ok(if all { SocketOwner::Unit } else { SocketOwner::Stranger })
}

/// The inodes of the sockets that the kernel would choose from, most specific first.
fn accepting_sockets(address: SocketAddr) -> io::Result<Vec<u64>> {
    let mut listeners = Vec::new();
    for (path, required) in [("/proc/net/tcp", true), ("/proc/net/tcp6", false)] {
        match File::open(path) {
            Ok(file) => {
                for line in BufReader::new(file).lines().skip(1) {
                    listeners.extend(parse_listener(&line?));
                }
            }
            // A host may have no IPv6.
            Err(error) if !required && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(choose(&listeners, address))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listener {
    address: SocketAddr,
    inode: u64,
}

fn choose(listeners: &[Listener], address: SocketAddr) -> Vec<u64> {
    let same_port = listeners.iter().filter(|found| found.address.port() == address.port());
    let ranked: Vec<(u8, u64)> = same_port
        .filter_map(|found| Some((rank(found.address.ip(), address.ip())?, found.inode)))
        .collect();
    let best = ranked.iter().map(|&(rank, _)| rank).min();
    ranked.iter().filter(|&&(rank, _)| Some(rank) == best).map(|&(_, inode)| inode).collect()
}

/// How specifically a bound address matches a destination, 0 the most.
fn rank(bound: IpAddr, destination: IpAddr) -> Option<u8> {
    let destination = destination.to_canonical();
    if bound.to_canonical() == destination {
        return Some(0);
    }
    match (bound, destination) {
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(_))
        | (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(_)) => Some(1),
        // It may accept IPv4 as well; the table does not say. If an IPv4 wildcard
        // exists beside it, that one gets the connection.
        (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(_)) => Some(2),
        _ => None,
    }
}

/// Parses a line of the table, if it is a listening socket's.
fn parse_listener(line: &str) -> Option<Listener> {
    let mut fields = line.split_ascii_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?.parse().ok()?;
    if state != LISTEN {
        return None;
    }
    let port = u16::from_str_radix(port, 16).ok()?;
    // Each group of eight digits is a u32 in the host's byte order.
    let words: Option<Vec<[u8; 4]>> = address
        .as_bytes()
        .chunks(8)
        .map(|word| {
            let word = std::str::from_utf8(word).ok()?;
            Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
        })
        .collect();
    let ip = match words?.as_slice() {
        [word] => IpAddr::from(*word),
        [a, b, c, d] => {
            let mut bytes = [0; 16];
            for (to, from) in bytes.iter_mut().zip([a, b, c, d].into_iter().flatten()) {
                *to = *from;
            }
            IpAddr::from(bytes)
        }
        _ => return None,
    };
    Some(Listener { address: SocketAddr::new(ip, port), inode })
}

/// Adds the inodes of a process's sockets.
fn sockets_of(pid: i32, inodes: &mut HashSet<u64>) -> io::Result<()> {
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd"))? {
        let Ok(target) = std::fs::read_link(entry?.path()) else {
            continue;
        };
        let inode = target
            .to_str()
            .and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
        inodes.extend::<Option<u64>>(inode);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(address: &str, inode: u64) -> Listener {
        Listener { address: address.parse().unwrap(), inode }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn lines_of_the_kernel_are_parsed() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 424242 1 0 100 0 0 10 0";
        assert_eq!(parse_listener(line), Some(listener("127.0.0.1:8080", 424_242)));
        assert_eq!(parse_listener(&line.replace(" 0A ", " 01 ")), None, "not listening");
        let line = "   1: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7 1 0 100 0 0 10 0";
        assert_eq!(parse_listener(line), Some(listener("[::ffff:127.0.0.1]:8080", 7)));
        assert_eq!(parse_listener("  sl  local_address"), None);
    }

    #[test]
    fn the_most_specific_sockets_are_chosen() {
        let all = [
            listener("0.0.0.0:80", 1),
            listener("127.0.0.1:80", 2),
            listener("127.0.0.1:80", 3),
            listener("[::]:80", 4),
            listener("[::]:81", 5),
            listener("[::ffff:127.0.0.1]:82", 6),
            listener("127.0.0.2:83", 7),
        ];
        let check = |address: &str| choose(&all, address.parse().unwrap());
        assert_eq!(check("127.0.0.1:80"), [2, 3]);
        assert_eq!(check("127.0.0.9:80"), [1]);
        assert_eq!(check("[::1]:80"), [4]);
        assert_eq!(check("127.0.0.1:81"), [5]);
        assert_eq!(check("127.0.0.1:82"), [6]);
        assert_eq!(check("127.0.0.1:83"), [] as [u64; 0]);
    }
}
