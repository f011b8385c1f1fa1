//! What listens in a container's network, read from the kernel (proc(5), `net/tcp`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The state of a socket that listens, as the kernel writes it.
const LISTEN: &str = "0A";

/// Whether what listens on a port in the network of the process with this number is reached from
/// within alone: on an address of loopback, and on no other.
pub fn is_on_loopback_alone(pid: i32, port: u16) -> bool {
    let tables = ["tcp", "tcp6"].map(|table| {
        std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default()
    });
    let mut on = tables.iter().flat_map(|table| table.lines()).filter_map(|line| of(line, port));
    // None at all is another mistake.
    let Some(first) = on.next() else { return false };
    is_within(first) && on.all(is_within)
}

/// The address that a line says somebody listens on at a port, if it does.
fn of(line: &str, port: u16) -> Option<IpAddr> {
    let mut words = line.split_whitespace();
    let (address, at) = words.nth(1)?.split_once(':')?;
    let listens = words.nth(1)? == LISTEN && u16::from_str_radix(at, 16).ok()? == port;
    listens.then(|| read(address))?
}

/// Reads an address: words of 32 bits, each as the machine has it.
fn read(text: &str) -> Option<IpAddr> {
    let word = |place: usize| {
        let word = text.get(place * 8..place * 8 + 8)?;
        u32::from_str_radix(word, 16).ok().map(u32::to_ne_bytes)
    };
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for (place, four) in bytes.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word(place)?);
            }
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

fn is_within(address: IpAddr) -> bool {
    address.is_loopback()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn what_listens_on_loopback_alone_is_told_from_what_listens_elsewhere() {
        let own = i32::try_from(std::process::id()).unwrap();
        let within = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = within.local_addr().unwrap().port();
        assert!(is_on_loopback_alone(own, port));
        drop(within);
        let all = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        assert!(!is_on_loopback_alone(own, all.local_addr().unwrap().port()));
        assert!(!is_on_loopback_alone(i32::MAX, port));
    }

    #[test]
    fn addresses_are_read_as_the_kernel_writes_them() {
        // Each word as this machine has it.
        let hex = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
        let zero = hex([0; 4]);
        let line = |address: &str, state: &str| {
            format!("   0: {address}:1F40 {zero}:0000 {state} 00000000:00000000 00:00000000")
        };
        let v6 = |last: [u8; 4], third: [u8; 4]| format!("{zero}{zero}{}{}", hex(third), hex(last));
        for (address, within) in [
            (hex([127, 0, 0, 1]), true),
            (zero.clone(), false),
            (hex([172, 17, 0, 2]), false),
            (v6([0, 0, 0, 1], [0; 4]), true),
            (v6([127, 0, 0, 1], [0, 0, 0xff, 0xff]), true),
            (v6([0; 4], [0; 4]), false),
        ] {
            assert_eq!(of(&line(&address, "0A"), 8000).map(is_within), Some(within), "{address}");
            assert_eq!(of(&line(&address, "01"), 8000), None, "it does not listen");
            assert_eq!(of(&line(&address, "0A"), 8001), None, "another port");
        }
        assert_eq!(of("  sl  local_address rem_address   st tx_queue rx_queue", 8000), None);
    }
}
