//! Builds that go wrong.

use std::time::{Duration, Instant};

use pilothouse_api::types::LogQuery;
use pilothouse_core::command::Command;
use pilothouse_core::id::{CommitId, RunId};
use pilothouse_core::run::{RunPhase, RunResult, StepExit, StepPhase};
use pilothouse_core::state::State;
use pilothouse_core::time::Millis;

use super::super::stage::repository::Repository;
use super::super::stage::{Stage, processes, wait_until};

/// A stage whose project builds and never deploys.
fn stage() -> (Stage, Repository) {
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()).replace("auto", "manual"));
    ended(&stage, 1);
    (stage, repository)
}

#[track_caller]
fn ended(stage: &Stage, run: u64) -> (State, RunResult) {
    let state = stage.wait("the run has ended", |state| {
        state.runs.get(&RunId(run)).is_some_and(pilothouse_core::run::Run::is_ended)
    });
    let RunPhase::Ended { result, .. } = state.runs[&RunId(run)].phase.clone() else {
        panic!("it has not ended")
    };
    (state, result)
}

#[test]
fn a_build_that_hangs_is_cancelled_with_all_that_it_left() {
    let (stage, repository) = stage();
    let marks = stage.path("marks");
    std::fs::create_dir(&marks).unwrap();
    *repository.build.borrow_mut() = format!(
        "cd '{}'\n\
         sh -c 'echo $$ > child; exec sleep 1000' &\n\
         setsid sh -c '(setsid sh -c \"echo \\$\\$ > daemon; trap : TERM HUP INT; \
         while :; do sleep 1000; done\" &) & exit 0'\n\
         wait\nsleep 1000",
        marks.display()
    );
    repository.commit("v2");
    let is_there =
        |name: &str| std::fs::read_to_string(marks.join(name)).is_ok_and(|t| t.len() > 1);
    wait_until(
        || "the build has its processes".to_owned(),
        || is_there("child") && is_there("daemon"),
    );
    let daemon: u32 =
        std::fs::read_to_string(marks.join("daemon")).unwrap().trim().parse().unwrap();
    let is_alive = || processes::of(&stage.path("")).iter().any(|process| process.pid == daemon);
    assert!(is_alive(), "the daemon was never seen");
    stage.submit(Command::CancelRun { id: RunId(2) }).unwrap();
    let (_, result) = ended(&stage, 2);
    assert!(matches!(result, RunResult::Cancelled { .. }), "{result:?}");
    // The run has not ended before its last process has.
    assert!(!is_alive(), "the daemon outlived its run");
    let workspaces = stage.state_dir().join("runs").display().to_string();
    let left: Vec<_> = processes::of(&stage.path(""))
        .into_iter()
        .filter(|process| process.line.contains(&workspaces) || process.line.contains("sleep"))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    stage.end();
}

/// Whatever a step puts in the place of its unit's files, or takes away, keeps nobody waiting: it can be
/// cancelled with all that it started, and its log be asked for.
#[test]
fn a_step_that_meddles_with_its_units_files_can_be_cancelled() {
    let (stage, repository) = stage();
    let names = ["exit.json", "exit.json.tmp", "stop.json.tmp", "status.json", "log", "lock"];
    let replaced = names
        .iter()
        .flat_map(|name| ["mkfifo", "mkdir"].map(|how| format!("rm -rf {name}; {how} {name}")));
    let taken = [
        "rm lock",
        "rm lock status.json spec.json",
        "cd ..; rm -r 0",
        "cd ..; mv 0 moved; : > 0",
        "sed -i 's/\"start_time\":[0-9]*/\"start_time\":1/g' status.json",
    ];
    for (run, how) in (2..).zip(replaced.chain(taken.map(str::to_owned))) {
        let ready = stage.path(&format!("ready-{run}"));
        let at = ready.display();
        *repository.build.borrow_mut() =
            format!("cd ../steps/0\n{how}\n: > '{at}'\nexec sleep 1000");
        repository.commit(&how);
        wait_until(|| how.clone(), || ready.exists());
        let log = stage.binary().args(["logs", &run.to_string()]).output().unwrap();
        assert!(log.status.code().is_some_and(|code| code < 100), "{how}: {log:?}");
        stage.submit(Command::CancelRun { id: RunId(run) }).unwrap();
        let (_, result) = ended(&stage, run);
        assert!(matches!(result, RunResult::Cancelled { .. }), "{how}: {result:?}");
        let left = || processes::of(&stage.state_dir().join(format!("runs/{run}")));
        // The engine may still look at what it removes.
        wait_until(|| format!("{how}: {:?}", left()), || left().is_empty());
    }
    stage.end();
}

