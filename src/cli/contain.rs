//! `pilothouse contain FILE` and `pilothouse build-image FILE`: own one container, or build one
//! image. Started by a supervisor, which keeps what they print and ends them.

use std::ffi::OsString;
use std::process::ExitCode;

use pilothouse_docker::{BuildSpec, Contained, ContainerSpec};
use serde::de::DeserializeOwned;

/// Owns the container that a file describes, from beginning to end.
pub fn contain(arguments: &[OsString]) -> ExitCode {
    with("contain", arguments, async |spec: ContainerSpec| {
        let values = spec.secrets.iter().filter_map(|name| std::env::var(name).ok());
        let values: Vec<String> = values.collect();
        let hide =
            |text: &str| pilothouse_supervisor::hide(text, values.iter().map(String::as_str));
        let Contained::Status(status) = pilothouse_docker::contain(&spec, &hide).await;
        ExitCode::from(status)
    })
}

/// Builds the image that a file describes.
pub fn build_image(arguments: &[OsString]) -> ExitCode {
    with("build-image", arguments, async |spec: BuildSpec| {
        match pilothouse_docker::build(&spec).await {
            Ok(_) => ExitCode::SUCCESS,
            // It said why.
            Err(_) => ExitCode::FAILURE,
        }
    })
}

fn with<T: DeserializeOwned>(
    verb: &str,
    arguments: &[OsString],
    work: impl AsyncFnOnce(T) -> ExitCode,
) -> ExitCode {
    let wrong = |why: &dyn std::fmt::Display| {
        crate::out::error(&format!("pilothouse: {verb}: {why}"));
        ExitCode::from(2)
    };
    let [file] = arguments else {
        return wrong(&"takes one file; the engine starts it");
    };
    let spec = match std::fs::read(file).map(|bytes| serde_json::from_slice::<T>(&bytes)) {
        Ok(Ok(spec)) => spec,
        Ok(Err(error)) => return wrong(&error),
        Err(error) => return wrong(&error),
    };
    // One thread is enough to wait for one container.
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work(spec)),
        Err(error) => wrong(&error),
    }
}
