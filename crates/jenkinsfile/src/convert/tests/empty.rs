//! Variables that are set to nothing, which Jenkins takes away.

use super::{converted, running, with_steps};

fn with_environment(environment: &str, stage: &str) -> String {
    converted(&format!(
        "pipeline {{ agent any\nenvironment {{ {environment} }}\nstages {{ stage('a') {{ {stage} }} }} }}"
    ))
}

#[test]
fn what_is_set_to_nothing_is_not_there() {
    let text = with_environment("E = ''; F = 'x'", "steps { sh 'make' }");
    assert!(text.contains("env = { F = \"x\" }\nrun = '''\nunset E\nmake'''"), "{text}");
    let text = with_steps("", "withEnv(['E=']) { sh 'make' }");
    assert!(text.contains("run = '''\nunset E\nmake'''"), "{text}");
    // A name that a run has here under another one is taken away as well.
    let text = with_environment("BUILD_ID = ''", "steps { sh 'echo $BUILD_ID' }");
    assert!(text.contains("run = '''\nunset BUILD_ID\necho $BUILD_ID'''"), "{text}");
    // Nothing can stand before a script that another interpreter reads.
    let text = with_steps("", "withEnv(['E=']) { sh '''#!/usr/bin/perl\nprint 1''' }");
    assert!(!running(&text).contains("print 1"), "{text}");
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
    assert!(text.contains("P = \"\"") && text.contains("run = \"make ''\""), "{text}");
    for value in ["\"${params.P}\"", "\"${env.P}\"", "\"${P}\""] {
        let text = with(&format!("E = {value}"), "steps { sh 'make' }");
        assert!(text.contains("run = '''\nunset E\nmake'''"), "{value}: {text}");
    }
    // Beside each other an empty one is a text still.
    let text = with("E = \"${params.P}\"; F = \"${E}x\"", "steps { sh 'make' }");
    assert!(text.contains("F = \"x\"") && text.contains("unset E\nmake"), "{text}");
}

#[test]
fn to_groovy_what_is_not_there_is_null() {
    let text = with_environment("E = ''", "steps { sh \"make ${env.E}\" }");
    assert!(running(&text).contains("unset E\nmake null'''"), "{text}");
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
