//! Where stages run, and what is there.

use super::{converted, running, with_steps};
use crate::report::{Report, Told};
use crate::table::{Support, Table};
use crate::verdict::Part;

fn parts(text: &str, part: Part) -> Vec<Told> {
    let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
    assert!(report.problems.is_empty(), "{text}: {:?}", report.problems);
    report.parts.into_iter().filter(|told| told.part == part).collect()
}

#[test]
fn a_stage_with_an_agent_of_its_own_runs_below_one_that_does_not() {
    let with = |own: &str| {
        format!(
            "pipeline {{ agent {{ kubernetes {{ yaml 'a' }} }}\nstages {{ stage('a') {{ steps {{ echo 'rm \
             1' }} }}\nstage('b') {{ {own}\nsteps {{ sh 'make' }} }} }} }}"
        )
    };
    for own in ["agent any", "agent { docker 'node:22' }", "agent { label 'linux' }"] {
        let text = converted(&with(own));
        assert!(running(&text).contains("make") && !running(&text).contains("rm 1"), "{text}");
        let stages = parts(&with(own), Part::Stage);
        let support: Vec<_> = stages.iter().map(|stage| stage.support).collect();
        assert_eq!(support, [Support::NotYet, Support::Runs], "{own}");
    }
    for own in [
        "",
        "agent { docker { image 'a'; reuseNode true } }",
        "agent { kubernetes { yaml 'b' } }",
        "agent any\nwhen { buildingTag() }",
    ] {
        let text = converted(&with(own));
        assert_eq!(running(&text).trim(), "", "{own}: {text}");
    }
    // A wrapper around all of them is not the agent's.
    let text = with("agent any").replacen("stages", "options { lock('a') }\nstages", 1);
    assert_eq!(running(&converted(&text)).trim(), "");
}

#[test]
fn a_stage_without_an_agent_runs_on_the_one_around_it() {
    let with = |around: &str| {
        format!(
            "pipeline {{ agent {around}\nstages {{ stage('a') {{ agent none\nsteps {{ sh 'make' }} }} }} }}"
        )
    };
    assert!(running(&converted(&with("any"))).contains("make"));
    assert!(running(&converted(&with("{ docker 'node:22' }"))).contains("image = \"node:22\""));
    assert!(!running(&converted(&with("none"))).contains("make"));
}

#[test]
fn a_later_checkout_puts_back_what_was_changed() {
    let steps = "checkout scm\nsh 'echo 2 > version'\ncheckout scm\nsh 'cat version'";
    let text = with_steps("", steps);
    assert_eq!(running(&text).matches("git checkout --force").count(), 1, "{text}");
    let text = converted(&format!(
        "pipeline {{ agent {{ docker 'node:22' }}\nstages {{ stage('a') {{ steps {{\n{steps}\n}} }} }} }}"
    ));
    assert!(!running(&text).contains("cat version"), "{text}");
}

#[test]
fn each_setting_of_an_agent_has_its_own_reason() {
    let own = "each run has a workspace of its own";
    for (agent, said) in [
        ("label 'gpu'", "label: executors have no labels"),
        ("label \"${V}\"", "label: executors have no labels"),
        ("node { label 'linux'; customWorkspace '/b' }", own),
        ("docker { image 'a'; customWorkspace '/b' }", own),
        ("docker { image 'a'; label 'b' }", "label: executors have no labels"),
        ("docker { image 'a'; args '-u 0 -v /a:/a' }", "args: a setting of the container"),
        ("docker { image 'a'; args V }", "args: a setting of the container"),
        ("docker { image 'a'; alwaysPull true }", "alwaysPull: an image that is here"),
        ("docker { image 'a'; registryUrl 'https://b' }", "registryUrl: write the registry into"),
        ("docker { image 'a'; registryCredentialsId 'b' }", "registryCredentialsId: secrets"),
    ] {
        let text = format!(
            "pipeline {{ agent {{ {agent} }}\nstages {{ stage('a') {{ steps {{ sh 'make' }} }} }} }}"
        );
        let told = converted(&text);
        assert!(told.contains("so nothing on it runs") && told.contains(said), "{agent}: {told}");
        assert_eq!(running(&told).trim(), "", "{agent}: {told}");
        let agents = parts(&text, Part::Agent);
        assert!(agents.iter().all(|told| told.support == Support::NotYet), "{agents:?}");
        let steps = parts(&text, Part::Step);
        assert!(steps.iter().all(|told| told.note.contains(" of its agent is not")), "{steps:?}");
    }
    for agent in [
        "label ''",
        "node { label 'linux'; retries 2 }",
        "docker { image 'a'; args ''; label 'docker'; alwaysPull false; reuseNode true }",
    ] {
        let text = format!(
            "pipeline {{ agent {{ {agent} }}\nstages {{ stage('a') {{ steps {{ sh 'make' }} }} }} }}"
        );
        assert!(running(&converted(&text)).contains("make"), "{agent}");
        let agents = parts(&text, Part::Agent);
        assert!(agents.iter().all(|told| told.support == Support::Runs), "{agents:?}");
    }
}

