//! Keys: what they ask for, and what a watcher's never can.

use pilothouse_api::types::{Access, CommandAccepted, Degraded, Samples, Snapshot};
use pilothouse_cockpit::key::{Code, Key, Named};
use pilothouse_cockpit::model::{Dialog, Pane, View};
use pilothouse_cockpit::msg::{Input, Mouse, MouseWhat};
use pilothouse_cockpit::rows::words;
use pilothouse_cockpit::{Model, Msg, Request, update};
use pilothouse_core::command::{Command, DeployWhat, Rejection, RejectionKind, Reply};
use pilothouse_core::deployment::{Deployment, Phase};
use pilothouse_core::event::{EdgeEvent, Event, Recorded};
use pilothouse_core::id::{DeploymentId, ReleaseNumber, RunId, Seq};
use pilothouse_core::instance::Lost;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;
use proptest::prelude::*;

use crate::fixture::{NOW, key, lose, model, normal, operator, press, text};

fn asked(keys: &str) -> String {
    let mut model = operator(normal(), 120, 40);
    let requests = press(&mut model, keys);
    let said = model.ui.toast.map_or_else(String::new, |toast| format!(" \"{}\"", toast.text));
    format!("{requests:?}{said}")
}

#[test]
fn quitting_and_suspending() {
    assert_eq!(asked("q"), "[Quit]");
    assert_eq!(asked("<C-c>"), "[Quit]");
    assert_eq!(asked("jjxd<C-c>"), "[Quit]");
    assert_eq!(asked("<C-z>"), "[Suspend]");
}

#[test]
fn deploying_what_is_ready_takes_a_plan_and_another_key() {
    let mut model = operator(normal(), 120, 40);
    assert_eq!(press(&mut model, "jjxd"), []);
    let Some(Dialog::Plan(plan)) = model.ui.dialog.clone() else { panic!("no plan") };
    let requests = press(&mut model, "y");
    let [Request::Submit { id: 1, command: Command::Deploy { environment, what, plan: hash } }] =
        &requests[..]
    else {
        panic!("{requests:?}")
    };
    assert_eq!((environment, what), (&key("development"), &DeployWhat::Ready));
    assert_eq!(hash.as_ref(), plan.plan.as_ref().ok().map(|plan| &plan.hash));
    assert_eq!(press(&mut model, "yyy"), [], "a command is sent once");
    let accepted =
        CommandAccepted { reply: Reply::DeploymentQueued(DeploymentId(42)), seq: Seq(101) };
    update(&mut model, Msg::CommandAnswered { id: 1, answer: Ok(accepted) });
    assert!(model.ui.dialog.is_none());
    assert_eq!(model.ui.views, [View::Deployment { id: DeploymentId(42), top: 0 }]);
}

#[test]
fn enter_and_escape_on_a_plan_do_nothing() {
    for keys in ["jjxd<Enter>", "jjxd<Esc>", "jjxdn", "jjxdq"] {
        let said = "[] \"Nothing was asked of shop/development.\"";
        assert_eq!(asked(keys), said, "{keys}");
    }
    assert_eq!((asked("jjxdd"), asked("jjxdx")), ("[]".to_owned(), "[]".to_owned()));
    assert_eq!(asked("2jxc<Enter>"), "[] \"Nothing was asked for.\"");
    assert!(asked("jjxd<Tab><Enter>").contains("Deploy"));
}

#[test]
fn the_button_that_enter_presses_is_seen_without_colour() {
    let mut model = operator(normal(), 80, 24);
    press(&mut model, "jjxd");
    assert!(text(&model).contains("[Cancel]   make r119 serve "), "{}", text(&model));
    press(&mut model, "<Tab>");
    assert!(text(&model).contains(" Cancel   [make r119 serve]"), "{}", text(&model));
}

#[test]
fn a_plan_that_moved_is_not_confirmed_by_the_same_key() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "jjxd");
    let event = Recorded {
        seq: Seq(101),
        at: NOW,
        event: Event::Edge(EdgeEvent::Disconnected { why: "gone".to_owned() }),
    };
    update(&mut model, Msg::Event(Box::new(event)));
    assert_eq!(press(&mut model, "y"), []);
    assert_eq!(press(&mut model, "y").len(), 1);
}

