//! The three panes on a real terminal.

use super::super::attach::terminal::{Setup, Terminal};
use super::{ACCOUNT, Emulator, SHOP, stage, watch};

#[test]
fn the_panes_show_the_account_first_and_then_what_is_in_it() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    // From a shell the same rows, and an end that says whether anything could be seen.
    let told = stage.binary().args(["aws", "production"]).output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    for shown in ["123456789012 us-east-1", "2/2 healthy", "GET /admin/* from 10.0.0.0/8"] {
        assert!(text.contains(shown), "{shown} is missing:\n{text}");
    }
    let setup = Setup { size: (180, 56), ..Setup::default() };
    let places = [stage.state_dir(), stage.path("config")];
    let mut terminal = Terminal::start_in(&stage.path("home"), places, &setup);
    terminal.sees("123456789012 us-east-1");
    for shown in [
        "web-0",
        "running",
        "t3.medium",
        "2/2 checks",
        "shop-web",
        "2/2 healthy",
        "GET /admin/* from 10.0.0.0/8 → shop-admin",
        "EC2 t3.medium",
        "unpriced",
    ] {
        terminal.sees(shown);
    }
    // Pulling the plug turns all of it into what it was.
    let address = moto.end();
    terminal.sees("was running");
    terminal.sees("was 2/2 healthy");
    terminal.sees("unreachable");
    let _moto = Emulator::moto_at(address);
    terminal.sees("there is no load balancer shop");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
    stage.end();
}
