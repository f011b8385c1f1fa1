//! What lies over the panes, and how things look.

use std::fmt::Write as _;

use pilothouse_api::types::{Access, STALE_AFTER};
use pilothouse_cockpit::cost::Elsewhere;
use pilothouse_cockpit::model::{Toast, View};
use pilothouse_cockpit::rows::words;
use pilothouse_cockpit::theme::Depth;
use pilothouse_cockpit::{Model, Msg, Theme, next_tick, update};
use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container::{Docker, Limits, Reach, Volume};
use pilothouse_core::deployment::{Deployment, DeploymentResult, Phase};
use pilothouse_core::id::{DeploymentId, ReleaseNumber};
use pilothouse_core::instance::Role;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::spec::Runtime;
use pilothouse_core::state::State;
use pilothouse_core::time::{Millis, Timestamp};
use ratatui::style::Modifier;

use crate::fixture::{
    NOW, ago, buffer, failing, key, lines, model, normal, operator, press, text, tick,
};

fn shown(keys: &str, width: u16, height: u16) -> String {
    let mut model = operator(normal(), width, height);
    press(&mut model, keys);
    text(&model)
}

#[test]
fn views() {
    insta::assert_snapshot!("run", shown("2Gk<Enter>", 100, 26));
    insta::assert_snapshot!("run_failed", shown("2G<Enter>", 80, 24));
    insta::assert_snapshot!("deployment", shown("<Enter>", 100, 30));
    insta::assert_snapshot!("instance", shown("3jj<Enter>", 100, 26));
    let mut failed = operator(failing(), 80, 30);
    press(&mut failed, "2jj<Enter>");
    insta::assert_snapshot!("deployment_attention", text(&failed));
}

/// What a deployment went back to, or left alone, is told as serving only while it is well.
#[test]
fn what_is_left_and_is_not_well_is_no_way_back() {
    let why = || "shop-production-r41-0 became unhealthy".to_owned();
    let cases = [
        (DeploymentResult::Succeeded, "load balancer and the domain."),
        (DeploymentResult::RolledBack { why: why() }, "serves again."),
        (DeploymentResult::Failed { why: why() }, "was never touched."),
    ];
    for (result, well) in cases {
        for is_well in [true, false] {
            let mut state = failing();
            state.edge.connected = true;
            let deployment = state.deployments.get_mut(&DeploymentId(41)).unwrap();
            deployment.phase = Phase::Ended { result: result.clone(), at: ago(30) };
            let serving = state.instances.values_mut().filter(|one| one.role == Role::Active);
            for one in serving.filter(|one| one.environment == key("production")) {
                one.health.state =
                    if is_well { TargetState::Healthy } else { TargetState::Unhealthy };
            }
            let mut model = operator(state, 200, 40);
            press(&mut model, "2jj<Enter>");
            let screen = text(&model);
            assert_eq!(screen.contains(well), is_well, "{screen}");
            let unwell = "no instance of it is well now: look at the targets.";
            assert_eq!(screen.contains(unwell), !is_well, "{screen}");
        }
    }
}

/// The name of a preview's instance is long, and what follows it stands apart.
#[test]
fn a_long_name_of_an_instance_runs_into_nothing() {
    let mut state = normal();
    let deployment = state.deployments.values_mut().next_back().unwrap();
    deployment.new = vec!["shop-preview-feature-x-55ddf75b-r1-0".into()];
    let mut model = operator(state, 80, 30);
    let id = *model.replica.deployments.keys().next_back().unwrap();
    model.ui.views.push(View::Deployment { id, top: 0 });
    let screen = text(&model);
    assert!(screen.contains("shop-preview-feature-x-55ddf75b-r1-0 gone"), "{screen}");
}

