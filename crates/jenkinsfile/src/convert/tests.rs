//! What is taken over, and what is not.

use super::convert;
use crate::judge;
use crate::parser::parse;
use crate::table::Table;

fn converted(text: &str) -> String {
    let (script, grammar) = parse(text);
    let table = Table::built_in();
    let judged = judge(text, &script, &grammar, &table);
    assert_eq!(judged.problems, []);
    convert("Jenkinsfile", text, &judged.pipeline.unwrap(), &table).text
}

#[test]
fn what_both_can_say_is_taken_over() {
    let text = converted(
        "pipeline {\n agent { docker 'node:22' }\n environment { A = 'b'; C = \"c-${env.A}\" }\n \
         stages { stage('Test') {\n options { timeout(time: 5, unit: 'MINUTES') }\n steps {\n \
         checkout scm\n sh '''\n   make a\n   make b\n '''\n dir('sub') { sh \"make ${A} ${env.C}\" \
         }\n } } } }",
    );
    let wanted = r#"
[[stage]]
name = "Test"
image = "node:22"
[[stage.step]]
name = "1 sh"
timeout = "5m"
env = { A = "b" }
run = """
export C="c-${A}"
make a
make b
"""
[[stage.step]]
name = "2 sh"
timeout = "5m"
env = { A = "b" }
run = """
export C="c-${A}"
cd -- sub
make ${A} ${C}
"""
"#;
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn what_cannot_be_said_is_a_comment_with_its_line() {
    let text = converted(
        "pipeline {\n agent any\n stages { stage('a') {\n when { branch 'main' }\n steps {\n script \
         { x() }\n slackSend 'y'\n echo \"$(z)'\\n\"\n } } }\n post { always { deleteDir() } } }"
            .replace("$(z)", "z")
            .as_str(),
    );
    for line in ["line 4: when", "line 6: script", "line 7: slackSend", "line 10: post always"] {
        assert!(text.contains(&format!("# not yet, {line}")), "{line}: {text}");
    }
}

#[test]
fn what_may_not_run_does_not() {
    let text = converted(
        "pipeline {\n agent any\n stages { stage('Deploy') {\n when { branch 'main' }\n steps { sh \
         'make deploy' } }\n stage('b') { steps { sh \"echo ${env.BRANCH_NAME}\" } } } }",
    );
    let stage = "# [[stage]]\n# name = \"Deploy\"\n# run = \"make deploy\"\n";
    assert!(text.contains(stage), "{text}");
    assert!(
        text.contains("export BRANCH_NAME=\"$PILOTHOUSE_BRANCH\"\necho ${BRANCH_NAME}"),
        "{text}"
    );
}

#[test]
fn a_comment_stays_one_whatever_it_says() {
    let text = converted(
        "pipeline {\n agent any\n tools { maven 'a\\n[service]\\nrun = \"evil\"' }\n stages { \
         stage('a\\n]') { steps { sh 'b' } } } }",
    );
    assert!(!text.lines().any(|line| line == "run = \"evil\""), "{text}");
    assert!(text.contains("name = \"a ]\""), "{text}");
}