#[test]
fn a_refused_plan_is_shown_anew() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "jjxdy");
    let rejection = Rejection::new(RejectionKind::PlanChanged, "the plan would be another now");
    update(&mut model, Msg::CommandAnswered { id: 1, answer: Err(rejection) });
    let screen = text(&model);
    assert!(screen.contains("The plan changed"), "{screen}");
    assert_eq!(press(&mut model, "y"), []);
}

#[test]
fn what_an_engine_without_a_journal_last_knew_is_stale() {
    let mut model = operator(normal(), 120, 40);
    let since = Timestamp(NOW.0 - 60_000);
    let degraded = Some(Degraded { since, why: "No space left on device".to_owned() });
    update(&mut model, Msg::Samples(Box::new(Samples { at: NOW, degraded, ..Samples::default() })));
    let screen = text(&model);
    assert!(screen.contains("Stale 1m · the engine follows nothing"), "{screen}");
    assert!(screen.contains("No space left") && screen.contains("up 12d"), "{screen}");
    assert_eq!(screen.matches("─ stale 1m ─").count(), 5, "{screen}");
    update(&mut model, Msg::Samples(Box::new(Samples { at: NOW, ..Samples::default() })));
    assert!(!text(&model).to_lowercase().contains("stale"));
}

#[test]
fn a_line_that_is_back_to_an_engine_that_follows_nothing_makes_nothing_true_again() {
    for (degraded, is_told) in [(None, true), (Some("No space left on device"), false)] {
        let mut model = operator(normal(), 120, 40);
        lose(&mut model);
        let since = Timestamp(NOW.0 - 60_000);
        let degraded = degraded.map(|why| Degraded { since, why: why.to_owned() });
        let state = model.replica.clone();
        let snapshot = Snapshot { degraded, ..snapshot(state) };
        update(&mut model, Msg::Snapshot(Box::new(snapshot)));
        let screen = text(&model);
        assert_eq!(screen.contains("all that is shown is true again"), is_told, "{screen}");
        assert_eq!(screen.contains("the engine follows nothing"), !is_told, "{screen}");
    }
}

#[test]
fn what_is_typed_as_a_command_means_the_one_of_that_name() {
    let mut model = operator(normal(), 120, 40);
    assert_eq!(press(&mut model, ":q<Enter>"), vec![Request::Quit]);
}

#[test]
fn a_plan_that_somebody_else_overtook_offers_only_to_close() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "jjxdy");
    let mut state = model.replica.clone();
    let development = state.environments.get_mut(&key("development")).unwrap();
    development.ready = None;
    development.running = Some(DeploymentId(42));
    let mut other = crate::fixture::parts::deployment(
        42,
        "development",
        119,
        pilothouse_core::deployment::Phase::Starting,
        5,
    );
    "lee".clone_into(&mut other.actor);
    state.deployments.insert(other.id, other);
    model.replica = state;
    let rejection = Rejection::new(RejectionKind::PlanChanged, "the plan would be another now");
    update(&mut model, Msg::CommandAnswered { id: 1, answer: Err(rejection) });
    let screen = text(&model);
    assert!(screen.contains("Deployment d42 by lee makes r119 serve"), "{screen}");
    assert!(screen.contains("can no longer be done") && screen.contains("Close"), "{screen}");
    assert!(!screen.contains("onfirm") && !screen.contains("Cancel "), "{screen}");
    assert_eq!(press(&mut model, "y"), []);
    assert!(model.ui.dialog.is_none());
}

#[test]
fn a_lost_answer_is_called_unknown() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "jjxdy");
    lose(&mut model);
    let screen = text(&model);
    assert!(screen.contains("is unknown"), "{screen}");
    press(&mut model, "<Esc>");
    assert_eq!(press(&mut model, "xd"), []);
    assert!(model.ui.toast.unwrap().text.contains("no line to the engine"));
}

#[test]
fn other_changes() {
    // While r41 replaces r40, going back is cancelling that.
    assert!(asked("xby").contains("CancelDeployment"), "{}", asked("xby"));
    assert!(asked("xB<Enter>y").contains("CancelDeployment"), "{}", asked("xB<Enter>y"));
    let further = asked("xB<Down><Enter>y");
    assert!(further.contains("Rollback(Some(ReleaseNumber(39)))"), "{further}");
    assert!(asked("jxr").contains("StartRun"));
    assert!(asked("R").contains("Look"));
    assert!(asked("2jxcy").contains("CancelRun { id: RunId(88) }"));
    assert!(asked("2xcy").contains("CancelDeployment"));
    assert!(asked("2Gxc").contains("is over"));
    assert!(asked("jxp<Enter>y").contains("Promotion"), "{}", asked("jxp<Enter>y"));
}

