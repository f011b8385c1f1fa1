//! The sizes that a Fargate task can have.
//!
//! Source: AWS, "Fargate task definition parameters", task CPU and memory
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>).

use super::{Quantity, Shape};

/// A row of AWS's table: thousandths of a vCPU, and the least, the most and the step of GiB.
const SIZES: [(u32, u32, u32, u32); 6] = [
    (500, 1, 4, 1),
    (1000, 2, 8, 1),
    (2000, 4, 16, 1),
    (4000, 8, 30, 1),
    (8000, 16, 60, 4),
    (16_000, 32, 120, 8),
];

/// A task's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// vCPUs.
    pub(super) vcpu: Quantity,
    /// GiB of memory, which AWS bills as GB.
    pub(super) memory: Quantity,
}

/// The smallest task that holds one instance.
pub(super) fn smallest(shape: Shape) -> Option<Task> {
    let task = |vcpu: u32, memory: u32| Task {
        vcpu: Quantity(u64::from(vcpu)),
        memory: Quantity(u64::from(memory)),
    };
    if shape.vcpu_milli <= 250 && shape.memory_mib <= 2048 {
        // The smallest vCPU alone has half a GiB, and 1 and 2.
        let memory = match shape.memory_mib {
            0..=512 => 500,
            513..=1024 => 1000,
            _ => 2000,
        };
        return Some(task(250, memory));
    }
    let needed = shape.memory_mib.div_ceil(1024);
    SIZES.into_iter().find(|(vcpu, _, most, _)| *vcpu >= shape.vcpu_milli && *most >= needed).map(
        |(vcpu, least, _, step)| {
            let steps = needed.saturating_sub(least).div_ceil(step);
            task(vcpu, (least + steps * step) * 1000)
        },
    )
}
