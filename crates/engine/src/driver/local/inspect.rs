//! What the system says of an instance, for whoever looks.

use std::path::Path;

use pilothouse_api::inspection::{Inspection, ProcessFacts, ProcessLine};
use pilothouse_core::effect::Fault;
use pilothouse_core::id::InstanceId;
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;
use pilothouse_supervisor::{Handle, MainExit, Process, Status, processes, spec_of};

use super::super::{blocking, docker};
use super::{Local, alive, unit_of};

/// Characters of one text that are told at most, and of entries of one list.
const TEXT: usize = 300;
const ENTRIES: usize = 100;

impl Local {
    /// Looks at an instance closely; none where nothing of it runs.
    pub async fn inspect(&self, id: &InstanceId) -> Result<Option<Inspection>, Fault> {
        let home = self.places.instance(id);
        let unit = unit_of(&home);
        let Some((handle, status)) = alive(&unit)? else { return Ok(None) };
        if docker::is_container(&home) {
            let found = self.docker.inspect(id, &unit).await?;
            return Ok(found.map(|mut facts| {
                facts.restarts = facts.restarts.saturating_add(status.restarts);
                Inspection::Container(Box::new(facts))
            }));
        }
        let facts = blocking("looking at the instance", move || facts(&handle, &status)).await?;
        Ok(Some(Inspection::Process(Box::new(facts))))
    }
}

fn facts(handle: &Handle, status: &Status) -> Result<ProcessFacts, Fault> {
    let failed = |error: std::io::Error| {
        Fault::transient(format!("cannot look at {}: {error}", handle.dir.display()))
    };
    let text = |text: &str| printable(text, TEXT);
    let spec = spec_of(&handle.dir).map_err(failed)?;
    let all = processes(handle).map_err(failed)?;
    let shown: Vec<ProcessLine> = all.iter().take(ENTRIES).map(line).collect();
    let main = status.main.map(|main| main.pid);
    Ok(ProcessFacts {
        pid: main,
        supervisor: handle.supervisor.pid,
        started: status.main_started_ms.map(Timestamp),
        restarts: status.restarts,
        last_exit: status.last_exit.map(sentence),
        argv: spec.argv.iter().take(ENTRIES).map(|word| text(word)).collect(),
        dir: text(&spec.dir.display().to_string()),
        env: spec.env.keys().take(ENTRIES).map(|name| text(name)).collect(),
        cgroup: main.and_then(cgroup).map(|path| text(&path)),
        more: u32::try_from(all.len() - shown.len()).unwrap_or(u32::MAX),
        processes: shown,
    })
}

fn line(process: &Process) -> ProcessLine {
    ProcessLine {
        pid: process.pid,
        parent: process.parent,
        name: printable(&process.name, TEXT),
        memory: process.resident_bytes,
    }
}

fn sentence(exit: MainExit) -> String {
    match exit {
        MainExit::Code(code) => format!("it ended with status {code}"),
        MainExit::Signal(signal) => format!("it was ended by signal {signal}"),
        MainExit::NotStarted => "it could not be started".to_owned(),
    }
}

/// The control group of a process, in the hierarchy that has no controllers of its own or the
/// first that has.
fn cgroup(pid: i32) -> Option<String> {
    let path = Path::new("/proc").join(pid.to_string()).join("cgroup");
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with("0::")).or_else(|| text.lines().next())?;
    line.splitn(3, ':').nth(2).map(str::to_owned)
}
