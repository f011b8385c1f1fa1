//! Groovy that is none.

use super::{converted, running, with_steps};

#[test]
fn plain_steps_in_a_script_are_what_they_are_outside() {
    for steps in [
        "sh 'make'\necho 'done'",
        "dir('a') { sh 'make' }",
        "withEnv(['A=b']) { sh 'make' }",
        "checkout scm\nsh(script: 'make', label: 'x')",
        "sh 'make'\njunit 'a.xml'",
        "sh '''\n make a\n make b\n'''\nsleep 5",
        "timeout(5) { sh 'make' }",
        "sh 'make'\nretry(3) { sh 'make' }",
    ] {
        let within = with_steps("", &format!("script {{ {steps} }}"));
        let outside = with_steps("", steps);
        assert_eq!(running(&within), running(&outside), "{steps}");
        assert!(running(&within).contains("make"), "{steps}: {within}");
    }
}

#[test]
fn a_script_with_groovy_is_left_as_a_whole() {
    for (before, code) in [
        ("", "sh 'make'\nif (a) { sh 'b' }"),
        ("", "def a = sh(script: 'b', returnStdout: true)\nsh 'make'"),
        ("", "sh \"make ${BUILD_NUMBER}\""),
        ("", "sh 'make' + 'a'"),
        ("", "sh V"),
        ("", "sh 'make'\nourOwn()"),
        ("", "sh 'make'\nreadFile 'a'"),
        ("", "println 'a'\nsh 'make'"),
        ("", "sh 'make'\ntry { sh 'a' } finally { sh 'b' }"),
        ("", "stage('b') { sh 'make' }"),
        ("", "node('b') { sh 'make' }"),
        ("", "parallel a: { sh 'make' }"),
        ("", "env.A = 'b'\nsh 'make'"),
        ("", "steps.sh 'make'"),
        ("", "script { sh 'make' }"),
        ("", "dir('a') { sh 'make'\nx = 1 }"),
        ("", "return sh('make')"),
        ("", "sh script: 'make', labl: 'a'"),
        ("def sh(a) { b() }\n", "sh 'make'"),
        ("def scm = 'a'\n", "checkout scm\nsh 'make'"),
    ] {
        let text = with_steps(before, &format!("script {{ {code} }}"));
        assert_eq!(running(&text).trim(), "", "{code}: {text}");
        assert!(text.contains(": script: Groovy"), "{code}: {text}");
    }
}

#[test]
fn a_variable_of_the_file_is_no_checkout_of_the_run() {
    for steps in ["checkout scm", "script { checkout scm }", "checkout(scm: scm)"] {
        let text = with_steps("def scm = [$class: 'GitSCM']\n", &format!("{steps}\nsh 'make'"));
        assert_eq!(running(&text).trim(), "", "{steps}: {text}");
        assert!(running(&with_steps("", &format!("{steps}\nsh 'make'"))).contains("make"));
    }
}

#[test]
fn what_holds_back_in_a_script_holds_back() {
    for script in
        ["input 'Deploy?'", "sh 'make'\nwaitForQualityGate abortPipeline: true", "unstash 'a'"]
    {
        let text = with_steps("", &format!("script {{ {script} }}\nsh 'rm 1'"));
        assert!(!running(&text).contains("rm 1"), "{script}: {text}");
    }
    let text = with_steps("", "script { if (A) { unstash 'a' } }\nsh 'rm 1'");
    assert_eq!(running(&text).trim(), "", "{text}");
    let text = with_steps("", "script { error 'no' }\nsh 'rm 1'");
    assert!(running(&text).contains("exit 1"), "{text}");
}

#[test]
fn a_time_limit_is_that_of_one_step_alone() {
    for (steps, is_one) in [
        ("sh 'a'", true),
        ("dir('b') { sh 'a' }", true),
        ("dir('b') { sh 'a'; sh 'c' }", false),
        ("script { sh 'a'; sh 'c' }", false),
    ] {
        let text = converted(&format!(
            "pipeline {{ agent any\nstages {{ stage('a') {{ options {{ timeout(5) }}\nsteps {{ {steps} \
             }} }} }} }}"
        ));
        let note = "option timeout: each step has the time limit";
        assert_eq!(!text.contains(note), is_one, "{steps}: {text}");
    }
}
