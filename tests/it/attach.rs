//! The cockpit in a pseudo-terminal, with a real engine and a real project.

pub mod shell;
pub mod terminal;

use std::time::{Duration, Instant};

use rustix::process::Signal;
use terminal::{Setup, Terminal};

use crate::world::World;
use crate::world::repository::{Pipeline, Repository};

/// A world whose engine has a project with a commit that is ready to be deployed.
fn with_project() -> World {
    with_pipeline(&Pipeline::default())
}

fn with_pipeline(pipeline: &Pipeline) -> World {
    let world = World::with_engine();
    let repository = Repository::new(world.path("shop"), pipeline);
    let text = format!(
        "repository = \"{}\"\npoll = \"200ms\"\ntrusted = true\n[load_balancer]\nlisten = [\"127.0.0.1:{}\"]\n\
         [environment.production]\nbranch = \"main\"\ndomain = \"shop.localhost\"\ninstances = 2\n\
         deploy = \"manual\"\ndrain = \"0s\"\nbake = \"0s\"\n",
        repository.path().display(),
        world.port
    );
    world.write_project("shop", &text);
    world.run(&["apply", "shop"]).ends_with(0);
    world
}

#[test]
fn keys_deploy_production_after_its_plan_was_confirmed() {
    let world = with_project();
    let mut terminal = Terminal::cockpit(&world);
    for title in ["1 Branches", "2 Job queue", "3 Containers", "4 Target health", "5 Hourly cost"] {
        terminal.sees(title);
    }
    terminal.sees("r1 ready");
    terminal.press("xd");
    terminal.sees("start 2 × r1");
    terminal.press("y");
    terminal.sees("✓ SUCCEEDED");
    terminal.press("q");
    terminal.sees("2/2 targets");
    assert_eq!(crate::world::get(world.port, "shop.localhost", "/").unwrap().0, 200);
    terminal.press("l");
    terminal.sees("f follow");
    terminal.press("q");
    terminal.sees("1 Branches");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
    terminal.sees("the engine goes on; come back with `pilothouse`");
}

#[test]
fn coming_back_tells_what_happened_meanwhile() {
    let world = with_project();
    let mut terminal = Terminal::cockpit(&world);
    terminal.sees("r1 ready");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    world.run(&["deploy", "shop/production", "--yes"]).ends_with(0);
    let terminal = Terminal::cockpit(&world);
    terminal.sees("r1 to shop/production: came to serve");
}

#[test]
fn a_long_log_is_read_from_its_first_line_to_its_last() {
    let step = "seq -f 'line %.0f of it' 40000".to_owned();
    let world = with_pipeline(&Pipeline { step, ..Pipeline::default() });
    let terminal = Terminal::cockpit(&world);
    terminal.sees("r1 ready");
    terminal.press("2l");
    terminal.sees("line 40000 of it");
    terminal.sees("older lines not loaded");
    terminal.press("g");
    terminal.sees("line 1 of it");
    terminal.press("/line 25000 of\r");
    terminal.sees("▸line 25000 of it");
    terminal.press("/nothing like it\r");
    terminal.sees("\"nothing like it\" is not in this log");
    terminal.press("G");
    terminal.sees("line 40000 of it");
}

#[test]
fn watchers_see_all_and_can_ask_for_nothing() {
    let world = with_project();
    for arguments in [["watch"], ["--read-only"]] {
        let terminal =
            Terminal::start(&world, &Setup { arguments: &arguments, ..Setup::default() });
        terminal.sees("r1 ready");
        for keys in ["x", "R"] {
            terminal.press(keys);
            terminal.sees("only operators can");
            terminal.press("1");
            terminal.sees_no("only operators can");
        }
    }
}

#[test]
fn an_engine_that_crashes_is_shown_as_stale_until_it_is_back() {
    let mut world = with_project();
    let terminal = Terminal::cockpit(&world);
    terminal.sees("r1 ready");
    let live = terminal.look(vt100::Screen::contents);
    assert!(!is_stale(&live), "{live}");
    world.kill_engine();
    terminal.wait("a stale mark", |screen| is_stale(&screen.contents()));
    terminal.press("?");
    terminal.sees("Keys that work here");
    terminal.press("\x1b");
    world.start();
    terminal.wait("the engine's return", |screen| !is_stale(&screen.contents()));
    terminal.sees("r1 ready");
}

/// Whether the screen says that what it shows is old.
fn is_stale(contents: &str) -> bool {
    contents.contains("no line to the engine")
}

#[test]
fn every_signal_gives_the_terminal_back() {
    let world = World::with_engine();
    for (signal, code) in
        [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)]
    {
        let mut terminal = Terminal::cockpit(&world);
        terminal.sees("1 Branches");
        assert!(terminal.look(vt100::Screen::alternate_screen));
        terminal.signal(signal);
        assert_eq!(terminal.ends(), code);
        terminal.is_restored();
    }
}

