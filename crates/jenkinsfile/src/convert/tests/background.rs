//! What a script leaves in the background, and what it ends itself.

use super::{converted, running};

fn leaves(script: &str) -> bool {
    let text = converted(&format!(
        "pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ sh '''{script}''' }} }} }} }}"
    ));
    let is_left = text.contains("it may leave a process in the background");
    assert_ne!(is_left, running(&text).contains("run = "), "{script}: {text}");
    is_left
}

#[test]
fn each_process_is_known_by_its_number() {
    for script in [
        "x & P1=$!; y & P2=$!; wait $P1 $P2",
        "x & P1=$!; y & P2=$!; wait $P1; wait $P2",
        "x & P1=$!\ny & P2=$!\nmake\nkill $P1 $P2",
        "x & wait $!; y & wait $!",
        "x & PIDS=$!\ny & PIDS=\"$PIDS $!\"\nwait $PIDS",
        "x & y & wait",
        "x & y & kill $(jobs -p)",
    ] {
        assert!(!leaves(script), "{script}");
    }
    for script in [
        "x & P1=$!; y & P2=$!; wait $P1",
        "x & P1=$!; y & P2=$!; wait $P2 $P2",
        "x & y & wait $!; kill $!",
        "x & P1=$!; y & P2=$!; wait $P1; if a; then wait $P2; fi",
        "x & P=$!; if a; then wait $P; fi; y & wait $!",
        "x & P1=$!; y & P2=$!; wait $P1 || kill $P2",
        "x & P1=$!; y & P2=$!; kill -0 $P1 $P2",
    ] {
        assert!(leaves(script), "{script}");
    }
}

#[test]
fn a_trap_is_a_script_of_its_own() {
    for script in [
        "x & pid=$!; trap \"kill $pid\" EXIT\nmake",
        "trap 'kill $(jobs -p)' EXIT\nx &\ny &\nmake",
        "trap 'kill $pid' EXIT\nx & pid=$!\nmake",
        "x & trap \"echo a; kill $!\" INT EXIT",
        "trap \"rm -f a\" EXIT",
    ] {
        assert!(!leaves(script), "{script}");
    }
    for script in [
        "trap \"./x &\" EXIT",
        "x & trap \"kill $!\" INT",
        "x & trap - EXIT",
        "x & a=$!; y & trap \"kill $a\" EXIT",
        "x & if a; then trap \"kill $!\" EXIT; fi",
    ] {
        assert!(leaves(script), "{script}");
    }
}

#[test]
fn of_scripts_in_words_only_so_much_is_read() {
    assert!(!leaves(&"P=\"$P aaaa\"\n".repeat(100)));
    // Each line stands for all before it; in doubt the script leaves something.
    assert!(leaves(&"P=\"$P aaaa\"\n".repeat(1500)));
}
