//! Containers, beside the `docker` program on the same engine in the same run.
//!
//! The image is one static program, so that no registry is asked.

mod step;
mod watch;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use pilothouse_docker::{Docker, ImageFile};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::table::Row;

/// Measures a step, and the watch over many containers. Where no engine answers, the row says so.
pub fn measure() -> Outcome<Vec<Row>> {
    let base = match Base::make() {
        Ok(base) => base,
        Err(error) => {
            let row = Row::told("containers beside docker", "not here", "docker");
            return Ok(vec![row.note(format!("no Docker engine to measure with: {error}"))]);
        }
    };
    let mut rows = step::measure(&base)?;
    rows.extend(watch::measure(&base)?);
    Ok(rows)
}

/// The image that containers are made from; it goes with the measurement.
struct Base {
    runtime: Runtime,
    docker: Docker,
    name: String,
    /// What the engine and the `docker` program say of themselves.
    versions: String,
}

impl Base {
    fn make() -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let name = format!("pilothouse-bench-{}:base", std::process::id());
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].map(PathBuf::from);
        let source = busybox.into_iter().find(|path| path.is_file());
        let source = source.ok_or("there is no busybox: install busybox-static")?;
        let files = ["busybox", "sh", "true"].map(|program| ImageFile {
            source: source.clone(),
            target: PathBuf::from("/bin").join(program),
        });
        let (docker, facts) = runtime.block_on(async {
            let docker = Docker::local()?.ready().await?;
            let facts = docker.facts().await?;
            docker.import(&name, files.to_vec()).await?;
            Ok::<_, pilothouse_docker::Error>((docker, facts))
        })?;
        let client = docker_program(&["version", "--format", "{{.Client.Version}}"])?;
        let versions = format!("Docker {}, its program {client}", facts.version);
        Ok(Self { runtime, docker, name, versions })
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        // What stays behind is a small image under a name that nobody else uses.
        let _ = self.runtime.block_on(self.docker.remove_image(&self.name));
    }
}

/// Runs the `docker` program to its end; what it prints.
fn docker_program(arguments: &[&str]) -> Outcome<String> {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("docker {}: {}", arguments.join(" "), said.trim()).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