/// Where one release was brought twice, one of the two brought what serves.
#[test]
fn one_deployment_serves_where_two_brought_the_same() {
    let mut state = normal();
    let (id, mut first) = state.deployments.pop_last().unwrap();
    first.phase = Phase::Ended { result: DeploymentResult::Succeeded, at: ago(50) };
    let environment = state.environments.get_mut(&first.environment).unwrap();
    environment.current = Some(first.release);
    state.live_deployments.clear();
    let second = Deployment { id: DeploymentId(id.0 + 1), ..first.clone() };
    state.deployments.extend([(first.id, first.clone()), (second.id, second.clone())]);
    let word = |one: &Deployment| words::deployment_result(&state, one, one.result().unwrap()).1;
    assert_eq!(word(&first), "served");
    assert_ne!(word(&second), "served");
}

#[test]
fn a_report_of_several_lines_keeps_its_layout() {
    let mut state = failing();
    let (id, run) = state.runs.iter_mut().next_back().unwrap();
    let (id, why) =
        (*id, "pilothouse.toml:12:1: there is no key `bogus`\n  12 | bogus = 1\n     | ^^^^^");
    run.steps.clear();
    let result = RunResult::Failed { step: None, why: why.to_owned() };
    run.phase = RunPhase::Ended { result, at: ago(5) };
    state.live_runs.remove(&id);
    let mut model = operator(state, 200, 60);
    press(&mut model, "2");
    let screen = text(&model);
    assert!(screen.contains("there is no key") && !screen.contains('\u{fffd}'), "{screen}");
    model.ui.views.push(View::Run { id, step: 0 });
    let screen = text(&model);
    assert!(screen.contains("│   12 | bogus = 1 "), "{screen}");
    assert!(screen.contains("│      | ^^^^^ ") && !screen.contains('\u{fffd}'), "{screen}");
}

#[test]
fn a_cost_opens_with_every_price() {
    let mut model = operator(normal(), 80, 24);
    let line = &mut model.costs.lines[0];
    line.elsewhere = [("Fargate + ALB us-east-1", 45_000), ("EC2 + ALB ap-northeast-2", 31_400)]
        .map(|(name, micro_usd)| Elsewhere { name: name.to_owned(), micro_usd })
        .to_vec();
    press(&mut model, "5<Enter>");
    insta::assert_snapshot!("cost", text(&model));
    press(&mut model, "<Esc>");
    assert!(text(&model).contains("5 Hourly cost"), "{}", text(&model));
}

#[test]
fn a_container_is_told_with_its_image_and_limits() {
    let mut state = normal();
    let environments = state.environments.values_mut();
    for release in environments.flat_map(|environment| environment.releases.values_mut()) {
        release.kind = ArtifactKind::Image;
        release.service.port = Some(8000);
        release.runtime = Runtime::Docker(Docker {
            reach: Reach::Loopback,
            volumes: vec![Volume {
                source: "/srv/결제".to_owned(),
                target: "/data".to_owned(),
                read_only: true,
            }],
            network: None,
            limits: Limits { memory: Some(512 << 20), milli_cpus: Some(500) },
        });
    }
    let mut model = operator(state, 100, 26);
    press(&mut model, "3jj<Enter>");
    insta::assert_snapshot!("container", text(&model));
}

#[test]
fn dialogs() {
    let mut rests = normal();
    let production = rests.environments.get_mut(&key("production")).unwrap();
    (production.current, production.running) = (Some(ReleaseNumber(41)), None);
    let mut rests = operator(rests, 80, 24);
    press(&mut rests, "3xs");
    insta::assert_snapshot!("restart", text(&rests));
    // While a deployment is under way nothing is asked that the engine would refuse.
    insta::assert_snapshot!("restart_busy", shown("3xs", 80, 24).lines().last().unwrap_or(""));
    insta::assert_snapshot!("plan", shown("jjxd", 100, 30));
    insta::assert_snapshot!("plan_40x12", shown("jjxd", 40, 12));
    insta::assert_snapshot!("cancel", shown("2jxc", 80, 24));
    insta::assert_snapshot!("promotion", shown("jxp", 80, 24));
    insta::assert_snapshot!("releases", shown("xB", 80, 24));
    insta::assert_snapshot!("help", shown("?", 120, 40));
    insta::assert_snapshot!("palette", shown(":roll", 80, 24));
    insta::assert_snapshot!("which", shown("x", 80, 24).lines().last().unwrap_or(""));
    insta::assert_snapshot!("filter", shown("/fea", 80, 24));
    let mut away = operator(normal(), 80, 24);
    update(&mut away, Msg::Away { since: ago(3600) });
    insta::assert_snapshot!("away", text(&away));
    press(&mut away, "!");
    insta::assert_snapshot!("notices", text(&away));
    let mut watcher = model(normal(), Access::Watcher, 120, 40);
    press(&mut watcher, "?");
    let screen = text(&watcher);
    assert!(!screen.contains("Deploy") && screen.contains("Read the log"), "{screen}");
    press(&mut watcher, "<Esc>x");
    insta::assert_snapshot!("watcher_x", text(&watcher).lines().last().unwrap_or(""));
}

