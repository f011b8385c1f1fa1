//! What is said of a commit that nothing ran of yet, in the detail of its branch or its run.

use pilothouse_api::types::{Access, Verdict};
use pilothouse_cockpit::model::View;
use pilothouse_cockpit::{Model, Msg, Request, update};
use pilothouse_core::id::CommitId;
use pilothouse_core::state::State;

use crate::fixture::parts::branch;
use crate::fixture::{lose, model, normal, operator, press, text};

const COMMIT: &str = "0badf00d";

/// A project with a branch that feeds no environment, so that nothing of it ran.
fn quiet() -> State {
    let mut state = normal();
    let project = state.projects.get_mut("shop").unwrap();
    project.branches.clear();
    let quiet = branch(COMMIT, "Build with Jenkins", None, 0, 300);
    project.branches.insert("from/jenkins".into(), quiet);
    state.runs.clear();
    state.live_runs.clear();
    state.environments.clear();
    state.deployments.clear();
    state.instances.clear();
    state
}

fn judge(commit: &str) -> Request {
    Request::Judge { project: "shop".into(), commit: CommitId::new(commit) }
}

fn answer(model: &mut Model, commit: &str, found: Result<&[&str], &str>) {
    let lines = |said: &[&str]| said.iter().map(|line| (*line).to_owned()).collect();
    let found = found.map(|said| Verdict { lines: lines(said) }).map_err(str::to_owned);
    let commit = CommitId::new(commit);
    update(model, Msg::Judged { project: "shop".into(), commit, found });
}

const SAID: [&str; 4] = [
    "no pilothouse.toml but a Jenkinsfile: level 5, needs shared libraries",
    "7 of 8 parts run",
    "Jenkinsfile:12:21: step shipIt: needs a library",
    "`pilothouse check` says more, and `pilothouse convert` writes what both can say",
];

#[test]
fn a_branch_that_nothing_ran_of_says_what_its_jenkinsfile_is() {
    for (width, height) in [(80, 24), (40, 12)] {
        let mut model = model(quiet(), Access::Watcher, width, height);
        assert_eq!(press(&mut model, "G<Enter>"), [judge(COMMIT)]);
        assert!(text(&model).contains("nothing ran of it yet"), "{}", text(&model));
        assert!(press(&mut model, "j").is_empty(), "it is asked for once");
        press(&mut model, "g");
        answer(&mut model, COMMIT, Ok(&SAID));
        insta::assert_snapshot!(format!("verdict_{width}x{height}"), text(&model));
    }
}

#[test]
fn the_key_that_runs_it_is_named_where_it_would_help() {
    let hint = "nothing ran of it yet; x r runs its pipeline";
    for (access, is_able) in [(Access::Operator, true), (Access::Watcher, false)] {
        let mut model = model(quiet(), access, 80, 24);
        press(&mut model, "G<Enter>");
        assert_eq!(text(&model).contains(hint), is_able, "{}", text(&model));
        // A second look at the same row.
        press(&mut model, "<Enter>");
        assert_eq!(text(&model).contains("for this row yet; x r"), is_able, "{}", text(&model));
        answer(&mut model, COMMIT, Ok(&[]));
        assert_eq!(text(&model).contains(hint), is_able, "it has a pipeline");
        answer(&mut model, COMMIT, Ok(&SAID));
        assert!(!text(&model).contains(hint), "{}", text(&model));
        assert!(text(&model).contains("nothing ran of it yet "), "{}", text(&model));
    }
}

#[test]
fn a_hostile_verdict_stays_in_its_frame() {
    let mut model = operator(quiet(), 80, 24);
    press(&mut model, "G<Enter>");
    answer(
        &mut model,
        COMMIT,
        Ok(&["level 1\u{1b}[2J\u{202e}", "step \r\n\u{9b}31m: needs a library"]),
    );
    let screen = text(&model);
    assert!(screen.contains("level 1"), "{screen}");
    let is_hostile = |sign: char| (sign.is_control() && sign != '\n') || sign == '\u{202e}';
    assert!(!screen.contains(is_hostile), "{screen:?}");
}

#[test]
fn a_head_that_moves_is_asked_for_anew_and_a_late_answer_is_dropped() {
    let mut model = operator(quiet(), 80, 24);
    press(&mut model, "G<Enter>");
    let project = model.replica.projects.get_mut("shop").unwrap();
    project.branches.get_mut("from/jenkins").unwrap().head.id = CommitId::new("c0ffee00");
    assert_eq!(press(&mut model, "j"), [judge("c0ffee00")]);
    answer(&mut model, COMMIT, Ok(&["of the commit before"]));
    assert!(!text(&model).contains("of the commit before"));
    answer(&mut model, "c0ffee00", Err("the mirror is gone"));
    assert!(text(&model).contains("is not known: the mirror is gone"), "{}", text(&model));
    // What was not known is asked for again when it is opened again.
    press(&mut model, "<Esc>");
    assert!(model.ui.views.is_empty());
    assert_eq!(press(&mut model, "G<Enter>"), [judge("c0ffee00")]);
}

#[test]
fn nothing_is_asked_while_the_engine_is_away() {
    let mut model = operator(quiet(), 80, 24);
    lose(&mut model);
    assert!(press(&mut model, "G<Enter>").is_empty());
    assert!(matches!(model.ui.views.last(), Some(View::Branch { .. })));
}

#[test]
fn a_run_that_waits_says_it_as_well() {
    let mut model = operator(normal(), 80, 24);
    let row = model.index.branches.iter().position(|row| row.branch == Some("develop".into()));
    press(&mut model, &"j".repeat(row.unwrap()));
    model.ui.views.push(View::Run { id: pilothouse_core::id::RunId(89), step: 0 });
    assert_eq!(press(&mut model, "g"), [judge("1c0ffee0")]);
    answer(&mut model, "1c0ffee0", Ok(&SAID));
    assert!(text(&model).contains("step shipIt: needs a library"), "{}", text(&model));
}
