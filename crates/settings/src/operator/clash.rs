//! What two projects may not share.
//!
//! Responsible for contradictions between files that are each valid by themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use pilothouse_core::id::ProjectName;
use pilothouse_core::spec::ProjectSpec;

/// A domain that two projects claim at one address: requests would reach only the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The domain.
    pub domain: String,
    /// Where both listen.
    pub address: SocketAddr,
    /// The project that has the domain.
    pub first: ProjectName,
    /// The project that wants it too.
    pub second: ProjectName,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, address, first, second } = self;
        write!(
            f,
            "{domain} at {address} reaches {first} already, and {second} wants it too; give \
             {second} another domain or another address to listen on"
        )
    }
}

/// Finds every domain that two projects claim, each pair of projects and domain once.
pub fn clashes<'a>(specs: impl IntoIterator<Item = &'a ProjectSpec>) -> Vec<Clash> {
    let mut owners: BTreeMap<(SocketAddr, &str), &ProjectName> = BTreeMap::new();
    let mut found: Vec<Clash> = Vec::new();
    for spec in specs {
        for address in &spec.load_balancer.listen {
            for domain in spec.environments.iter().filter_map(|e| e.domain.as_deref()) {
                let owner = *owners.entry((*address, domain)).or_insert(&spec.name);
                let is_known = |clash: &Clash| {
                    clash.domain == domain && clash.second == spec.name && clash.first == *owner
                };
                if *owner != spec.name && !found.iter().any(is_known) {
                    found.push(Clash {
                        domain: domain.to_owned(),
                        address: *address,
                        first: owner.clone(),
                        second: spec.name.clone(),
                    });
                }
            }
        }
    }
    found
}
