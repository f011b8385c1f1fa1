//! What makes a step as powerful as root on the host: only where the operator's file grants it, and
//! then it is told.

use pilothouse_core::run::{RunPhase, RunResult};

use super::super::attach::terminal::{Setup, Terminal};
use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::image::Base;
use super::project;

/// One kind of power: its key in both files, what a step prints that has it or has not, and how
/// the three places that tell of it name it.
struct Power {
    key: &'static str,
    probe: &'static str,
    has: &'static str,
    has_not: &'static str,
    in_log: &'static str,
    on_screen: &'static str,
    refused: &'static str,
    /// What Docker says of it where this machine itself lacks what is asked for.
    beyond: Option<&'static str>,
}

#[test]
fn a_step_is_privileged_only_where_it_is_granted_and_it_is_told() {
    is_given(&Power {
        key: "privileged",
        // The devices of the host are there, or only a container's own.
        probe: "test -e /dev/kmsg && echo its devices || echo no devices",
        has: "its devices",
        has_not: "no devices",
        in_log: "a privileged container",
        on_screen: "privileged containers",
        refused: "a privileged container",
        beyond: (!is_whole()).then_some("unable to apply caps"),
    });
}

#[test]
fn a_step_has_dockers_socket_only_where_it_is_granted_and_it_is_told() {
    is_given(&Power {
        key: "docker_socket",
        // It is there, and who is not root may open it.
        probe: "s=/var/run/docker.sock; test -S $s && busybox id -G | \
                busybox grep -qw $(busybox stat -c %g $s) && echo its socket || echo no socket",
        has: "its socket",
        has_not: "no socket",
        in_log: "Docker's socket",
        on_screen: "Docker's socket",
        refused: "the Docker socket",
        beyond: None,
    });
}

/// Whether root has all of its powers here. In a machine that is boxed in itself it lacks some, and
/// no container gets them (capabilities(7)).
fn is_whole() -> bool {
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let last: u32 = read("/proc/sys/kernel/cap_last_cap").trim().parse().unwrap();
    let status = read("/proc/self/status");
    let bound = status.lines().find_map(|line| line.strip_prefix("CapBnd:")).unwrap();
    u64::from_str_radix(bound.trim(), 16).unwrap() == (1 << (last + 1)) - 1
}

/// A pipeline with a stage that asks for nothing and one that asks for a power.
fn pipeline(image: &str, key: &str, probe: &str) -> String {
    format!(
        "image = \"{image}\"\nartifact = \"out\"\n\
         [[stage]]\nname = \"plain\"\n\
         run = \"mkdir out; grep NoNewPrivs /proc/self/status; {probe}\"\n\
         [[stage]]\nname = \"mighty\"\n{key} = true\nrun = \"{probe}\"\n\
         [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
    )
}

/// Applies the operator's file as a person does, who is told what it grants.
fn apply_and_be_told(stage: &Stage, repository: &Repository, power: &Power) {
    let (key, what) = (power.key, power.on_screen);
    let text = project(stage, repository, &format!("[docker]\n{key} = true\n"));
    let file = stage.path("shop.toml");
    std::fs::write(&file, text.replace("\"auto\"", "\"manual\"")).unwrap();
    let said = stage.binary().args(["apply", "--yes"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    let told = format!("its steps may have {what}: whoever can push can become root");
    assert!(said.contains(&told), "{said}");
}

fn is_given(power: &Power) {
    let base = Base::make(power.key);
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let (image, Power { key, probe, .. }) = (base.name(), power);
    repository.write("pilothouse.toml", &pipeline(image, key, probe));
    repository.commit_all("asks for power");
    let apply = |grant: &str| {
        let text = project(&stage, &repository, grant).replace("\"auto\"", "\"manual\"");
        stage.apply(&text);
    };
    let ended = |number: u64| {
        let state = stage.wait("the run has ended", |state| {
            state.last_run.0 == number && state.live_runs.is_empty()
        });
        let RunPhase::Ended { result, .. } = &state.runs.values().next_back().unwrap().phase else {
            panic!("it has not ended")
        };
        result.clone()
    };
    apply_and_be_told(&stage, &repository, power);
    let result = ended(1);
    let log = |step: &str| {
        let log = stage.binary().args(["logs", "1", "--step", step]).output().unwrap();
        String::from_utf8_lossy(&log.stdout).into_owned()
    };
    let (plain, mighty) = (log("plain"), log("mighty"));
    let note = format!(
        "── note: this step has {}, as the operator's file grants it: it can become root here",
        power.in_log
    );
    let says = |log: &str, text: &str| log.lines().any(|line| line == text);
    assert!(says(&mighty, &note), "{mighty}");
    match (&result, power.beyond) {
        (RunResult::Succeeded { .. }, None) => assert!(says(&mighty, power.has), "{mighty}"),
        // It was asked for.
        (RunResult::Failed { why, .. }, Some(said)) => assert!(why.contains(said), "{why}"),
        _ => panic!("{result:?}: {plain}{mighty}"),
    }
    // No program of the image that is root's makes a step root.
    let is_held = |line: &str| line.starts_with("NoNewPrivs:") && line.ends_with('1');
    assert!(plain.lines().any(is_held), "{plain}");
    assert!(says(&plain, power.has_not) && !plain.contains("become root"), "{plain}");

    let setup = Setup { size: (140, 44), ..Setup::default() };
    let places = [stage.state_dir(), stage.path("config")];
    let mut terminal = Terminal::start_in(&stage.path("home"), places, &setup);
    terminal.sees("2 Job queue");
    terminal.press("2\r");
    let warning = "whoever can push can become root here";
    terminal.sees(&format!("steps may have {}: {warning}", power.on_screen));

    // Without the grant it is refused, with what would grant it, and the line is gone.
    apply("");
    let again = stage.binary().args(["run", "main"]).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let RunResult::Failed { why, .. } = ended(2) else { panic!("it has not failed") };
    let sentence = format!(
        "the pipeline asks for {}, which the operator's file does not grant: write {key} = true \
         into its [docker] and apply it, if whoever can push may have that",
        power.refused
    );
    assert!(why.starts_with("mighty ") && why.contains(&sentence), "{why}");
    terminal.sees_no(warning);
    terminal.press("qqq");
    terminal.ends();
    stage.end();
}
