//! `pilothouse aws`: what is seen, from a shell.

use super::super::attach::terminal::{Setup, Terminal};
use super::{ACCOUNT, Emulator, SHOP, seen, stage, watch};

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
    for shown in ["looks every", "calls/h", "infracost golden file ebs_volume_test"] {
        assert!(flat.contains(shown), "{shown} is missing:\n{screen}");
    }
    stage.end();
}