#[test]
fn a_lost_terminal_ends_the_program_at_once() {
    let world = World::with_engine();
    let mut terminal = Terminal::cockpit(&world);
    terminal.sees("1 Branches");
    terminal.hang_up();
    let since = Instant::now();
    assert_eq!(terminal.ends(), 129);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

#[test]
fn a_lost_terminal_ends_what_ignores_its_signal_and_what_is_nobodys_child() {
    let world = World::with_engine();
    let pid_file = world.path("pid");
    // In the first the program leads the session; in the second it is in a group whose parent is gone.
    let ignored = "trap '' HUP; echo $$ > \"$HOME/pid\"; exec \"$0\" watch";
    let orphaned =
        "set -m; trap '' HUP; (sh -c 'echo $PPID' > \"$HOME/pid\"; exec \"$0\" watch); :";
    for line in [ignored, orphaned] {
        let setup = Setup { through: Some(line), ..Setup::default() };
        let mut terminal = Terminal::start(&world, &setup);
        terminal.sees("1 Branches");
        let pid = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let is_its_shell = i32::try_from(terminal.pid()).unwrap() == pid.as_raw_pid();
        assert_eq!(is_its_shell, line == ignored);
        if is_its_shell {
            terminal.hang_up();
        } else {
            // The end of a session takes its terminal away from all that is left of it.
            terminal.signal(Signal::KILL);
        }
        terminal.ends();
        let is_gone = || rustix::process::test_kill_process(pid).is_err();
        crate::world::wait_until("the program has ended", is_gone);
    }
}

#[test]
fn without_colours_the_selection_can_still_be_seen() {
    let world = with_project();
    let env = [("NO_COLOR", "1")];
    let terminal = Terminal::start(&world, &Setup { env: &env, ..Setup::default() });
    // What the header says comes first, and the panes with what is selected after it.
    terminal.sees("r1 ready");
    terminal.sees("5 Hourly cost");
    terminal.look(|screen| {
        let (rows, columns) = screen.size();
        let cells =
            (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
        let cells: Vec<_> = cells.filter_map(|(row, column)| screen.cell(row, column)).collect();
        assert!(cells.iter().any(|cell| cell.inverse()), "no cell is inverse");
        let is_plain = |cell: &&&vt100::Cell| {
            cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default
        };
        assert_eq!(cells.iter().filter(is_plain).count(), cells.len());
    });
}

#[test]
fn the_screen_follows_the_terminal_s_size() {
    let world = World::with_engine();
    let terminal = Terminal::cockpit(&world);
    terminal.sees("5 Hourly cost");
    terminal.resize((60, 12));
    terminal.wait("a frame of the new size", |screen| {
        let contents = screen.contents();
        contents.contains("Branch")
            && contents.lines().all(|line| line.chars().count() <= 60)
            && contents.lines().count() <= 12
    });
    terminal.resize((120, 40));
    terminal.wait("a frame as wide as the terminal", |screen| {
        screen.rows(0, 120).any(|row| row.chars().count() == 120)
            && screen.contents().contains("5 Hourly cost")
    });
}

#[test]
fn a_terminal_that_answers_nothing_is_drawn_all_the_same() {
    let world = World::with_engine();
    let terminal = Terminal::start(&world, &Setup { answers: false, ..Setup::default() });
    for _ in 0..6 {
        terminal.press("?");
        terminal.sees("Keys that work here");
        terminal.press("\x1b");
        terminal.sees_no("Keys that work here");
    }
}

#[test]
fn a_stuck_line_gets_the_newest_frame_and_no_older_ones() {
    let world = World::with_engine();
    let terminal = Terminal::cockpit(&world);
    terminal.sees("1 Branches");
    terminal.set_stuck(true);
    let before = terminal.bytes();
    for _ in 0..400 {
        terminal.press("z");
        std::thread::park_timeout(Duration::from_millis(2));
    }
    terminal.press(":");
    terminal.set_stuck(false);
    terminal.sees("╭─ Commands");
    let bytes = terminal.bytes() - before;
    assert!(bytes < 60_000, "{bytes} bytes were sent");
}

#[test]
fn a_stuck_line_does_not_keep_the_program_from_ending() {
    let world = World::with_engine();
    let mut terminal = Terminal::cockpit(&world);
    terminal.sees("1 Branches");
    terminal.set_stuck(true);
    for size in [(200, 60), (100, 30), (200, 60), (100, 30), (200, 60)] {
        terminal.resize(size);
    }
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ends(), 143);
    terminal.set_stuck(false);
    terminal.is_restored();
}

#[test]
fn without_a_terminal_it_says_so() {
    let world = World::with_engine();
    let said = world.run(&[]).ends_with(2);
    assert!(said.err.contains("needs a terminal"), "{}", said.err);
}

#[test]
fn watching_without_an_engine_says_where_it_looked() {
    let world = World::new();
    let said = world.run(&["watch"]).ends_with(7);
    assert!(said.err.contains("watch.sock"), "{}", said.err);
}
