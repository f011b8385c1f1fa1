//! Task definitions, each of which is read once: a revision never changes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{CpuArchitecture, OsFamily, TaskDefinition};
use pilothouse_core::aws::seen::Takes;
use pilothouse_core::aws::{Trouble, policy};

use super::number;
use crate::failure::trouble;
use crate::{Count, text, told};

/// Task definitions that are kept.
const MOST: usize = 500;

/// Task definitions that were read, by ARN.
#[derive(Default)]
pub(crate) struct Definitions(Mutex<HashMap<String, Definition>>);

/// What is known of a task definition.
#[derive(Clone)]
pub(super) struct Definition {
    /// The images of its containers.
    pub(super) images: Vec<String>,
    /// What a task of it takes; what that runs on it does not say.
    pub(super) takes: Takes,
}

impl Definitions {
    /// A task definition, which is asked for where it is not known.
    pub(super) async fn one(
        &self,
        client: &Client,
        count: &Count,
        arn: &str,
    ) -> Result<Definition, Trouble> {
        let action = policy::DESCRIBE_TASK_DEFINITION;
        if let Some(known) = self.get(arn) {
            return Ok(known);
        }
        count.request();
        let answer = client.describe_task_definition().task_definition(arn).send().await;
        let answer = answer.map_err(|error| trouble(action, &error))?;
        let read = read(told(action, answer.task_definition())?);
        self.put(arn, read.clone());
        Ok(read)
    }

    fn get(&self, arn: &str) -> Option<Definition> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(arn).cloned()
    }

    fn put(&self, arn: &str, definition: Definition) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(arn.to_owned(), definition);
    }
}

fn read(one: &TaskDefinition) -> Definition {
    let platform = one.runtime_platform();
    let architecture = platform.and_then(|platform| platform.cpu_architecture());
    let system = platform.and_then(|platform| platform.operating_system_family());
    let system = system.filter(|system| **system != OsFamily::Linux);
    Definition {
        images: one.container_definitions().iter().map(|one| text(one.image())).collect(),
        takes: Takes {
            on: Vec::new(),
            vcpu_milli: vcpu_milli(one.cpu()),
            memory_mib: one.memory().and_then(|mib| mib.parse().ok()),
            is_arm: architecture == Some(&CpuArchitecture::Arm64),
            system: system.map(|system| text(Some(system.as_str()))),
            disk_gib: one.ephemeral_storage().map(|disk| number(disk.size_in_gib())),
        },
    }
}

/// Thousandths of a vCPU of CPU units, of which a vCPU has 1024.
pub(super) fn vcpu_milli(units: Option<&str>) -> Option<u32> {
    let units: u32 = units?.parse().ok()?;
    Some(units.saturating_mul(1000) / 1024)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{EphemeralStorage, RuntimePlatform};

    use super::*;

    #[test]
    fn what_has_another_price_than_linux_and_its_disk_is_read() {
        let of = |system: OsFamily, gib: i32| {
            let platform = RuntimePlatform::builder().operating_system_family(system).build();
            let disk = EphemeralStorage::builder().size_in_gib(gib).build();
            let one = TaskDefinition::builder().runtime_platform(platform).ephemeral_storage(disk);
            let one = read(&one.build()).takes;
            (one.system, one.disk_gib)
        };
        assert_eq!(of(OsFamily::Linux, 21), (None, Some(21)));
        let windows = Some("WINDOWS_SERVER_2022_CORE".to_owned());
        assert_eq!(of(OsFamily::WindowsServer2022Core, 50), (windows, Some(50)));
        let plain = read(&TaskDefinition::builder().build()).takes;
        assert_eq!((plain.system, plain.disk_gib), (None, None));
    }
}
