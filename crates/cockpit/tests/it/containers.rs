//! The containers' pane: what it tells of ours, in which order, and what it shows of others'.

use pilothouse_api::inspection::{ContainerFacts, Inspection};
use pilothouse_api::types::{Access, Samples};
use pilothouse_cockpit::model::Pane;
use pilothouse_cockpit::rows::words;
use pilothouse_cockpit::theme::{Depth, Scope};
use pilothouse_cockpit::{Model, Msg, Request, Theme, update};
use pilothouse_core::containers::Away;
use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::{InstancePhase, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::spec::Runtime;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;
use ratatui::style::Color;

use crate::fixture::parts::running;
use crate::fixture::{
    NOW, ago, buffer, contained, contained_samples, key, lines, model, normal, operator, press,
    text, theme, tick,
};

fn containers(width: u16, height: u16) -> Model {
    let state = contained();
    let samples = contained_samples(&state);
    let mut model = operator(state, width, height);
    update(&mut model, Msg::Samples(Box::new(samples)));
    model
}

/// The first words of the pane's rows.
fn order(model: &Model) -> Vec<String> {
    let rows = pilothouse_cockpit::rows::rows(model, Pane::Containers, 0, 100);
    rows.iter().map(|row| row.cells[1].text.clone()).collect()
}

#[test]
fn each_size_shows_what_it_has_room_for() {
    for (width, height) in [(80, 24), (120, 40), (200, 60), (40, 12)] {
        let mut model = containers(width, height);
        press(&mut model, "3");
        insta::assert_snapshot!(format!("containers_{width}x{height}"), text(&model));
    }
    let mut model = containers(160, 16);
    press(&mut model, "e3z");
    insta::assert_snapshot!("containers_all", text(&model));
    let mono = Theme::built_in("mono", Depth::None).unwrap();
    insta::assert_snapshot!("containers_mono", lines(&buffer(&model, &mono)));
}

#[test]
fn a_key_puts_them_into_another_order() {
    let mut state = normal();
    for (slot, restarts, age) in [(0, 2, 900), (1, 7, 20), (2, 0, 400)] {
        let id = InstanceId::new(format!("shop-production-r41-{slot}"));
        let one = state.instances.get_mut(&id).unwrap();
        (one.restarts, one.since) = (restarts, ago(age));
    }
    let mut model = operator(state, 120, 40);
    let mut samples = model.samples.clone().unwrap();
    for (id, cpu, memory) in [("r41-0", 10, 9), ("r41-1", 20, 7), ("r41-2", 30, 8), ("r40-2", 5, 6)]
    {
        let sample = samples.instances.get_mut(format!("shop-production-{id}").as_str()).unwrap();
        (sample.cpu_milli, sample.memory) = (cpu, memory << 20);
    }
    update(&mut model, Msg::Samples(Box::new(samples.clone())));
    press(&mut model, "3j");
    let selected = || Some(InstanceId::new("shop-production-r41-1"));
    let mut seen = vec![order(&model).join(" ")];
    for _ in 0..6 {
        press(&mut model, "o");
        seen.push(format!("{}: {}", model.ui.order.name(), order(&model).join(" ")));
        assert_eq!(model.subject().instance, selected(), "{seen:?}");
        assert!(
            model.ui.order.name() == "by environment"
                || text(&model).contains(model.ui.order.name())
        );
    }
    insta::assert_snapshot!(seen.join("\n"), @r"
    r41-0 r41-1 r41-2 r40-2
    worst first: r41-2 r40-2 r41-0 r41-1
    by CPU: r41-2 r41-1 r41-0 r40-2
    by memory: r41-0 r41-2 r41-1 r40-2
    newest first: r41-1 r40-2 r41-2 r41-0
    by restarts: r41-1 r41-0 r41-2 r40-2
    by environment: r41-0 r41-1 r41-2 r40-2
    ");
    press(&mut model, "oo");
    samples.instances.get_mut("shop-production-r41-0").unwrap().cpu_milli = 900;
    update(&mut model, Msg::Samples(Box::new(samples)));
    assert_eq!(order(&model)[0], "r41-0", "new measurements move rows");
    assert_eq!(model.subject().instance, selected(), "and what is selected stays selected");
}

#[test]
fn a_filter_finds_what_the_columns_say() {
    for (filter, found) in [
        ("python", "r41-0 r41-1 r41-2 r40-2"),
        ("3 restarts", "r41-1"),
        (":31041", "r41-0"),
        ("unhealthy", "r41-1"),
        ("503", "r41-1"),
        ("serves", "r41-0"),
        ("postgres", ""),
    ] {
        let mut model = containers(120, 40);
        press(&mut model, "3/");
        for c in filter.chars() {
            press(&mut model, &if c == ' ' { "<Space>".to_owned() } else { c.to_string() });
        }
        press(&mut model, "<Enter>");
        assert_eq!(order(&model).join(" "), found, "{filter}");
        assert_eq!(text(&model).contains("postgres:16"), filter == "postgres", "{filter}");
    }
}

#[test]
fn a_filter_finds_a_preview_by_its_branch() {
    let mut state = normal();
    let id = InstanceId::new("shop-preview-b-1a2b-r1-0");
    let mut one = state.instances.values().next().unwrap().clone();
    (one.id, one.environment) = (id.clone(), key("preview-b-1a2b"));
    state.instances.insert(id, one);
    let mut last = state.deployments.values().next_back().unwrap().clone();
    last.environment = key("preview-b-1a2b");
    state.deployments.insert(last.id, last);
    let mut model = operator(state, 120, 40);
    press(&mut model, "e3/결제<Enter>");
    assert_eq!(model.len(Pane::Containers), 1);
    press(&mut model, "4/결제<Enter>");
    assert_eq!(model.len(Pane::Targets), 1);
    press(&mut model, "2/결제<Enter>");
    let jobs = rows(&model);
    assert!(jobs.iter().any(|row| row.contains("to feature/결제")), "{jobs:?}");
}

/// The rows of the job queue.
fn rows(model: &Model) -> Vec<String> {
    let rows = pilothouse_cockpit::rows::rows(model, Pane::Jobs, 0, 100);
    rows.iter().map(pilothouse_cockpit::rows::Row::text).collect()
}

#[test]
fn others_are_dim_and_nothing_is_done_to_them() {
    let mut model = containers(120, 40);
    press(&mut model, "3G");
    let screen = text(&model);
    assert!(screen.contains("결제-") && !screen.contains('\u{202e}'), "{screen}");
    for keys in ["xs", "<Enter>", "l"] {
        assert_eq!(press(&mut model, keys), [], "{keys}");
        assert!(model.ui.dialog.is_none() && model.ui.views.is_empty(), "{keys}");
        assert!(text(&model).contains("is not of this engine"), "{keys}: {}", text(&model));
    }
    press(&mut model, "xd");
    assert!(text(&model).contains("belongs to no environment"), "{}", text(&model));
    press(&mut model, "g");
    let dark = theme("dark");
    let (drawn, dim) = (buffer(&model, &dark), dark.style(Scope::Dim).fg);
    let shown = lines(&drawn);
    let y = shown.lines().position(|line| line.contains("postgres:16")).unwrap();
    for x in 2..40 {
        let cell = &drawn[(x, u16::try_from(y).unwrap())];
        assert!(cell.symbol() == " " || Some(cell.fg) == dim, "{x} {}", cell.symbol());
        assert_ne!(cell.fg, Color::Reset);
    }
}

#[test]
fn where_none_of_ours_runs_others_do_not_pass_for_ours() {
    let mut state = contained();
    state.instances.clear();
    let mut samples = contained_samples(&state);
    samples.others.as_mut().unwrap()[0].image = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let mut model = operator(state, 200, 60);
    assert!(text(&model).contains("Nothing runs in production."), "{}", text(&model));
    update(&mut model, Msg::Samples(Box::new(samples)));
    let screen = text(&model);
    assert!(screen.contains("3 Containers · production · none runs ─"), "{screen}");
    assert!(screen.contains(" 0123456789ab "), "{screen}");
    assert!(!screen.contains("0123456789abc") && !screen.contains("sha256"), "{screen}");
}

#[test]
fn names_and_images_of_others_are_cut_only_where_room_is_short() {
    let state = contained();
    let mut samples = contained_samples(&state);
    let digest = "0123456789abcdef".repeat(4);
    let name = "pilothouse-4f1c2aa04f1c2aa0-storefront-production-r41-0";
    let others = samples.others.as_mut().unwrap();
    name.clone_into(&mut others[0].name);
    others[0].image = format!("registry.example.com/base/postgres@sha256:{digest}");
    others[1].image = format!("sha256:{digest}");
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut model = operator(state.clone(), width, height);
        update(&mut model, Msg::Samples(Box::new(samples.clone())));
        press(&mut model, "3");
        let screen = text(&model);
        assert!(screen.contains(" 0123456789ab"), "{width}: {screen}");
        assert_eq!(screen.contains(name), width == 200, "{screen}");
        press(&mut model, "z");
        let screen = text(&model);
        assert_eq!(screen.contains(name), width > 80, "{screen}");
        let image = "registry.example.com/base/postgres@0123456789ab ";
        assert_eq!(screen.contains(image), width == 200, "{screen}");
        assert!(!screen.contains("0123456789abc"), "{screen}");
    }
}

#[test]
fn others_are_forgotten_when_nobody_lists_them() {
    let mut model = containers(120, 40);
    update(&mut model, tick(Timestamp(NOW.0 + 39_000)));
    assert!(text(&model).contains("postgres"));
    let fresh = Samples { at: Timestamp(NOW.0 + 41_000), ..Samples::default() };
    update(&mut model, Msg::Samples(Box::new(fresh)));
    assert!(!text(&model).contains("postgres"), "{}", text(&model));
    let state: State = contained();
    let watcher = self::model(state, Access::Watcher, 120, 40);
    assert!(!text(&watcher).contains("postgres"), "nothing was listed for it yet");
}

fn found(argv: &[&str]) -> Inspection {
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Inspection::Container(Box::new(ContainerFacts {
        id: "4f1c2aa04f1c2aa04f1c2aa04f1c2aa04f1c2aa04f1c2aa04f1c2aa04f1c2aa0".to_owned(),
        name: "pilothouse-ab12-shop-production-r41-0".to_owned(),
        image: "python:3.12-slim".to_owned(),
        image_id: "sha256:77aa".to_owned(),
        state: "exited".to_owned(),
        created: "2026-11-22T18:03:59.1Z".to_owned(),
        started: "2026-11-22T18:04:00.2Z".to_owned(),
        finished: Some("2026-11-22T18:04:05.3Z".to_owned()),
        exit_code: Some(137),
        out_of_memory: true,
        restarts: 3,
        argv: text(argv),
        dir: "/app".to_owned(),
        env: text(&["PORT", "TOKEN"]),
        ports: text(&["127.0.0.1:31041 to 8000"]),
        mounts: text(&["/srv/결제 as /data, read only", "/srv/b as /b"]),
        networks: text(&["bridge 172.17.0.2"]),
        memory: Some(512 << 20),
        milli_cpus: Some(500),
        processes: Some(4096),
        ..ContainerFacts::default()
    }))
}

#[test]
fn a_close_look_is_asked_for_and_shown() {
    let id = InstanceId::new("shop-production-r41-0");
    for (access, size) in [(Access::Operator, (100, 30)), (Access::Watcher, (80, 24))] {
        let mut model = model(contained(), access, size.0, size.1);
        assert_eq!(press(&mut model, "3i"), [Request::Inspect(id.clone())]);
        assert!(text(&model).contains("Asking the engine"), "{}", text(&model));
        let hostile = found(&["python3", "-c", "print(1)\n\u{1b}[2J"]);
        let answer = Msg::Inspected { id: id.clone(), found: Box::new(Ok(hostile)) };
        update(&mut model, answer);
        if access == Access::Operator {
            insta::assert_snapshot!("inspection", text(&model));
        }
        assert!(text(&model).contains("137, for want of memory"), "{}", text(&model));
        assert_eq!(press(&mut model, "i"), [Request::Inspect(id.clone())], "once more");
        assert!(text(&model).contains("137"), "what was found stays in sight");
        let mut later = model.clone();
        later.replica.instances.remove(&id);
        assert!(text(&later).contains("it is gone; as it was"), "{}", text(&later));
        assert!(!text(&later).contains("asks again"));
        let why = Err("the Docker engine says nothing".to_owned());
        update(&mut model, Msg::Inspected { id: id.clone(), found: Box::new(why) });
        assert!(text(&model).contains("says nothing"), "{}", text(&model));
        press(&mut model, "<Esc>");
        assert!(model.ui.views.is_empty());
        let late = Err("late".to_owned());
        update(&mut model, Msg::Inspected { id: id.clone(), found: Box::new(late) });
        assert!(!text(&model).contains("late"));
    }
}

#[test]
fn a_shell_is_for_operators_and_for_what_runs() {
    let id = InstanceId::new("shop-production-r41-0");
    let mut model = containers(80, 24);
    assert_eq!(press(&mut model, "3s"), [Request::Shell(id.clone())]);
    assert_eq!(press(&mut model, "<Enter>s"), [Request::Shell(id.clone())]);
    press(&mut model, "<Esc>G");
    assert_eq!(press(&mut model, "s"), [], "what is somebody else's");
    assert!(text(&model).contains("is not of this engine"), "{}", text(&model));
    let mut watcher = self::model(contained(), Access::Watcher, 120, 40);
    assert_eq!(press(&mut watcher, "3s"), []);
    assert!(text(&watcher).contains("only operators"), "{}", text(&watcher));
    press(&mut watcher, "?");
    assert!(!text(&watcher).contains("Open a shell"), "{}", text(&watcher));
    let mut state = contained();
    state.instances.get_mut(&id).unwrap().phase = InstancePhase::Starting;
    let mut starting = operator(state, 80, 24);
    assert_eq!(press(&mut starting, "3s"), []);
    assert!(text(&starting).contains("does not run"), "{}", text(&starting));
    crate::fixture::lose(&mut model);
    press(&mut model, "g");
    assert_eq!(press(&mut model, "s"), [], "nobody could be asked");
}

#[test]
fn no_successor_is_promised_while_the_docker_engine_is_away() {
    let mut state = contained();
    state.environments.get_mut(&key("production")).unwrap().running = None;
    let told = |state: &State| {
        let mut model = operator(state.clone(), 120, 40);
        press(&mut model, "3j<Enter>");
        let text = text(&model);
        let line = text.lines().find(|line| line.contains("relief")).unwrap();
        line.trim_matches(['│', ' ']).to_owned()
    };
    assert!(told(&state).contains("a successor starts as soon as"), "{}", told(&state));
    state.containers.back_at = Some(NOW);
    assert!(told(&state).contains("unless it comes up by itself"), "{}", told(&state));
    let why = "cannot reach the Docker engine".to_owned();
    state.containers.away = Some(Away { since: ago(7), why, elsewhere: false });
    assert!(told(&state).contains("none while the Docker engine is away"), "{}", told(&state));
    let shown = text(&operator(state.clone(), 120, 40));
    assert!(shown.contains("The Docker engine went away <1m ago"), "{shown}");
    // One that is there, and has others' containers, did not go away.
    let why = "another Docker engine (/a) answers than the one with the containers (/b)".to_owned();
    state.containers.away = Some(Away { since: ago(7), why, elsewhere: true });
    let shown = text(&operator(state, 200, 40));
    let told = "Containers are judged by their own Docker engine alone: another Docker engine (/a)";
    assert!(shown.contains(told) && !shown.contains("went away"), "{shown}");
}

#[test]
fn one_that_is_down_says_why_and_not_that_nobody_answers() {
    let mut state = contained();
    let id = InstanceId::new("shop-production-r41-0");
    let one = state.instances.get_mut(&id).unwrap();
    if let InstancePhase::Running { over, .. } = &mut one.phase {
        *over = true;
    }
    "its container does not run: the image sha256:0123 is gone".clone_into(&mut one.health.detail);
    let mut model = operator(state, 200, 60);
    for pane in [Pane::Containers, Pane::Targets] {
        let rows = pilothouse_cockpit::rows::rows(&model, pane, 0, 100);
        let row = rows.iter().find(|row| row.cells[1].text == "r41-0").unwrap();
        let said: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
        assert!(said.iter().any(|text| text.ends_with("is gone")), "{said:?}");
        assert!(!said.contains(&"connection refused"), "{said:?}");
    }
    press(&mut model, "3/gone<Enter>");
    assert_eq!(order(&model), ["r41-0"]);
}

#[test]
fn what_is_not_billed_is_called_what_it_is() {
    let docker = || Runtime::Docker(pilothouse_core::container::Docker::default());
    let mut state = normal();
    let source = |state: &State| pilothouse_cockpit::cost::local(state).source;
    assert_eq!(source(&state), "local processes are not billed");
    state.environments.values_mut().next().unwrap().spec.runtime = docker();
    assert_eq!(source(&state), "local processes and containers are not billed");
    for environment in state.environments.values_mut() {
        environment.spec.runtime = docker();
    }
    assert_eq!(source(&state), "local containers are not billed");
}

#[test]
fn what_only_comes_up_is_starting_whatever_its_checks_say() {
    let mut one = contained().instances[&InstanceId::new("shop-production-r41-0")].clone();
    (one.role, one.health.state) = (Role::Standby, TargetState::Unhealthy);
    for (proved, word) in [(false, "starting"), (true, "unhealthy")] {
        one.phase = running(31_041, proved);
        assert_eq!(words::instance(&one).1, word);
    }
}
