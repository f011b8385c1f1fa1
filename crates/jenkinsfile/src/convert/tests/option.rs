//! Steps with braces as options.

use super::{converted, running, with_steps};
use crate::judge;
use crate::parser::parse;
use crate::table::Table;

/// A pipeline and a stage with these before their steps.
fn with(pipeline: &str, stage: &str) -> String {
    converted(&format!(
        "pipeline {{ agent any\n{pipeline}\nstages {{ stage('a') {{\n{stage}\nsteps {{ sh 'make' }} \
         }} }} }}"
    ))
}

#[test]
fn variables_of_an_option_are_set_as_those_of_the_step() {
    for (option, wanted) in [
        ("withEnv(['A=b', 'C=d'])", "env = { A = \"b\", C = \"d\" }\nrun = \"make\""),
        ("ansiColor('xterm')", "env = { TERM = \"xterm\" }\nrun = \"make\""),
        ("timestamps()", "name = \"a\"\nrun = \"make\""),
    ] {
        let option = format!("options {{ {option} }}");
        for text in [with(&option, ""), with("", &option)] {
            assert!(running(&text).contains(wanted), "{option}: {text}");
        }
        let beside = "environment { E = 'f' }";
        assert!(running(&with(&format!("{option}\n{beside}"), "")).contains("make"), "{option}");
    }
    for option in ["withEnv([\"A=${B}\"])", "withEnv(['A'])", "withEnv(V)", "ansiColor(V)"] {
        let option = format!("options {{ {option} }}");
        for text in [with(&option, ""), with("", &option)] {
            assert_eq!(running(&text).trim(), "", "{option}: {text}");
            assert!(text.contains("so nothing in it runs"), "{option}: {text}");
        }
    }
}

#[test]
fn an_option_whose_variable_stands_elsewhere_too_is_left() {
    let option = "options { withEnv(['A=b']) }";
    for beside in [
        "environment { A = 'c' }",
        "environment { B = \"${A}\" }",
        "parameters { string(name: 'A') }",
        "parameters { string(name: 'a', defaultValue: 'c') }",
    ] {
        let text = with(&format!("{option}\n{beside}"), "");
        assert_eq!(running(&text).trim(), "", "{beside}: {text}");
    }
    let text = with(&format!("{option}\nenvironment {{ BASE = 'A-B_A' }}"), "");
    assert!(!running(&text).contains("make"), "{text}");
    let text = with(&format!("{option}\nenvironment {{ BASE = 'BA_A' }}"), "");
    assert!(running(&text).contains("env = { A = \"b\", BASE = \"BA_A\" }"), "{text}");
    let text = with("", "options { withEnv(['BRANCH_NAME=b']) }\nwhen { branch 'b' }");
    assert_eq!(running(&text).trim(), "", "{text}");
    let text = with("environment { A = 'c' }", option);
    assert!(running(&text).contains("env = { A = \"b\" }"), "{text}");
}

#[test]
fn colours_name_the_terminal_of_the_steps_in_them() {
    let text = with_steps("", "ansiColor('vga') { sh 'make' }\nsh 'ship'");
    assert!(text.contains("env = { TERM = \"vga\" }\nrun = \"make\""), "{text}");
    assert!(text.contains("name = \"2 sh\"\nrun = \"ship\""), "{text}");
    assert_eq!(running(&with_steps("", "ansiColor(V) { sh 'make' }")).trim(), "");
}

#[test]
fn a_step_that_wants_files_is_no_option() {
    for option in ["dir('sub')", "sh 'make'"] {
        let text = format!(
            "pipeline {{ agent any\noptions {{ {option} }}\nstages {{ stage('a') {{ steps {{ sh 'b' }} }} }} }}"
        );
        let (script, grammar) = parse(&text);
        let table = Table::built_in();
        let problems = judge(&text, &script, &grammar, &table).problems;
        assert!(problems[0].message.starts_with("Invalid option type \""), "{problems:?}");
        assert!(problems[0].advice.as_ref().unwrap().contains("is a step"), "{problems:?}");
    }
}
