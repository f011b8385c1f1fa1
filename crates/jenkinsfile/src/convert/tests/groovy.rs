//! What Groovy prepares, stops or changes around steps.

use super::{converted, running, with_steps};
use crate::report::Report;
use crate::table::Table;

#[test]
fn a_variable_that_groovy_sets_is_not_set_here() {
    for code in [
        "env.OUT = 'a'",
        "env.OUT += 'a'",
        "env['OUT'] = 'a'",
        "env.setProperty('OUT', 'a')",
        "env.\"OUT\" = 'a'",
        "env[V] = 'a'",
        "env.\"${V}\" = 'a'",
        "if (V) { [1].each { env.OUT = it } }",
    ] {
        let text = with_steps("", &format!("script {{ {code} }}\nsh 'rm -rf $OUT/*'\nsh 'make'"));
        assert!(!running(&text).contains("rm -rf"), "{code}: {text}");
        assert!(running(&text).contains("make"), "{code}: {text}");
        let text = with_steps(&format!("def set() {{ {code} }}\n{code}\n"), "sh 'rm $OUT'");
        assert!(!running(&text).contains("rm"), "{code}: {text}");
    }
    let text = converted(
        "env.OUT = 'a'\npipeline { agent any\n environment { OUT = 'b' }\n tools { jdk '21' }\n stages \
         { stage('a') { steps { sh 'rm $OUT'\nsh '$JAVA_HOME/bin/x' } } } }",
    );
    assert!(running(&text).contains("rm $OUT"), "its environment stands before it: {text}");
    assert!(!running(&text).contains("JAVA_HOME"), "{text}");
}

#[test]
fn nothing_runs_behind_groovy_that_may_stop_the_run() {
    for step in [
        "script { if (env.BRANCH_NAME != 'main') { error 'no' } }",
        "script { if (x) { throw new Exception('no') } }",
        "script { guard() }",
        "guard()",
        "error V",
    ] {
        let guard = "def guard() { inner() }\ndef inner() { error 'no' }\n";
        let text = with_steps(guard, &format!("sh 'make'\n{step}\nsh 'rm 1'"));
        assert!(running(&text).contains("make"), "{step}: {text}");
        assert!(!running(&text).contains("rm 1"), "{step}: {text}");
        assert!(text.contains("behind line 8: the run may stop there"), "{step}: {text}");
    }
    let text = with_steps("", "script { x() }\nsh 'make'");
    assert!(running(&text).contains("make"), "{text}");
}

#[test]
fn a_stage_of_some_branches_ends_at_once_on_the_others() {
    let with = |before: &str, when: &str| {
        converted(&format!(
            "pipeline {{ agent any\n{before}\nstages {{ stage('a') {{\nwhen {{ {when} }}\nsteps {{ \
             sh 'make' }} }}\nstage('b') {{ steps {{ sh 'all' }} }} }} }}"
        ))
    };
    let line = |names: &str| format!("case $PILOTHOUSE_BRANCH in {names}) ;; *) exit 0 ;; esac\n");
    let (ab, c) = ("[aA][bB]-1/[xX]", "[cC]");
    for (when, wanted) in [
        ("branch 'ab-1/x'", line(ab)),
        ("branch pattern: \"c\"", line(c)),
        ("anyOf { branch 'ab-1/x'; branch 'c' }", line(&format!("{ab}|{c}"))),
        ("branch 'ab-1/x'; branch 'c'", line(ab) + &line(c)),
        ("beforeAgent true; branch 'c'", line(c)),
    ] {
        let text = with("", when);
        assert!(text.contains(&format!("run = '''\n{wanted}make'''")), "{when}: {text}");
        assert!(text.contains("# line 4: when branch: on another branch"), "{when}: {text}");
        assert!(text.contains("run = \"all\""), "{when}: {text}");
    }
    for when in [
        "branch 'release/*'",
        "branch 'a?'",
        "branch 'a b'",
        "branch '/a'",
        "branch ''",
        "branch \"${V}\"",
        "branch pattern: 'a', comparator: 'REGEXP'",
        "not { branch 'a' }",
        "allOf { branch 'a' }",
        "anyOf { branch 'a'; buildingTag() }",
        "branch 'a'; environment name: 'A', value: 'b'",
        "expression { BRANCH_NAME == 'a' }",
    ] {
        assert_eq!(running(&with("", when)).matches("run = ").count(), 1, "{when}");
    }
    for before in
        ["environment { BRANCH_NAME = 'x' }", "parameters { string(name: 'BRANCH_NAME') }"]
    {
        assert!(!running(&with(before, "branch 'a'")).contains("make"), "{before}");
    }
    let own = with("", "branch 'a' }\nenvironment { BRANCH_NAME = 'a'");
    assert!(!running(&own).contains("make"), "{own}");
}

#[test]
fn what_stands_outside_of_the_pipeline_is_told() {
    let table = Table::built_in();
    let pipeline = "pipeline { agent any\n stages { stage('a') { steps { sh 'make' } } } }";
    for around in ["node { sh 'rm 1' }", "if (a) { b() }", "properties([])", "def x = 1; x += 1"] {
        for text in [format!("{around}\n{pipeline}"), format!("{pipeline}\n{around}")] {
            let report = Report::of("Jenkinsfile", text.as_bytes(), &table);
            assert!(report.level > crate::verdict::Level::Declarative, "{text}");
            let text = converted(&text);
            assert!(text.contains(": Groovy: it stands outside of the pipeline"), "{text}");
            assert!(running(&text).contains("make") && !running(&text).contains("rm"), "{text}");
        }
    }
    for around in ["if (a) { error 'b' }", "node { input 'b' }", "def a = b() { throw c }"] {
        let text = converted(&format!("{around}\n{pipeline}"));
        assert_eq!(running(&text).trim(), "", "{text}");
    }
    assert!(converted(&format!("@Library('a') _\n{pipeline}")).contains("line 1: library: its"));
}

#[test]
fn nothing_runs_where_programs_would_find_others() {
    for before in [
        "environment { PATH = \"/a:${env.PATH}\" }",
        "environment { HOME = '/a' }",
        "agent { docker { image 'a'; args '-v /a:/a -e OUT=/b' } }",
        "agent { docker { image 'a'; args '--env-file=a' } }",
        "agent { docker { image 'a'; args V } }",
    ] {
        let agent = if before.starts_with("agent") { "" } else { "agent any" };
        let text = converted(&format!(
            "pipeline {{ {agent}\n{before}\n stages {{ stage('a') {{ steps {{ sh 'rm -rf $OUT/*' }} }} \
             }} }}"
        ));
        assert_eq!(running(&text).trim(), "", "{before}: {text}");
    }
    let text = with_steps("", "script { env.PATH = \"/a:${env.PATH}\" }\nsh 'make'");
    assert_eq!(running(&text).trim(), "", "{text}");
    let text = with_steps("", "sh 'make'\nwaitForQualityGate abortPipeline: true\nsh 'rm 1'");
    assert!(running(&text).contains("make") && !running(&text).contains("rm 1"), "{text}");
}