#[test]
fn a_step_that_takes_too_long_is_ended_and_an_invalid_pipeline_says_where() {
    let (stage, repository) = stage();
    *repository.build.borrow_mut() = "sleep 1000".to_owned();
    *repository.timeout.borrow_mut() = "300ms";
    repository.commit("v2");
    let (state, result) = ended(&stage, 2);
    assert!(matches!(result, RunResult::Failed { step: Some(0), .. }), "{result:?}");
    let step = &state.runs[&RunId(2)].steps[0];
    let StepPhase::Ended { exit, .. } = &step.phase else { panic!("{step:?}") };
    assert_eq!(*exit, StepExit::TimedOut);

    repository
        .write("pilothouse.toml", "artifact = \"dist\"\n[[stage]]\nname = \"a\"\nrum = \"x\"\n");
    repository.commit_all("a slip");
    let (_, result) = ended(&stage, 3);
    let RunResult::Failed { step: None, why } = result else { panic!("{result:?}") };
    assert!(why.contains("pilothouse.toml:4:1"), "no file, line and column: {why}");
    assert!(why.contains("did you mean `run`") || why.contains("\"run\""), "no advice: {why}");

    // A Jenkinsfile in its place is judged, where people look for what became of their branch.
    repository.git(&["rm", "-q", "pilothouse.toml"]);
    let jenkinsfile = "pipeline { agent any\nstages { stage('a') { steps { shipIt() } } } }\n";
    repository.write("Jenkinsfile", jenkinsfile);
    repository.commit_all("from Jenkins");
    let (_, result) = ended(&stage, 4);
    let RunResult::Failed { step: None, why } = result else { panic!("{result:?}") };
    let (first, rest) = why.split_once('\n').unwrap();
    assert_eq!(first, "no pilothouse.toml but a Jenkinsfile: level 5, needs shared libraries");
    for told in ["Jenkinsfile:2:31: step shipIt: needs a library", "pilothouse check"] {
        assert!(rest.contains(told), "{told:?} is not in {why}");
    }
    stage.end();
}

#[test]
fn a_script_is_read_by_the_interpreter_that_it_names() {
    let (stage, repository) = stage();
    let script = "#!/usr/bin/env python3\nimport sys\nassert len(sys.argv) == 1\n";
    repository.write(
        "pilothouse.toml",
        &format!("[[stage]]\nname = \"a\"\nrun = '''{script}'''\n[service]\nrun = \"true\"\n"),
    );
    repository.commit_all("in Python");
    let (_, result) = ended(&stage, 2);
    assert!(!matches!(result, RunResult::Failed { .. }), "{result:?}");
    stage.end();
}

/// What the engine says of the head of a branch.
#[track_caller]
fn verdict(stage: &Stage, branch: &str, commit: &str) -> Vec<String> {
    let state = stage.wait("the branch was seen", |state| {
        let seen = state.projects["shop"].branches.get(branch);
        seen.is_some_and(|seen| seen.head.id.as_str() == commit)
    });
    let seen = &state.projects["shop"].branches[branch];
    assert_eq!((seen.last_run, &seen.owed), (None, &None), "nothing runs of it");
    let project = "shop".into();
    stage.ask(async |client| client.verdict(&project, &seen.head.id).await).unwrap().lines
}

#[test]
fn a_jenkinsfile_is_judged_before_anything_of_its_branch_runs() {
    let (stage, repository) = stage();
    repository.git(&["switch", "-q", "-c", "from-jenkins"]);
    let jenkinsfile = "pipeline { agent any\nstages { stage('a') { steps { shipIt() } } } }\n";
    repository.write("Jenkinsfile", jenkinsfile);
    let beside = repository.commit_all("beside a pipeline of ours");
    repository.git(&["switch", "-q", "-c", "jenkins-alone"]);
    repository.git(&["rm", "-q", "pilothouse.toml"]);
    let alone = repository.commit_all("without one");
    repository.git(&["switch", "-q", "-c", "linked"]);
    std::fs::remove_file(repository.dir().join("Jenkinsfile")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repository.dir().join("Jenkinsfile")).unwrap();
    let linked = repository.commit_all("a link");
    repository.git(&["switch", "-q", "-c", "too-long", "jenkins-alone"]);
    repository.write("Jenkinsfile", &"// a line\n".repeat(200_000));
    let long = repository.commit_all("two megabytes");
    stage.look();
    let said = verdict(&stage, "jenkins-alone", &alone);
    assert_eq!(said[0], "no pilothouse.toml but a Jenkinsfile: level 5, needs shared libraries");
    assert!(said[2].starts_with("Jenkinsfile:2:31: step shipIt: needs a library"), "{said:?}");
    assert!(verdict(&stage, "from-jenkins", &beside).is_empty());
    assert!(verdict(&stage, "linked", &linked).is_empty());
    let said = verdict(&stage, "too-long", &long);
    assert!(said[0].contains("a Jenkinsfile of more than 256 KiB"), "{said:?}");
    // Only what a branch or a run is at can be asked for.
    let (project, commit) = ("shop".into(), CommitId::new("0".repeat(40)));
    let refused = stage.ask(async |client| client.verdict(&project, &commit).await).unwrap_err();
    assert!(refused.to_string().contains("has no branch at 0000"), "{refused}");
    stage.end();
}

