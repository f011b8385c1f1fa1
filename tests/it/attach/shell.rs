//! The terminal, lent to a shell in an instance and taken back.

use super::terminal::{Setup, Terminal};
use super::with_project;

/// A deployed project whose pane of containers has the keys.
fn deployed(terminal: &Terminal) {
    terminal.sees("r1 ready");
    terminal.press("xdy");
    terminal.sees("✓ SUCCEEDED");
    terminal.press("3");
    terminal.sees("● serves");
}

#[test]
fn the_cockpit_lends_its_terminal_to_a_shell_and_comes_back() {
    let world = with_project();
    let mut terminal = Terminal::cockpit(&world);
    deployed(&terminal);
    terminal.press("s");
    terminal.sees("shop-production-r1-0: a shell in its directory");
    terminal.sees_no("3 Containers");
    terminal.press("echo \"$PILOTHOUSE_INSTANCE is $((40 + 2)) on :$PORT in $(pwd)\"\r");
    terminal.sees("shop-production-r1-0 is 42 on :");
    let facts = world.run(&["inspect", "shop-production-r1-0", "--json"]).ends_with(0).json();
    terminal.sees(&format!("in {}", facts["process"]["dir"].as_str().unwrap()));
    // What the shell does to the terminal is put right, and what happened meanwhile is shown.
    world.run(&["stop", "shop-production-r1-1", "--force", "--yes"]).ends_with(0);
    terminal.press("stty -echo; printf '\\033[31m'; exit 3\r");
    terminal.sees("The shell in shop-production-r1-0 has ended.");
    terminal.sees("3 Containers");
    terminal.sees(" 1 stopped ─╮");
    terminal.press("2");
    terminal.sees("2 Job queue");
    let asked = world.run(&["audit"]).ends_with(0).out;
    assert!(asked.contains("open a shell in shop-production-r1-0"), "{asked}");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
}

#[test]
fn a_shell_is_refused_to_watchers_and_says_why_it_is_none() {
    let world = with_project();
    let terminal = Terminal::cockpit(&world);
    deployed(&terminal);
    let watching = Setup { arguments: &["watch"], ..Setup::default() };
    let watcher = Terminal::start(&world, &watching);
    watcher.sees("● serves");
    watcher.press("3s");
    watcher.sees("only operators can");
    let socket = world.state_dir().join("run/watch.sock");
    let arguments = ["shell", "shop-production-r1-0", "--socket", socket.to_str().unwrap()];
    let mut refused = Terminal::start(&world, &Setup { arguments: &arguments, ..Setup::default() });
    refused.sees("watching changes nothing");
    assert_eq!(refused.ends(), 5);
    // The cockpit lets a person read why, and goes on.
    let unknown = ["shell", "shop-production-r9-0", "--from-cockpit"];
    let mut unknown = Terminal::start(&world, &Setup { arguments: &unknown, ..Setup::default() });
    unknown.sees("there is no instance shop-production-r9-0");
    unknown.sees("Enter goes back");
    unknown.press("\r");
    assert_eq!(unknown.ends(), 5);
    let said = world.run(&["shell", "shop-production-r1-0"]).ends_with(2).err;
    assert!(said.contains("needs a terminal"), "{said}");
}
