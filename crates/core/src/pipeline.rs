//! What a run does, in order, and how the service that comes out of it is run.
//!
//! A pipeline belongs to the commit being built: it is read from the commit's own tree and can
//! say how to build and run, never where an environment lives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::artifact::ArtifactKind;
use crate::container::{Container, ImageBuild};
use crate::time::Millis;

/// What a run does, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The stages, run one after the other.
    pub stages: Vec<Stage>,
    /// Paths inside the workspace that make up the artifact; `.` is the whole tree without `.git`.
    pub artifact: Vec<String>,
    /// The image that is the artifact instead, built by the last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageBuild>,
    /// How one instance of the service is run from the artifact.
    pub service: Service,
}

/// A named part of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The name people see.
    pub name: String,
    /// The steps, run one after the other.
    pub steps: Vec<Step>,
}

/// One process that a run starts, and the descendants that it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The name people see.
    pub name: String,
    /// What is started.
    pub run: StepRun,
    /// What it runs in; none means on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// How long it may take before it is ended.
    pub timeout: Millis,
    /// Variables it gets beside those every step gets.
    pub env: BTreeMap<String, String>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepRun {
    /// A script in a file, see [`script_argv`].
    Script(String),
    /// A program and its arguments, passed as they are.
    Argv(Vec<String>),
    /// Builds an image from the workspace.
    Image(ImageBuild),
}

/// What an instance's process is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// A script in a file, see [`script_argv`].
    Script(String),
    /// A program and its arguments, passed as they are.
    Argv(Vec<String>),
    /// What the image says. Only where the artifact is an image.
    Image,
}

/// How a script is run that stands in a file: by the interpreter that its first line names, as in
/// `#!/usr/bin/env python3`, otherwise by `/bin/sh -e`.
///
/// A `#!` is taken apart as execve(2) does, into a program and at most one argument. The file need
/// not be executable then, nor be on a file system that lets its files be executed.
pub fn script_argv(script: &str, path: &str) -> Vec<String> {
    let blank = [' ', '\t'];
    let first = script.strip_prefix("#!").and_then(|rest| rest.split('\n').next());
    let named = first.map(|line| line.trim_matches(blank)).filter(|line| !line.is_empty());
    let (program, argument) = match named.map(|line| line.split_once(blank).unwrap_or((line, ""))) {
        Some((program, argument)) => (program, argument.trim_matches(blank)),
        None => ("/bin/sh", "-e"),
    };
    let words = [program, argument, path].into_iter().filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// How one instance of the service is run, checked and stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What is started, in the unpacked artifact. It gets `PORT`, `PILOTHOUSE_RELEASE`,
    /// `PILOTHOUSE_ENVIRONMENT` and `PILOTHOUSE_INSTANCE` and must listen on `127.0.0.1:$PORT`, in
    /// a container on `0.0.0.0:$PORT`.
    pub run: Run,
    /// The image that it runs in where instances are containers and the artifact is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The port it listens on in a container, which is then `PORT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Variables it gets beside those.
    pub env: BTreeMap<String, String>,
    /// How its health is checked.
    pub health: Health,
    /// How it is stopped.
    pub stop: Stop,
}

/// How an instance's health is checked; the words and their meaning are an ALB target group's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The path that is asked for.
    pub path: String,
    /// Whether the image's own check decides, and any answer by HTTP will do.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_image: bool,
    /// Time between two checks.
    pub interval: Millis,
    /// Time after which a check has failed.
    pub timeout: Millis,
    /// Passes in a row that make an unhealthy target healthy.
    pub healthy_threshold: u32,
    /// Failures in a row that make a healthy target unhealthy.
    pub unhealthy_threshold: u32,
    /// The lowest and highest status that pass.
    pub matcher: (u16, u16),
    /// How long a new instance has until its first pass.
    pub start_deadline: Millis,
    /// How long it must stay healthy before traffic moves to it.
    pub min_healthy_time: Millis,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            by_image: false,
            interval: Millis::seconds(5),
            timeout: Millis::seconds(2),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            matcher: (200, 399),
            start_deadline: Millis::seconds(60),
            min_healthy_time: Millis(0),
        }
    }
}

impl Health {
    /// The longest that one which has turned bad may go on to count as healthy.
    pub fn time_to_notice(&self) -> Millis {
        let check = self.interval.0.saturating_add(self.timeout.0);
        Millis(check.saturating_mul(u64::from(self.unhealthy_threshold)))
    }
}

/// How an instance is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The signal that asks it to end, by its name without `SIG`.
    pub signal: String,
    /// How long it has before it is killed.
    pub grace: Millis,
}

impl Default for Stop {
    fn default() -> Self {
        Self { signal: "TERM".to_owned(), grace: Millis::seconds(10) }
    }
}

impl Pipeline {
    /// What its artifact is.
    pub fn kind(&self) -> ArtifactKind {
        if self.image.is_some() { ArtifactKind::Image } else { ArtifactKind::Tree }
    }

    /// The images that steps build, and which step each.
    pub fn built(&self) -> impl Iterator<Item = (ImageBuild, u32)> {
        self.steps().zip(0..).filter_map(|((_, step), index)| match &step.run {
            StepRun::Image(build) => Some((build.clone(), index)),
            StepRun::Script(_) | StepRun::Argv(_) => None,
        })
    }

    /// The step that builds the image which is the artifact: the last that builds it.
    pub fn image_step(&self) -> Option<u32> {
        let wanted = self.image.as_ref()?;
        self.built().filter(|(build, _)| build == wanted).map(|(_, index)| index).last()
    }

    /// All steps with their stage's name, in the order in which they run.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &Step)> {
        self.stages
            .iter()
            .flat_map(|stage| stage.steps.iter().map(move |step| (stage.name.as_str(), step)))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it skips by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::script_argv;

    #[test]
    fn a_script_is_run_by_what_its_first_line_names() {
        for (script, wanted) in [
            ("make\n", "/bin/sh -e s"),
            ("\n#!/bin/bash\n", "/bin/sh -e s"),
            ("#!\nmake", "/bin/sh -e s"),
            ("#!/bin/bash\nmake", "/bin/bash s"),
            ("#! /usr/bin/env \tpython3 \nprint()", "/usr/bin/env python3 s"),
            ("#!/bin/sh -x -e", "/bin/sh -x -e s"),
        ] {
            assert_eq!(script_argv(script, "s").join(" "), wanted, "{script:?}");
        }
        assert_eq!(script_argv("#!/bin/sh -x -e", "s").len(), 3);
    }
}