#[test]
fn nothing_that_wants_files_runs_before_the_first_checkout() {
    let with = |option: &str, steps: &str, more: &str| {
        converted(&format!(
            "pipeline {{ agent any\noptions {{ {option} }}\nstages {{ stage('a') {{ steps {{ {steps} }} \
             }}\n{more} }} }}"
        ))
    };
    let steps = "echo 'hi'\ncleanWs()\ncheckout scm\nsh 'make'";
    let early = "echo 'hi'\nsh 'rm 1'\ndir('b') { sh 'rm 2' }\ncheckout scm\nsh 'rm 3'";
    let same = "stage('b') { steps { sh 'same' } }";
    for option in ["skipDefaultCheckout()", "skipDefaultCheckout(true)", "skipDefaultCheckout true"]
    {
        let text = with(option, steps, same);
        let run = running(&text);
        assert!(run.contains("make") && run.contains("same") && run.contains("' hi"), "{text}");
        let text = with(option, early, same);
        let run = running(&text);
        assert!(run.contains("' hi") && !run.contains("rm") && !run.contains("same"), "{text}");
        assert!(text.contains("line 2: option skipDefaultCheckout: a run begins"), "{text}");
    }
    let text = with("skipDefaultCheckout(false)", early, same);
    assert!(running(&text).contains("rm 1"), "{text}");
    // Each agent begins without them; what comes behind it is on the first one again.
    let more = "stage('b') { agent any\nsteps { sh 'rm 1' } }\nstage('c') { steps { sh 'last' } }";
    let text = with("skipDefaultCheckout()", "script { checkout scm }\nsh 'make'", more);
    assert!(running(&text).contains("make") && !running(&text).contains("last"), "{text}");
    assert!(!running(&text).contains("rm 1"), "{text}");
    let text = with(
        "skipDefaultCheckout()",
        "checkout scm",
        &more.replace("sh 'rm 1'", "checkout scm; sh 'make'"),
    );
    assert!(running(&text).contains("last"), "{text}");
    for (agent, is_run) in [("agent any", false), ("", true)] {
        let more = format!(
            "stage('b') {{ {agent}\noptions {{ skipDefaultCheckout() }}\nsteps {{ sh 'own' }} }}\n\
             stage('c') {{ steps {{ sh 'last' }} }}"
        );
        let text = with("disableResume()", "sh 'make'", &more);
        assert_eq!(running(&text).contains("own"), is_run, "{agent}: {text}");
        assert_eq!(running(&text).contains("last"), is_run, "{agent}: {text}");
    }
    // A workspace of one's own is empty already: then the sources come anew.
    for steps in
        ["deleteDir()\ncheckout scm\nsh 'make'", "echo 'a'\ncleanWs()\ncheckout scm\nsh 'make'"]
    {
        assert!(running(&with_steps("", steps)).contains("make"), "{steps}");
    }
    for steps in [
        "deleteDir()\nsh 'make'",
        "cleanWs(patterns: [])\ncheckout scm\nsh 'make'",
        "dir('a') { deleteDir() }\ncheckout scm\nsh 'make'",
        "sh 'a'\ndeleteDir()\ncheckout scm\nsh 'make'",
    ] {
        assert!(!running(&with_steps("", steps)).contains("make"), "{steps}");
    }
    // On other branches there was no checkout.
    let text = with(
        "skipDefaultCheckout()",
        "echo 'hi'",
        "stage('b') { when { branch 'a' }\nsteps { checkout scm } }\nstage('c') { steps { sh 'rm 1' } }",
    );
    assert!(!running(&text).contains("rm 1"), "{text}");
}

#[test]
fn a_stage_of_which_nothing_is_taken_over_does_not_run() {
    for (steps, is_run) in [
        ("junit 'a'", false),
        ("script { x() }", false),
        ("dir('b') { junit 'a' }", false),
        ("echo 'a'", true),
        ("checkout scm", true),
        ("junit 'a'\nsh 'b'", true),
    ] {
        let text =
            format!("pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ {steps} }} }} }} }}");
        let wanted = if is_run { Support::Runs } else { Support::NotYet };
        assert_eq!(parts(&text, Part::Stage)[0].support, wanted, "{steps}");
    }
    let text = "pipeline { agent any\nstages { stage('a') { stages { stage('b') { steps { junit 'a' } } \
                } }\nstage('c') { stages { stage('d') { steps { sh 'a' } } } } } }";
    let support: Vec<_> = parts(text, Part::Stage).iter().map(|stage| stage.support).collect();
    assert_eq!(support, [Support::NotYet, Support::NotYet, Support::Runs, Support::Runs]);
}

#[test]
fn the_name_of_a_job_is_not_that_of_a_project() {
    for step in ["sh 'rm -rf /tmp/$JOB_NAME'", "sh \"a ${JOB_NAME}\"", "echo \"${env.JOB_NAME}\""] {
        let text = with_steps("", step);
        assert_eq!(running(&text).trim(), "", "{step}: {text}");
    }
}
