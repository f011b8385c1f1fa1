//! The EC2 types that have prices, and what they hold.
//!
//! Source: AWS, "Amazon EC2 instance types" (<https://aws.amazon.com/ec2/instance-types/>).

use super::{NanoUsd, Price, Region, Shape, price};

/// What a host's own system keeps of its memory: an assumption, said beside each amount.
pub(super) const SYSTEM_MIB: u32 = 256;

/// What a processor understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Architecture {
    /// Intel and AMD.
    X86,
    /// AWS Graviton.
    Arm,
}

/// A type: its name, vCPUs, MiB of memory, and architecture.
type Type = (&'static str, u32, u32, Architecture);

const TYPES: [Type; 18] = [
    ("t3.nano", 2, 512, Architecture::X86),
    ("t3.micro", 2, 1024, Architecture::X86),
    ("t3.small", 2, 2048, Architecture::X86),
    ("t3.medium", 2, 4096, Architecture::X86),
    ("t3.large", 2, 8192, Architecture::X86),
    ("t3.xlarge", 4, 16_384, Architecture::X86),
    ("t4g.micro", 2, 1024, Architecture::Arm),
    ("t4g.small", 2, 2048, Architecture::Arm),
    ("t4g.medium", 2, 4096, Architecture::Arm),
    ("c6i.large", 2, 4096, Architecture::X86),
    ("c7g.large", 2, 4096, Architecture::Arm),
    ("c7i.large", 2, 4096, Architecture::X86),
    ("m5.large", 2, 8192, Architecture::X86),
    ("m6i.large", 2, 8192, Architecture::X86),
    ("m7g.large", 2, 8192, Architecture::Arm),
    ("m7i.large", 2, 8192, Architecture::X86),
    ("m8g.large", 2, 8192, Architecture::Arm),
    ("r6i.large", 2, 16_384, Architecture::X86),
];

/// The cheapest type with a price that holds one instance beside its own system.
pub(super) fn cheapest(
    region: Region,
    architecture: Architecture,
    shape: Shape,
) -> Option<(&'static str, Price)> {
    let memory = shape.memory_mib.saturating_add(SYSTEM_MIB);
    TYPES
        .into_iter()
        .filter(|(_, vcpu, mib, kind)| {
            *kind == architecture && vcpu * 1000 >= shape.vcpu_milli && *mib >= memory
        })
        .filter_map(|(name, ..)| Some((name, price(region, &format!("BoxUsage:{name}"))?)))
        .min_by_key(|(_, price): &(_, Price)| -> NanoUsd { price.usd })
}
