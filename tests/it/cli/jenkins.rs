//! Jenkinsfiles: what `check` and `convert` say of files of every level.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::world::{Said, World, exists};

/// A file of the reader's own tests.
fn file(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("crates/jenkinsfile/tests/files").join(format!("{name}.Jenkinsfile"))
}

fn check(world: &World, arguments: &[&str], files: &[&str]) -> Said {
    let files: Vec<String> = files.iter().map(|name| file(name).display().to_string()).collect();
    let arguments = ["check"].iter().chain(arguments).copied();
    world.run(&arguments.chain(files.iter().map(String::as_str)).collect::<Vec<_>>())
}

#[test]
fn files_of_every_level_are_told_apart() {
    let world = World::new();
    let levels = [
        ("1-declarative", 1, 0),
        ("1-not-yet", 1, 0),
        ("2-groovy", 2, 0),
        ("3-plugins", 3, 0),
        ("4-elsewhere", 4, 0),
        ("5-library", 5, 0),
        ("6-scripted", 6, 0),
        ("7-broken", 7, 1),
    ];
    for (name, level, code) in levels {
        let said = check(&world, &[], &[name]).ends_with(code);
        let head = said.out.lines().next().unwrap_or_default().to_owned();
        assert!(head.contains(&format!("level {level}: ")), "{name}: {head}");
    }
    let all: Vec<&str> = levels.iter().map(|(name, ..)| *name).collect();
    let said = check(&world, &["--json"], &all).ends_with(1).json();
    assert_eq!(said["levels"]["declarative"], 2);
    assert_eq!(said["levels"]["broken"], 1);
    assert_eq!(said["files"].as_array().map(Vec::len), Some(8));
    check(&world, &["--at-most", "1"], &["1-declarative", "1-not-yet"]).ends_with(0);
    let said = check(&world, &["--at-most", "2"], &["2-groovy", "3-plugins"]).ends_with(1);
    assert_eq!(said.err, "pilothouse: 1 of the files are beyond level 2\n");
    assert!(!exists(&world.state_dir()), "something was made");
}

#[test]
fn each_mistake_is_shown_with_its_line_a_caret_and_what_was_meant() {
    let world = World::new();
    let said = check(&world, &[], &["7-broken"]).ends_with(1);
    for told in [
        ":2:5: Undefined section \"agnet\"\n  |     agnet any\n  |     ^^^^^\n  = did you mean agent?\n",
        ":10:17: Expected a step\n",
        ":11:31: Expecting \"int\" for parameter \"time\"",
        ":12:34: Invalid parameter \"artefacts\", did you mean \"artifacts\"?\n",
        ":15:9: Duplicate stage name: \"Build\"\n",
        ":21:12: Invalid condition \"allways\"",
    ] {
        assert!(said.out.contains(told), "{told:?} is not in\n{}", said.out);
    }
    assert!(!said.out.contains('\u{1b}'), "colours without a terminal");
    let said = check(&world, &["--color", "always"], &["7-broken"]).ends_with(1);
    assert!(said.out.contains("\u{1b}[31m"), "{}", said.out);
}

#[test]
fn unknown_steps_are_named_unless_a_table_knows_them() {
    let world = World::new();
    let said = check(&world, &[], &["5-library"]).ends_with(0);
    for step in ["shopBuild", "shopImage.build", "notifyTeam"] {
        assert!(said.out.contains(step), "{step} is not in\n{}", said.out);
    }
    let table = world.path("steps.tsv");
    std::fs::write(&table, "step\tshopBuild\tshop\ttarget!:S parallelism:I\truns\tours\n").unwrap();
    let table = table.display().to_string();
    let said = check(&world, &["--json", "--steps", &table], &["5-library"]).ends_with(0).json();
    let parts = said["files"][0]["parts"].as_array().cloned().unwrap_or_default();
    let known = parts.iter().find(|part| part["name"] == "shopBuild").unwrap();
    // It is known now, and a pipeline of ours still has no words for it.
    assert_eq!((&known["support"], &known["unknown"]), (&"not_yet".into(), &false.into()));
    std::fs::write(world.path("steps.tsv"), "what is this\n").unwrap();
    let said = check(&world, &["--steps", &table], &["5-library"]).ends_with(2);
    assert!(said.err.contains("steps.tsv:1:1: "), "{}", said.err);
}

