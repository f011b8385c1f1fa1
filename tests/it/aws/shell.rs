//! `pilothouse aws`: what is seen, from a shell.

use super::super::attach::terminal::{Setup, Terminal};
use super::super::stage::Stage;
use super::{ACCOUNT, Emulator, SHOP, seen, stage, watch, watch_in};

#[test]
fn a_terminal_has_what_fits_its_width_and_a_pipe_has_all() {
    let moto = Emulator::moto();
    let made = moto.account(&["fill", "1"]);
    let long = format!("web-{}-end", "x".repeat(200));
    moto.account(&["rename", made["web"][0].as_str().unwrap(), &long]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    seen(&stage, "its bill", |one| !one.bill.lines.is_empty());
    let told = stage.binary().args(["aws", "production"]).output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    let row = text.lines().find(|line| line.starts_with(&long));
    assert!(row.is_some_and(|row| row.contains("t3.medium")), "{text}");
    assert!(!text.contains('…'), "nothing is left out in a pipe:\n{text}");
    let screen = |columns: u16| {
        let size = (columns, 200);
        let setup = Setup { arguments: &["aws", "production"], size, ..Setup::default() };
        let places = [stage.state_dir(), stage.path("config")];
        let mut terminal = Terminal::start_in(&stage.path("home"), places, &setup);
        // The end of the bill, which comes last: what was written may come after the program's end.
        terminal.sees("eip_test");
        assert_eq!(terminal.ends(), 0);
        terminal.look(vt100::Screen::contents)
    };
    // Whose account it is is whole on the narrowest.
    for columns in [60, 80] {
        let screen = screen(columns);
        assert!(screen.contains(&format!("{ACCOUNT} us-east-1")), "{screen}");
    }
    let screen = screen(80);
    let row = screen.lines().find(|line| line.starts_with("web-xx")).expect("its row");
    for shown in ["xx…xx", "xx-end  running", "t3.medium"] {
        assert!(row.contains(shown), "{shown} is missing in {row}");
    }
    // Of a sentence that is too long nothing is lost: it stands below its row.
    let flat: Vec<&str> = screen.split_whitespace().collect();
    let flat = flat.join(" ");
    for shown in ["looks every", " calls, ", "infracost golden file ebs_volume_test"] {
        assert!(flat.contains(shown), "{shown} is missing:\n{screen}");
    }
    stage.end();
}

/// What a verb ends with, and what it prints.
pub(super) fn said(stage: &Stage, arguments: &[&str]) -> (i32, String) {
    let ended = stage.binary().args(arguments).output().unwrap();
    (ended.status.code().unwrap(), String::from_utf8(ended.stdout).unwrap())
}

/// Checks that programs and people are told the same sum, and that what is open of it is told so.
fn totals(stage: &Stage, text: &str) {
    let (_, json) = said(stage, &["aws", "--json", "shop/production"]);
    let all: serde_json::Value = serde_json::from_str(&json).unwrap();
    let (own, account) = (&all[0]["total"], &all[0]["account_total"]);
    assert_eq!(own, account, "it is the only one");
    let month = pilothouse_core::cost::NanoUsd(own["known_per_hour"].as_u64().unwrap()).monthly();
    assert!(text.contains(&month), "{month}: {text}");
    let is_open = own["unpriced"].as_u64() > Some(0) || own["as_of"].is_u64();
    assert_eq!((own["open"].as_bool(), own["per_hour"].is_null()), (Some(is_open), is_open));
    let why = said(stage, &["aws", "nobody"]);
    assert_eq!(why.0, 5, "there is no such project");
}

/// What `status --json` says of the only environment.
fn status(stage: &Stage) -> serde_json::Value {
    let (code, text) = said(stage, &["status", "--json"]);
    assert_eq!(code, 0);
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    all["projects"][0]["environments"][0].clone()
}

#[test]
fn a_program_is_told_whether_anything_is_seen_and_never_counts_what_is_not_ours() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let wrong = stage(&moto.endpoint());
    watch(&wrong, "210987654321", SHOP);
    seen(&wrong, "a refusal", |one| one.stopped.is_some());
    for arguments in [&["aws"][..], &["aws", "--json"]] {
        let (code, text) = said(&wrong, arguments);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("these credentials are of account"), "{text}");
    }
    let told = status(&wrong);
    for count in ["healthy", "wanted", "stopped"] {
        assert!(told[count].is_null(), "{told}");
    }
    assert_eq!(
        (&told["watched"]["unseen"], &told["watched"]["account"]),
        (&true.into(), &"210987654321".into())
    );
    let trouble = told["watched"]["trouble"].as_str().unwrap();
    assert!(trouble.contains(". Why: these credentials are of account"), "{trouble}");
    let (_, text) = said(&wrong, &["status"]);
    assert!(text.contains("watched: not seen") && text.contains("wrong account"), "{text}");
    assert!(!text.contains("none"), "{text}");
    wrong.end();
    let right = stage(&moto.endpoint());
    watch(&right, ACCOUNT, SHOP);
    seen(&right, "its bill", |one| !one.bill.lines.is_empty());
    let (code, text) = said(&right, &["aws", "shop"]);
    assert_eq!(code, 0);
    totals(&right, &text);
    let told = status(&right);
    assert!(told["healthy"].is_null() && told["watched"]["seen"].is_u64(), "{told}");
    assert_eq!(told["watched"]["unseen"], false, "{told}");
    right.end();
}

#[test]
fn what_was_asked_in_a_region_that_is_not_there_says_where_it_was_asked() {
    let moto = Emulator::moto();
    let stage = stage(&moto.endpoint());
    watch_in(&stage, ACCOUNT, "xx-nowhere-1", SHOP);
    let told = seen(&stage, "a trouble", |one| one.trouble().is_some());
    let said = told.trouble().unwrap().to_string();
    let place = format!("in xx-nowhere-1 at {}", moto.endpoint());
    assert!(said.contains(&place) && said.contains("whether the region"), "{said}");
    stage.end();
}