#[test]
fn looking_around() {
    assert!(asked("l").contains("OpenLog { source: Instance"), "{}", asked("l"));
    assert!(asked("jl").contains("OpenLog { source: Run(RunId(86))"));
    assert_eq!(asked("jlq"), asked("jl<Esc>"));
    assert!(asked("jlq").contains("CloseLog"));
    assert!(asked("3l").contains("Instance"));
    assert!(asked("jy").contains("pilothouse status shop/qa"));
    assert!(asked("zz").starts_with("[]"));
}

#[test]
fn the_selection_stays_on_what_it_is() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "2jjj");
    let before = model.row_key(Pane::Jobs, model.cursor_row(Pane::Jobs));
    let mut state = model.replica.clone();
    state.live_runs.remove(&RunId(89));
    state.runs.remove(&RunId(89));
    update(&mut model, Msg::Snapshot(Box::new(snapshot(state))));
    assert_eq!(before, model.row_key(Pane::Jobs, model.cursor_row(Pane::Jobs)));
}

#[test]
fn a_job_that_was_once_selected_hides_none_that_begins() {
    let mut model = operator(crate::fixture::overflow(3, 60, 3), 80, 24);
    let newest = |model: &Model| text(model).contains("#89");
    assert!(newest(&model), "{}", text(&model));
    press(&mut model, "2G");
    assert!(!newest(&model), "{}", text(&model));
    press(&mut model, "1");
    assert!(newest(&model), "{}", text(&model));
    press(&mut model, "2");
    assert!(!newest(&model), "the selection is found again: {}", text(&model));
}

#[test]
fn what_was_lost_and_does_not_come_back_is_told_with_its_cause() {
    let mut state = normal();
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.running, production.current) = (None, Some(ReleaseNumber(40)));
    production.replace_failures = 6;
    production.replace_at = Timestamp(NOW.0 + 120_000);
    production.lost = Some(Lost {
        id: "shop-production-r40-1.7".into(),
        why: "exited with status 2: no server.py".to_owned(),
        at: Timestamp(NOW.0 - 180_000),
        follows: false,
        slot: None,
    });
    state.instances.retain(|_, one| one.environment != key("production"));
    let screen = text(&operator(state.clone(), 200, 60));
    let told =
        "shop-production-r40-1.7 was lost 3m ago (6 in a row), the next try in 2m: exited with";
    assert!(screen.contains(&format!("nothing serves. x b rolls it back. {told}")), "{screen}");
    assert!(!screen.contains("Nothing runs"), "{screen}");
    assert!(screen.contains("Nothing of r40 runs in"), "{screen}");
    // Beside a deployment nothing is tried.
    let production = state.environments.get_mut(&key("production")).unwrap();
    production.running = Some(DeploymentId(41));
    let told = words::lost(production, NOW).unwrap();
    assert!(told.contains("3m ago (6 in a row), d41 is under way: exited with"), "{told}");
}

#[test]
fn a_gap_in_the_events_asks_for_a_snapshot() {
    let mut model = operator(normal(), 120, 40);
    let event = |seq| Recorded {
        seq: Seq(seq),
        at: NOW,
        event: Event::Edge(EdgeEvent::Disconnected { why: String::new() }),
    };
    assert_eq!(update(&mut model, Msg::Event(Box::new(event(100)))), []);
    assert_eq!(update(&mut model, Msg::Event(Box::new(event(103)))), [Request::Resync]);
    assert!(model.replica.edge.connected);
}

#[test]
fn filtering() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "/QA<Enter>");
    assert_eq!(model.len(Pane::Branches), 1);
    press(&mut model, "<Esc>");
    assert_eq!(model.len(Pane::Branches), 5);
    press(&mut model, "2/exit 1<Enter>");
    assert_eq!(model.len(Pane::Jobs), 1);
}