#[test]
fn a_hundred_megabytes_of_output_take_no_memory_and_can_be_read() {
    let (stage, repository) = stage();
    // A hundred characters a line, a million lines, and a word at each end.
    *repository.build.borrow_mut() = "echo first\n\
        head -c 99000000 /dev/zero | tr '\\0' 'x' | fold -w 99\necho; echo last"
        .to_owned();
    *repository.timeout.borrow_mut() = "2m";
    repository.commit("v2");
    let most = std::cell::Cell::new(0);
    let began = Instant::now();
    wait_until(
        || "the loud build has ended".to_owned(),
        || {
            for process in processes::of(&stage.path("")) {
                if process.line.contains("supervise") && !process.line.contains("/instances/") {
                    most.set(most.get().max(processes::memory(process.pid).unwrap_or(0)));
                }
            }
            stage.state().runs.get(&RunId(2)).is_some_and(pilothouse_core::run::Run::is_ended)
        },
    );
    let took = began.elapsed();
    let (_, result) = ended(&stage, 2);
    assert!(matches!(result, RunResult::Succeeded { .. }), "{result:?}");
    assert!(most.get() > 0 && most.get() < 32 << 20, "its supervisor took {} bytes", most.get());
    let page = |query: LogQuery| {
        stage.ask(async move |client| client.run_log(RunId(2), None, &query).await).unwrap()
    };
    let head = page(LogQuery::default());
    assert_eq!(head.lines[0].text, "first");
    let tail = page(LogQuery { tail: Some(3), ..LogQuery::default() });
    assert_eq!(tail.lines.last().unwrap().text, "last");
    let on = LogQuery { after: Some(head.next), wait: Millis(0), ..LogQuery::default() };
    assert!(page(on).lines.iter().all(|line| line.text.len() == 99));
    let engine = processes::memory(stage.engine_pid()).unwrap();
    assert!(engine < 150 << 20, "the engine took {engine} bytes");
    println!("{} MB of supervisor, {} MB of engine, {took:?}", most.get() >> 20, engine >> 20);
    assert!(took < Duration::from_secs(60));
    stage.end();
}

/// What a build does to escape: it stops its supervisor, once or again and again.
const STOPPERS: [&str; 2] = [
    "kill -STOP $PPID\nexec sleep 301",
    "trap '' TERM\nsleep 0.3\nwhile :; do kill -STOP $PPID; done",
];

#[test]
fn a_step_that_stops_its_supervisor_does_not_escape_its_timeout() {
    let (stage, repository) = stage();
    *repository.timeout.borrow_mut() = "1s";
    for (run, stopper) in (2..).zip(STOPPERS) {
        *repository.build.borrow_mut() = stopper.to_owned();
        repository.commit(&format!("v{run}"));
        let (state, _) = ended(&stage, run);
        let step = &state.runs[&RunId(run)].steps[0];
        let StepPhase::Ended { exit, .. } = &step.phase else { panic!("{step:?}") };
        assert_eq!(*exit, StepExit::TimedOut, "{stopper}");
    }
    let workspaces = stage.state_dir().join("runs");
    assert!(processes::lasting(&workspaces).is_empty(), "{:#?}", processes::of(&workspaces));
    stage.end();
}

#[test]
fn a_step_that_stops_its_supervisor_does_not_escape_its_cancel() {
    let (stage, repository) = stage();
    for (run, stopper) in (2..).zip(STOPPERS) {
        *repository.build.borrow_mut() = stopper.to_owned();
        repository.commit(&format!("v{run}"));
        let unit = format!("runs/{run}/");
        wait_until(
            || "its supervisor is stopped".to_owned(),
            || {
                let all = processes::of(&stage.path("")).into_iter();
                let mut own = all.filter(|one| one.line.contains("supervise"));
                own.any(|one| one.line.contains(&unit) && processes::is_stopped(one.pid))
            },
        );
        stage.submit(Command::CancelRun { id: RunId(run) }).unwrap();
        let (state, result) = ended(&stage, run);
        assert!(matches!(result, RunResult::Cancelled { .. }), "{stopper}: {result:?}");
        let step = &state.runs[&RunId(run)].steps[0];
        assert!(matches!(step.phase, StepPhase::Ended { exit: StepExit::Cancelled, .. }));
    }
    let workspaces = stage.state_dir().join("runs");
    assert!(processes::lasting(&workspaces).is_empty(), "{:#?}", processes::of(&workspaces));
    stage.end();
}