#[test]
fn editors_and_hosts_of_code_get_it_from_the_standard_input() {
    let world = World::new();
    let mut command = world.command();
    command.args(["check", "-", "--stdin-name", "ci/Jenkinsfile", "--sarif"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"pipeline { agnet any }").unwrap();
    let said: Said = child.wait_with_output().unwrap().into();
    let sarif = said.ends_with(1).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "ci/Jenkinsfile");
    assert_eq!(place["region"]["startLine"], 1);
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_others() {
    let world = World::new();
    let good = file("1-declarative").display().to_string();
    let said = world.run(&["check", "nowhere/Jenkinsfile", &good]).ends_with(2);
    assert!(said.out.contains("level 1: "), "{}", said.out);
    assert!(said.err.contains("cannot read nowhere/Jenkinsfile: "), "{}", said.err);
    // Without a name it is the one of this directory.
    let said = world.run(&["check"]).ends_with(2);
    assert!(said.err.contains("cannot read Jenkinsfile: "), "{}", said.err);
    assert_eq!(said.out, "");
    let said = world.run(&["check", "--json", "nowhere/Jenkinsfile", &good]).ends_with(2).json();
    assert_eq!(said["levels"]["unread"], 1);
    assert_eq!(said["files"][1]["file"], "nowhere/Jenkinsfile");
    let said = world.run(&["check", "--sarif", "nowhere/Jenkinsfile"]).ends_with(2).json();
    assert_eq!(said["runs"][0]["results"][0]["ruleId"], "limit");
    let said = world.run(&["check", "--steps", "nowhere.tsv", &good]).ends_with(2);
    assert!(said.err.contains("cannot read nowhere.tsv: "), "{}", said.err);
    let said = world.run(&["check", "-", "-"]).ends_with(2);
    assert!(said.err.contains("name - once"), "{}", said.err);
}

#[test]
fn a_file_that_is_too_long_is_not_refused_by_jenkins_and_not_cut() {
    let world = World::new();
    let stage = "pipeline { agent any\nstages { stage('a') { steps { sh 'b' } } } }\n";
    let text = format!("{stage}{}", "// a line\n".repeat(200_000));
    std::fs::write(world.path("Jenkinsfile"), text).unwrap();
    let said = world.run(&["check"]).ends_with(2);
    assert!(said.out.contains("level 8: not judged"), "{}", said.out);
    let said = world.run(&["convert"]).ends_with(2);
    assert!(said.err.contains("more than 1 MiB") && said.out.is_empty(), "{}", said.err);
}

#[test]
fn a_file_that_is_no_utf8_is_not_written_with_other_letters() {
    let world = World::new();
    let text = b"pipeline { agent any\nstages { stage('a') { steps { sh 'echo \xe9' } } } }";
    std::fs::write(world.path("Jenkinsfile"), text).unwrap();
    let said = world.run(&["check"]).ends_with(0);
    assert!(said.out.contains("no UTF-8 text from line 2"), "{}", said.out);
    let said = world.run(&["convert"]).ends_with(2);
    assert!(said.err.contains("no UTF-8 text") && said.out.is_empty(), "{}", said.err);
}

#[test]
fn long_lists_and_far_places_stay_readable() {
    let world = World::new();
    let steps = "\n".repeat(22_000);
    let text = format!(
        "pipeline {{ agent any\noptions {{ timestmps() }}\nstages {{ stage('a') {{ steps {{{steps}sh 'b' }} }} }} }}"
    );
    std::fs::write(world.path("Jenkinsfile"), text).unwrap();
    let said = world.run(&["check"]).ends_with(1);
    assert!(said.out.contains("22003:1 not yet"), "{}", said.out);
    let list = said.out.lines().find(|line| line.contains("Invalid option")).unwrap();
    assert!(list.ends_with(", …"), "{list}");
    let steps = "sh 1\n".repeat(130);
    let text =
        format!("pipeline {{ agent any\nstages {{ stage('a') {{ steps {{\n{steps}}} }} }} }}");
    std::fs::write(world.path("Jenkinsfile"), text).unwrap();
    let said = world.run(&["check"]).ends_with(1);
    assert!(said.out.contains("\nand 30 more mistakes\n"), "{}", said.out);
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let world = World::new();
    let text = "pipeline { agent any\nstages { stage('\u{1b}]0;x\u{7}') { \u{1b}[2J\u{202e} } } }";
    std::fs::write(world.path("Jenkinsfile"), text).unwrap();
    let said = world.run(&["check"]).ends_with(1);
    let is_hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!said.out.contains(is_hostile), "{:?}", said.out);
}

#[test]
fn convert_writes_what_its_own_reader_takes() {
    let world = World::new();
    for (name, code) in [
        ("1-declarative", 0),
        ("1-not-yet", 1),
        ("2-groovy", 1),
        ("3-plugins", 1),
        ("4-elsewhere", 1),
        ("5-library", 1),
    ] {
        let said = world.run(&["convert", &file(name).display().to_string()]).ends_with(code);
        if code == 0 {
            assert!(said.out.contains("[[stage]]"), "{name}: {}", said.out);
            assert!(said.err.starts_with("taken over: "), "{name}: {}", said.err);
        } else {
            assert!(said.err.contains("nothing of it can be taken over"), "{name}: {}", said.err);
        }
    }
    let source = file("1-declarative").display().to_string();
    let said = world.run(&["convert", &source, "-o", "-"]).ends_with(0);
    assert!(said.out.contains("[[stage]]"), "{}", said.out);
    world.run(&["convert", &source, "-o", "pilothouse.toml"]).ends_with(0);
    let said = world.run(&["convert", &source, "-o", "pilothouse.toml"]).ends_with(5);
    assert_eq!(said.err, "pilothouse: pilothouse.toml is there already; remove it first\n");
    let said = world.run(&["convert", &file("6-scripted").display().to_string()]).ends_with(2);
    assert!(said.err.contains("it is a program"), "{}", said.err);
    let said = world.run(&["convert", &file("7-broken").display().to_string()]).ends_with(2);
    assert!(said.err.contains("  |     ^^^^^\n  = did you mean agent?"), "{}", said.err);
}

#[test]
fn an_output_that_cannot_be_written_is_a_failure() {
    let world = World::new();
    for verb in ["check", "check --json", "convert"] {
        let mut command = world.command();
        command.args(verb.split(' ')).arg(file("1-declarative"));
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let said = command.stdout(full).output().unwrap();
        let told = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(1), "{verb}: {told}");
        assert!(told.contains("cannot write to the standard output"), "{verb}: {told}");
    }
}
