//! Parameters have their defaults, where the file says them.

use super::{converted, running};
use crate::report::Report;
use crate::table::{Support, Table};
use crate::verdict::Part;

fn with(parameter: &str, step: &str) -> String {
    format!(
        "pipeline {{ agent any\nparameters {{\n{parameter} }}\nstages {{ stage('a') {{ steps {{ {step} \
         }} }} }} }}"
    )
}

#[test]
fn a_default_is_the_value_of_its_parameter() {
    let why = "runs have no parameters yet: P is always its default";
    for (parameter, value) in [
        ("string(name: 'P', defaultValue: 'a b')", "a b"),
        ("string(name: 'P', defaultValue: '', description: 'c')", ""),
        ("text(name: 'P', defaultValue: 'a')", "a"),
        ("booleanParam(name: 'P', defaultValue: true)", "true"),
        ("booleanParam(name: 'P')", "false"),
        ("choice(name: 'P', choices: ['qa', 'production'])", "qa"),
        ("choice(name: 'P', choices: 'qa\\nproduction')", "qa"),
    ] {
        let file = with(parameter, "sh 'make $P'");
        let text = converted(&file);
        // An empty one is none to a process.
        let env =
            if value.is_empty() { String::new() } else { format!("env = {{ P = \"{value}\" }}\n") };
        let wanted = format!("\n{env}run = \"make $P\"");
        assert!(running(&text).contains(&wanted), "{parameter}: {text}");
        let kind = parameter.split('(').next().unwrap();
        assert!(text.contains(&format!("# not yet, line 3: parameter {kind}: {why}")), "{text}");
        for name in ["params.P", "P", "env.P"] {
            let text = converted(&with(parameter, &format!("sh \"make '${{{name}}}'\"")));
            let wanted = format!("run = \"make '{value}'\"");
            assert!(running(&text).contains(&wanted), "{name}: {text}");
        }
        let report = Report::of("Jenkinsfile", file.as_bytes(), &Table::built_in());
        let told = report.parts.iter().find(|told| told.part == Part::Parameter).unwrap();
        assert_eq!((told.support, told.note.as_str()), (Support::NotYet, why));
        let step = report.parts.iter().find(|told| told.part == Part::Step).unwrap();
        assert_eq!(step.support, Support::Runs);
    }
}

#[test]
fn what_nearer_ones_and_capitals_say_is_what_jenkins_has() {
    let parameter = "string(name: 'target', defaultValue: 'a')";
    let text = converted(&with(parameter, "sh 'make $TARGET'"));
    assert!(running(&text).contains("env = { TARGET = \"a\", target = \"a\" }"), "{text}");
    let step = "withEnv(['target=b']) { sh \"make ${params.target} ${target}\" }";
    let text = converted(&with(parameter, step));
    assert!(running(&text).contains("run = \"make a b\""), "{text}");
}

#[test]
fn parameters_that_differ_only_in_capitals_are_left() {
    for names in [["target", "TARGET"], ["target", "Target"], ["P", "P"]] {
        let both = names.map(|name| format!("string(name: '{name}', defaultValue: 'a')"));
        let text = converted(&with(&both.join("\n"), "sh 'make'"));
        assert_eq!(running(&text).trim(), "", "{text}");
        let why = "line 4: parameter string: another one has its name, but for capitals at most";
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn a_value_that_the_file_does_not_say_is_none() {
    for parameter in [
        "string(name: 'P')",
        "string(name: 'P', defaultValue: V)",
        "string(name: 'P', defaultValue: \"${env.BRANCH_NAME}\")",
        "string(name: 'P', defaultValue: ' a ', trim: true)",
        "string(name: 'P', defaultValue: 'a$b')",
        "string(name: 'PATH', defaultValue: 'a')",
        "string(name: 'BRANCH_NAME', defaultValue: 'a')",
        "string(name: 'CHANGE_ID', defaultValue: 'a')",
        "string(name: 'P', defaultValue: 'a')\nbooleanParam(name: 'P')",
        "booleanParam(name: 'P', defaultValue: V)",
        "choice(name: 'P', choices: V)",
        "choice(name: 'P', choices: [V, 'a'])",
        "password(name: 'P', defaultValue: 'a')",
        "credentials(name: 'P', defaultValue: 'a')",
        "file(name: 'P')",
    ] {
        for step in ["sh 'make'", "sh \"make ${params.P}\""] {
            let text = converted(&with(parameter, step));
            assert_eq!(running(&text).trim(), "", "{parameter}: {text}");
        }
    }
}
