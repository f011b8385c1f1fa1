//! Who the client is: the TCP peer, or what trusted proxies say of it.
//!
//! Responsible for the one rule that nobody can claim an address through a field that a
//! trusted proxy did not write.

use std::net::IpAddr;

use super::Listener;

impl Listener {
    /// Says whether the peer's `X-Forwarded-*` fields are believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|block| block.contains(peer))
    }

    /// Finds the client's address: the last one in the chain that is no trusted proxy.
    ///
    /// `forwarded` is the value of `X-Forwarded-For`, all lines joined with commas. An entry
    /// that is no address ends the search, since nothing to its left can be believed.
    pub fn client_ip(&self, peer: IpAddr, forwarded: &str) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut chain = forwarded.rsplit(',').map(str::trim);
        while self.trusts(client) {
            let Some(entry) = chain.next() else { break };
            let Some(address) = address_of(entry) else {
                break;
            };
            client = address.to_canonical();
        }
        client
    }
}

/// Reads an entry of the chain, which some proxies write with a port.
fn address_of(entry: &str) -> Option<IpAddr> {
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(address) = entry.parse::<std::net::SocketAddr>() {
        return Some(address.ip());
    }
    entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}