#[test]
fn what_is_selected_is_seen_without_colour() {
    let mono = Theme::built_in("mono", Depth::None).unwrap();
    let mut model = operator(normal(), 80, 24);
    press(&mut model, "j");
    let buffer = buffer(&model, &mono);
    let style = |x, y| buffer[(x, y)].modifier;
    assert!(style(3, 4).contains(Modifier::REVERSED | Modifier::BOLD));
    assert!(!style(3, 3).contains(Modifier::REVERSED));
    assert!(style(4, 2).contains(Modifier::BOLD), "the focused pane's title");
    for cell in buffer.content() {
        assert_eq!(
            (cell.fg, cell.bg),
            (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
        );
    }
}

/// Rows of a screen with the style of each part.
fn styles(model: &Model, theme: &Theme, rows: std::ops::Range<u16>) -> String {
    let buffer = buffer(model, theme);
    let mut out = String::new();
    for y in rows {
        let mut last = None;
        for x in 0..buffer.area().width {
            let cell = &buffer[(x, y)];
            let style = (cell.fg, cell.bg, cell.modifier);
            if last != Some(style) {
                let (fg, bg, modifier) = style;
                write!(out, "\n  [{fg} on {bg} {modifier:?}] ").unwrap();
                last = Some(style);
            }
            out.push_str(cell.symbol());
        }
        out.push('\n');
    }
    out
}

#[test]
fn selection_and_focus_look_different() {
    let mut model = operator(normal(), 80, 24);
    press(&mut model, "2");
    let mono = Theme::built_in("mono", Depth::None).unwrap();
    insta::assert_snapshot!("styles_dark", styles(&model, &crate::fixture::theme("dark"), 1..5));
    insta::assert_snapshot!("styles_mono", styles(&model, &mono, 1..5));
    let ansi = Theme::built_in("ansi", Depth::Sixteen).unwrap();
    insta::assert_snapshot!("styles_ansi", styles(&model, &ansi, 2..4));
}

#[test]
fn old_measurements_are_not_told_as_new() {
    let mut model = operator(normal(), 120, 40);
    assert!(text(&model).contains("206/s"));
    update(&mut model, tick(Timestamp(NOW.0 + STALE_AFTER.0 + 1)));
    assert!(!text(&model).contains("206/s"));
}

#[test]
fn a_repository_that_is_not_reached_is_shown() {
    let mut state = normal();
    let poll = &mut state.projects.get_mut("shop").unwrap().poll;
    poll.error = Some("could not resolve host git.example.org".to_owned());
    poll.failing_since = Some(ago(300));
    let screen = text(&operator(state.clone(), 120, 40));
    let said = "shop: repository not read since 17:59 (5m). R looks again. It said: could not";
    assert!(screen.contains(said), "{screen}");
    assert!(screen.contains("1 Branches · not seen for 5m"), "{screen}");
    let screen = text(&model(state, Access::Watcher, 120, 40));
    assert!(screen.contains("(5m). It said"), "a watcher has no such key: {screen}");
}

#[test]
fn what_happened_meanwhile() {
    let lines = pilothouse_cockpit::digest(&failing(), ago(2700));
    let lines: Vec<String> = lines.iter().map(|notice| notice.told(NOW, 0)).collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(pilothouse_cockpit::digest(&failing(), NOW), []);
}

#[test]
fn what_happened_meanwhile_takes_no_key_away() {
    let mut model = operator(normal(), 80, 24);
    update(&mut model, Msg::Away { since: ago(3600) });
    assert!(text(&model).contains("while you were away"), "{}", text(&model));
    press(&mut model, "j");
    assert_eq!(model.cursor_row(pilothouse_cockpit::model::Pane::Branches), 1);
    assert!(model.ui.dialog.is_none() && text(&model).contains("while you were away"));
    press(&mut model, "!");
    assert!(text(&model).contains("What happened since you last looked"), "{}", text(&model));
    press(&mut model, "<Esc>");
    assert!(!text(&model).contains("while you were away"), "{}", text(&model));
    // Nothing marks when somebody last looked who never did.
    let mut first = operator(normal(), 80, 24);
    press(&mut first, "!");
    assert!(text(&first).contains("What happened lately"), "{}", text(&first));
    press(&mut first, "<Esc>");
    let mut empty = operator(State::default(), 80, 24);
    press(&mut empty, "!");
    assert!(text(&empty).contains("Nothing ended yet."), "{}", text(&empty));
}

#[test]
fn ascii_draws_ascii_alone() {
    let theme = Theme::built_in("dark", Depth::Sixteen).unwrap().with_ascii(true);
    let mut model = operator(State::default(), 80, 24);
    assert!(lines(&buffer(&model, &theme)).is_ascii());
    press(&mut model, "?");
    let screen = lines(&buffer(&model, &theme));
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn nothing_looks_alive_when_the_engine_is_gone() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut model = operator(normal(), width, height);
        crate::fixture::lose(&mut model);
        let screen = text(&model);
        assert!(!screen.contains("up 12d") && screen.contains("engine 0.1.0 gone 2m"), "{screen}");
        assert_eq!(screen.matches("stale 2m ─").count(), 5, "{screen}");
        assert!(
            screen.contains("q leaves, `pilothouse` restarts · no line to the engine"),
            "{screen}"
        );
    }
}

