//! What Groovy prepares, stops or changes around steps.

use super::{converted, running, with_steps};
use crate::report::Report;
use crate::table::Table;

#[test]
fn a_variable_that_groovy_sets_is_not_set_here() {
    for code in [
        "env.OUT = 'a'",
        "env.OUT += 'a'",
        "env.OUT++",
        "--env.OUT",
        "env['OUT'] = 'a'",
        "env.setProperty('OUT', 'a')",
        "env.\"OUT\" = 'a'",
        "env[V] = 'a'",
        "env.\"${V}\" = 'a'",
        "if (V) { [1].each { env.OUT = it } }",
    ] {
        let text = with_steps("", &format!("sh 'make'\nscript {{ {code} }}\nsh './read'"));
        assert!(running(&text).contains("make"), "{code}: {text}");
        assert!(!running(&text).contains("read"), "{code}: {text}");
        let text = with_steps(&format!("{code}\n"), "sh './read'");
        assert_eq!(running(&text).trim(), "", "{code}: {text}");
    }
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
        assert!(text.contains(" of line 8, which is left"), "{step}: {text}");
    }
    for step in [
        "script { currentBuild.displayName = \"#${BUILD_NUMBER}\" }",
        "script { def a = [b: 1]; if (a) { echo \"${a.b}\" } }",
        "script { slackSend message: V }",
        "script { if (V) { return }\ndef a = new Date() }",
        "junit testResults: V",
        "echo V",
    ] {
        let text = with_steps("", &format!("{step}\nsh 'make'"));
        assert!(text.contains("# not yet, line 5"), "{step}: {text}");
        assert!(running(&text).contains("make"), "{step}: {text}");
    }
    for step in [
        "script { x() }",
        "script { env.A = 'b' }",
        "script { currentBuild.result = 'FAILURE' }",
        "script { assert V }",
        "script { for (;;) { } }",
        "script { new Foo(this) }",
        "echo x()",
        "echo \"${sh(script: 'rm 1', returnStdout: true)}\"",
    ] {
        let text = with_steps("", &format!("{step}\nsh 'make'"));
        assert_eq!(running(&text).trim(), "", "{step}: {text}");
    }
    let text = with_steps("def junit(a) { sh 'rm 1' }\n", "junit 'a'\nsh 'make'");
    assert_eq!(running(&text).trim(), "", "a method of the file: {text}");
}