#[test]
fn the_mouse_selects_and_never_changes_anything() {
    let mut model = operator(normal(), 120, 40);
    let click = |x, y| Msg::Input(Input::Mouse(Mouse { what: MouseWhat::Click, x, y }));
    update(&mut model, click(70, 4));
    assert_eq!((model.ui.focus, model.cursor_row(Pane::Jobs)), (Pane::Jobs, 1));
    update(&mut model, click(5, 4));
    assert_eq!((model.ui.focus, model.cursor_row(Pane::Branches)), (Pane::Branches, 1));
}

fn any_key() -> impl Strategy<Value = Key> {
    let named = [
        Named::Enter,
        Named::Esc,
        Named::Tab,
        Named::Down,
        Named::Up,
        Named::Left,
        Named::Right,
        Named::Backspace,
    ];
    let plain = |code| Key { code, ctrl: false, alt: false, shift: false };
    prop_oneof![
        4 => prop::sample::select("xdbBpcrRyqnjkGglefz!?:/12345wtN][ ".chars().collect::<Vec<_>>()).prop_map(Key::char),
        2 => prop::sample::select(named.to_vec()).prop_map(move |named| plain(Code::Named(named))),
        1 => prop::sample::select("pndufwrz".chars().collect::<Vec<_>>()).prop_map(|c| Key { ctrl: true, ..Key::char(c) }),
    ]
}

fn presses(model: &mut Model, keys: &[Key]) -> Vec<Request> {
    keys.iter().flat_map(|key| update(model, Msg::Input(Input::Key(*key)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_watcher_can_ask_for_no_change(keys in prop::collection::vec(any_key(), 1..60)) {
        let mut model = model(normal(), Access::Watcher, 80, 24);
        let changing = presses(&mut model, &keys).into_iter().find(|request| matches!(request, Request::Submit { .. } | Request::Look { .. }));
        prop_assert_eq!(changing, None);
        text(&model);
    }

    #[test]
    fn no_keys_and_no_size_break_the_screen(keys in prop::collection::vec(any_key(), 1..40), width in 0u16..140, height in 0u16..50) {
        let mut model = operator(normal(), width, height);
        for key in keys {
            update(&mut model, Msg::Input(Input::Key(key)));
            text(&model);
        }
    }
}

/// What an engine says to whoever attaches.
pub fn snapshot(state: State) -> Snapshot {
    Snapshot {
        api: 1,
        engine: String::new(),
        access: Access::Operator,
        actor: String::new(),
        now: NOW,
        degraded: None,
        room: None,
        seq: Seq(101),
        state,
    }
}

#[test]
fn who_goes_back_is_told_of_what_waits_behind() {
    let mut state = normal();
    let running = state.deployments.values().find(|one| !one.is_ended()).unwrap().clone();
    let waiting = Deployment {
        id: DeploymentId(99),
        release: ReleaseNumber(42),
        phase: Phase::Queued,
        ..running.clone()
    };
    let environment = state.environments.get_mut(&running.environment).unwrap();
    environment.waiting = Some(waiting.id);
    state.deployments.insert(waiting.id, waiting);
    let mut model = operator(state, 120, 40);
    press(&mut model, "xb");
    assert!(
        text(&model).contains("d99, which waits to deploy r42, is cancelled too."),
        "{}",
        text(&model)
    );
    let sent = format!("{:?}", press(&mut model, "y"));
    assert!(sent.contains("CancelDeployment") && sent.contains("waiting: true"), "{sent}");
    press(&mut model, "<Esc>2xc");
    assert!(text(&model).contains("Then d99, which waits, deploys r42."), "{}", text(&model));
}

#[test]
fn a_rollback_that_somebody_else_was_faster_with_stays_one_by_name() {
    let mut state = normal();
    for environment in state.environments.values_mut() {
        (environment.running, environment.waiting) = (None, None);
    }
    let mut model = operator(state, 120, 40);
    press(&mut model, "xb");
    assert!(text(&model).contains("Roll back shop/"), "{}", text(&model));
    let mut state = model.replica.clone();
    for environment in state.environments.values_mut() {
        environment.releases.clear();
    }
    model.replica = state;
    let rejection = Rejection::new(RejectionKind::PlanChanged, "the plan would be another now");
    press(&mut model, "y");
    update(&mut model, Msg::CommandAnswered { id: 1, answer: Err(rejection) });
    let screen = text(&model);
    assert!(screen.contains("Roll back shop/") && !screen.contains("Deploy to"), "{screen}");
}