/// Where nothing is under way.
fn still() -> Model {
    let mut state = normal();
    state.live_runs.clear();
    state.live_deployments.clear();
    operator(state, 80, 24)
}

#[test]
fn what_was_said_once_wakes_nobody_when_it_is_over() {
    let mut model = still();
    let text = "the engine took it".to_owned();
    model.ui.toast = Some(Toast { text, is_error: false, at: NOW, about: None });
    let mut wakes = 0;
    while model.now < Timestamp(NOW.0 + 600_000) && wakes < 100 {
        let next = next_tick(&model).unwrap();
        let now = Timestamp(model.now.0 + next.0);
        update(&mut model, tick(now));
        wakes += 1;
    }
    // Each minute, when the samples are old, and when the text goes.
    assert!(wakes <= 13, "{wakes} in ten minutes");
}

#[test]
fn a_still_screen_is_drawn_once_a_minute() {
    let mut model = still();
    update(&mut model, tick(Timestamp(NOW.0 + STALE_AFTER.0 + 1)));
    let next = next_tick(&model).unwrap();
    assert_eq!((model.now.0 + next.0) % 60_000, 0);
    assert_eq!(next_tick(&operator(normal(), 80, 24)), Some(Millis(1000)));
    let waiting = Model::new(pilothouse_cockpit::Keymap::default(), NOW);
    assert_eq!(next_tick(&waiting), None);
}

#[test]
fn a_file_that_is_not_valid_is_told() {
    let mut model = operator(normal(), 120, 40);
    model.invalid = vec!["shop.toml".to_owned()];
    let told =
        "shop.toml is not valid, so that nothing of it is applied: `pilothouse apply` says where.";
    assert!(text(&model).contains(told), "{}", text(&model));
    model.invalid.push("web.toml".to_owned());
    assert!(text(&model).contains("shop.toml (and 1 more) is not valid,"), "{}", text(&model));
}