/// As Ant's `SelectorUtils.matchPath` judges them.
#[test]
fn a_stage_of_a_pattern_runs_on_the_branches_that_jenkins_means() {
    let names = ["main", "MAIN", "release", "release/1", "release/1/x", "releases/1", "hot/fix/1"];
    let release = ["release/1"].as_slice();
    for (when, wanted) in [
        ("branch 'main'", ["main", "MAIN"].as_slice()),
        ("branch 'release/*'", release),
        ("branch 'R*e/*'", release),
        ("branch 'rel*'", &["release"]),
        ("branch '*'", &["main", "MAIN", "release"]),
        ("branch '*/*'", &["release/1", "releases/1"]),
        ("branch 'release/**'", &["release", "release/1", "release/1/x"]),
        ("branch '**'", &names),
        ("branch '*.*'", &[]),
        (
            "anyOf { branch 'ma*'; branch '*/1'; branch 'hot/*/*' }",
            &["main", "MAIN", "release/1", "releases/1", "hot/fix/1"],
        ),
        (
            "not { branch 'main' }",
            &["release", "release/1", "release/1/x", "releases/1", "hot/fix/1"],
        ),
        ("not { branch '*' }", &["release/1", "release/1/x", "releases/1", "hot/fix/1"]),
        ("not { anyOf { branch '*'; branch 'release/**' } }", &["releases/1", "hot/fix/1"]),
        ("not { branch 'release/**' }; branch 'rel*/*'", &["releases/1"]),
        ("allOf { branch 'rel*/*'; not { branch 'release/**' } }", &["releases/1"]),
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\nstages {{ stage('a') {{\nwhen {{ {when} }}\nsteps {{ sh 'echo \
             runs' }} }} }} }}"
        ));
        let script = text.split("run = '''\n").nth(1).and_then(|rest| rest.split("'''").next());
        let script = script.unwrap_or_else(|| panic!("{when}: {text}"));
        let runs = |branch: &&&str| {
            let mut shell = std::process::Command::new("sh");
            let out = shell.args(["-c", script]).env("PILOTHOUSE_BRANCH", branch).output().unwrap();
            assert!(out.status.success(), "{when}: {script}");
            out.stdout == b"runs\n"
        };
        let found: Vec<&str> = names.iter().filter(runs).copied().collect();
        assert_eq!(found, wanted, "{when}: {script}");
    }
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
        ("branch pattern: 'c', comparator: 'GLOB'", line(c)),
        ("branch comparator: 'glob', pattern: 'c'", line(c)),
        ("anyOf { branch 'ab-1/x'; branch 'c' }", line(&format!("{ab}|{c}"))),
        ("branch 'ab-1/x'; branch 'c'", line(ab) + &line(c)),
        ("beforeAgent true; branch 'c'", line(c)),
        ("allOf { branch 'ab-1/x'; branch 'c' }", line(ab) + &line(c)),
    ] {
        let text = with("", when);
        assert!(text.contains(&format!("run = '''\n{wanted}make'''")), "{when}: {text}");
        assert!(text.contains("# line 4: when branch: on another branch"), "{when}: {text}");
        assert!(text.contains("run = \"all\""), "{when}: {text}");
    }
    for when in [
        "branch 'a?'",
        "branch 'a/**/b'",
        "branch 'a*/**'",
        "not { not { branch 'a' } }",
        "not { allOf { branch 'a'; branch 'b' } }",
        "anyOf { branch 'a'; not { branch 'b' } }",
        "branch 'a b'",
        "branch '/a'",
        "branch ''",
        "branch \"${V}\"",
        "branch pattern: 'a', comparator: 'REGEXP'",
        "branch pattern: 'a', comparator: 'equals'",
        "not { buildingTag() }",
        "allOf { branch 'a'; buildingTag() }",
        "anyOf { branch 'a'; buildingTag() }",
        "branch 'a'; environment name: 'A', value: 'b'",
        "expression { BRANCH_NAME == 'a' }",
    ] {
        assert_eq!(running(&with("", when)).trim(), "", "{when}");
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
        let before = format!("{around}\n{pipeline}");
        for text in [before.clone(), format!("{pipeline}\n{around}")] {
            let report = Report::of("Jenkinsfile", text.as_bytes(), &table);
            assert!(report.level > crate::verdict::Level::Declarative, "{text}");
            let text = converted(&text);
            assert!(text.contains(": Groovy: it stands outside of the pipeline"), "{text}");
            let is_run = !text.contains("behind the Groovy of line 1");
            assert_eq!(running(&text).contains("make"), is_run, "{text}");
            assert!(!running(&text).contains("rm"), "{text}");
        }
        let is_run = running(&converted(&before)).contains("make");
        assert_eq!(is_run, around.starts_with("def"), "{around}");
    }
    for around in [
        "if (a) { error 'b' }",
        "node { input 'b' }",
        "def a = b() { throw c }",
        "return",
        "if (a) { return }",
        "try { return 1 } finally { }",
        "for (;;) { }",
        "for (int i = 0; true; i++) { }",
        "for (int i = 0; i < 2;) { }",
    ] {
        let text = converted(&format!("{around}\n{pipeline}"));
        assert_eq!(running(&text).trim(), "", "{text}");
    }
    for around in ["def f() { return 1 }", "f = { return 1 }", "for (int i = 0; i < 2; i++) { }"] {
        let text = converted(&format!("{around}\n{pipeline}"));
        assert!(running(&text).contains("make"), "{text}");
    }
    let text = converted(&format!("def call() {{ if (a) {{ return }}\n{pipeline} }}"));
    assert_eq!(running(&text).trim(), "", "{text}");
    let library = converted(&pipeline.replace("agent any", "agent any\nlibraries { lib('x') }"));
    assert!(library.contains("not yet, line 2: library: its steps"), "{library}");
    assert!(converted(&format!("@Library('a') _\n{pipeline}")).contains("line 1: library: its"));
}

#[test]
fn nothing_runs_without_a_variable_that_programs_may_read() {
    for before in [
        "environment { PATH = \"/a:${env.PATH}\" }",
        "environment { HOME = '/a' }",
        "environment { KUBECONFIG = credentials('a') }",
        "environment { AWS_PROFILE = \"${params.TARGET}\" }",
        "environment { TF_WORKSPACE = sh(script: 'a', returnStdout: true) }",
        "parameters { password(name: 'TARGET', defaultValue: 'a') }",
        "tools { jdk '21' }",
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\n{before}\n stages {{ stage('a') {{ steps {{ sh './deploy.sh'\nsh \
             'docker run -e TOKEN a' }} }} }} }}"
        ));
        assert_eq!(running(&text).trim(), "", "{before}: {text}");
    }
    // One that is set nearer is what is read; behind its stage the other one is.
    let text = converted(
        "pipeline { agent any\n environment { A = credentials('a') }\n stages {\nstage('a') { \
         environment { A = 'b' }\nsteps { sh 'own' } }\nstage('c') { steps { sh 'rm 1' } } } }",
    );
    assert!(!running(&text).contains("rm 1"), "{text}");
    let text = with_steps("", "sh 'make'\nwithEnv([\"A=${V}\"]) { sh 'rm 1' }\nsh 'rm 2'");
    assert!(running(&text).contains("make") && !running(&text).contains("rm"), "{text}");
    assert!(text.contains("behind the withEnv of line 6"), "{text}");
}
