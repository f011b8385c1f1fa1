//! Variables that are set to nothing, which Jenkins takes away.

use super::{converted, running};

fn with_environment(environment: &str, stage: &str) -> String {
    converted(&format!(
        "pipeline {{ agent any\nenvironment {{ {environment} }}\nstages {{ stage('a') {{ {stage} }} }} }}"
    ))
}

#[test]
fn what_is_set_to_nothing_is_not_there() {
    let text = with_environment("E = ''; F = 'x'", "steps { sh 'make' }");
    assert!(text.contains("env = { F = \"x\" }\nrun = \"make\""), "{text}");
    // What was around it is not there either.
    let text = with_environment("E = 'x'", "steps { withEnv(['E=']) { sh 'make' } }");
    assert!(text.contains("name = \"a\"\nrun = \"make\""), "{text}");
    let text = with_environment("E = 'x'", "environment { E = '' }\nsteps { sh 'make' }");
    assert!(text.contains("name = \"a\"\nrun = \"make\""), "{text}");
    // What a run sets by itself is taken away.
    let text = with_environment("CI = ''", "steps { sh 'make' }");
    assert!(text.contains("run = '''\nunset CI\nmake'''"), "{text}");
    // A name that a run has here under another one is not set to that.
    let text = with_environment("BUILD_ID = ''", "steps { sh 'echo $BUILD_ID' }");
    assert!(text.contains("name = \"a\"\nrun = \"echo $BUILD_ID\""), "{text}");
}

#[test]
fn a_parameter_is_an_empty_text_and_what_is_set_to_it_is_nothing() {
    let with = |environment: &str, stage: &str| {
        converted(&format!(
            "pipeline {{ agent any\nparameters {{ string(name: 'P', defaultValue: '') }}\nenvironment {{ \
             {environment} }}\nstages {{ stage('a') {{ {stage} }} }} }}"
        ))
    };
    let text = with("F = 'x'", "steps { sh \"make '${params.P}${env.P}${P}'\" }");
    // A process does not have it, as if it were set to nothing.
    assert!(text.contains("env = { F = \"x\" }\nrun = \"make ''\""), "{text}");
    for value in ["\"${params.P}\"", "\"${env.P}\"", "\"${P}\""] {
        let text = with(&format!("E = {value}"), "steps { sh 'make' }");
        assert!(text.contains("name = \"a\"\nrun = \"make\""), "{value}: {text}");
    }
    // Beside each other an empty one is a text still.
    let text = with("E = \"${params.P}\"; F = \"${E}x\"", "steps { sh 'make' }");
    assert!(text.contains("env = { F = \"x\" }\nrun = \"make\""), "{text}");
}

#[test]
fn an_empty_parameter_is_there_in_a_container_alone() {
    let with = |agent: &str, name: &str| {
        converted(&format!(
            "pipeline {{ agent {agent}\nparameters {{ string(name: '{name}', defaultValue: '') }}\n\
             stages {{ stage('a') {{ steps {{ sh 'set -u; echo $P' }} }} }} }}"
        ))
    };
    let text = with("any", "P");
    assert!(text.contains("name = \"a\"\nrun = \"set -u; echo $P\""), "{text}");
    let text = with("{ docker 'debian' }", "P");
    assert!(text.contains("env = { P = \"\" }\nrun = \"set -u; echo $P\""), "{text}");
    // What a run sets by itself is taken away.
    assert!(with("any", "CI").contains("run = '''\nunset CI\nset -u; echo $P'''"));
    assert!(with("{ docker 'debian' }", "CI").contains("env = { CI = \"\" }"));
}

#[test]
fn to_groovy_what_is_not_there_is_null() {
    let text = with_environment("E = ''", "steps { sh \"make ${env.E}\" }");
    assert!(text.contains("name = \"a\"\nrun = \"make null\""), "{text}");
    let text = with_environment("E = ''", "environment { F = \"${env.E}\" }\nsteps { sh 'make' }");
    assert!(text.contains("F = \"null\""), "{text}");
    // Alone it is no variable of Groovy, and as a script it is none.
    for step in ["sh \"make ${E}\"", "echo E", "echo env.E"] {
        let text = with_environment("E = ''", &format!("steps {{ {step}\nsh 'behind' }}"));
        assert!(!running(&text).contains("make") && text.contains("E is set to nothing"), "{text}");
    }
}

#[test]
fn what_is_empty_has_its_default_in_a_shell() {
    let text = super::container::in_container(
        "withEnv(['OUT=']) {\nsh 'mkdir ${OUT:-/opt/x}'\nsh 'make'\n}",
    );
    assert!(text.contains("since `mkdir /opt/x`"), "{text}");
}
