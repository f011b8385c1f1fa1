//! What is said of a file.

mod mistakes;
mod slips;

use super::{Report, json, sarif};
use crate::table::Table;
use crate::verdict::Level;

fn look(text: &str) -> Report {
    Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in())
}

fn with_steps(steps: &str) -> Report {
    look(&format!("pipeline {{ agent any\n stages {{ stage('a') {{ steps {{\n{steps}\n}} }} }} }}"))
}

#[test]
fn each_level_has_its_files() {
    assert_eq!(with_steps("sh 'make'").level, Level::Declarative);
    assert_eq!(with_steps("script { if (env.A) { sh 'b' } }").level, Level::Groovy);
    assert_eq!(with_steps("slackSend 'done'").level, Level::Plugins);
    assert_eq!(with_steps("bat 'make'").level, Level::Elsewhere);
    assert_eq!(with_steps("deployEverything()").level, Level::Library);
    assert_eq!(look("node { sh 'make' }").level, Level::Scripted);
    assert_eq!(look("pipeline { agent any }").level, Level::Broken);
}

#[test]
fn an_import_in_braces_is_refused() {
    let report = with_steps("script {\nimport java.util.Date\nnew Date() }");
    let told: Vec<_> =
        report.problems.iter().map(|one| (one.message.as_str(), one.from.line)).collect();
    assert_eq!(told, [("Unknown type: IMPORT", 4)]);
    let top = look(
        "import java.util.Date\npipeline { agent any\nstages { stage('a') { steps { echo 'b' } } } }",
    );
    assert!(top.problems.is_empty(), "{:?}", top.problems);
}

#[test]
fn an_agent_is_told_once() {
    for agent in ["agent { }", "agent all", "agent { label: 'x' }"] {
        let report = look(&format!(
            "pipeline {{ {agent}\nstages {{ stage('a') {{ steps {{ echo 'b' }} }} }} }}"
        ));
        assert_eq!(report.problems.len(), 1, "{agent}: {:?}", report.problems);
        let is_untyped = report.problems[0].message.starts_with("No agent type specified");
        assert_eq!(is_untyped, agent == "agent { }", "{agent}");
    }
}

#[test]
fn a_step_is_known_by_capitals_too() {
    for step in ["Sh 'x'", "SH 'x'", "Echo 'x'"] {
        let report = with_steps(step);
        assert_eq!(report.problems.len(), 1, "{step}");
    }
}

#[test]
fn a_step_that_nobody_knows_is_named_with_its_line() {
    let report = with_steps("script { foo 'a' }\nbar()\nlib.baz()");
    let unknown: Vec<_> = report.unknown().map(|part| (part.name.as_str(), part.at.line)).collect();
    assert_eq!(unknown, [("foo", 3), ("bar", 4)]);
}

#[test]
fn what_the_file_defines_is_no_librarys() {
    let report = look(
        "def build(x) { sh x }\ndef tool = new Tool()\npipeline { agent any\n stages { stage('a') { \
         steps { build('a')\n script { tool.run()\n def f = { it }\n f(1) } } } } }",
    );
    assert_eq!(report.level, Level::Groovy, "{:?}", report.parts);
}

#[test]
fn what_makes_an_argument_is_no_step() {
    let report = with_steps(
        "script { checkout scmGit(branches: [[name: 'main']])\n\
         recordIssues tools: [java(), checkStyle(pattern: 'x')]\n\
         if (KIND.equals('a')) { publishIssues issues: [scan { other() }] } }",
    );
    let unknown: Vec<_> = report.unknown().map(|part| part.name.as_str()).collect();
    assert_eq!(unknown, ["other"]);
}

#[test]
fn every_mistake_is_told_at_once() {
    let report = look(
        "pipeline {\n  agnet any\n  stages {\n    stage('a') {\n      step { sh 'x' }\n    }\n    \
         stage('b') {\n      steps { sleep time: 'x', unit: 'SECS' }\n    }\n  }\n}\n",
    );
    let lines: Vec<usize> = report.problems.iter().map(|problem| problem.from.line).collect();
    assert_eq!(lines, [2, 5, 8, 8]);
}

#[test]
fn one_mistake_of_grammar_hides_no_other() {
    let report = look(
        "pipeline {\n  agent any\n  stages {\n    stage('a') {\n      steps {\n        sh('x'\n        \
         echo 'y'\n        sleep 'z'\n      }\n    }\n    stage('b') {\n      steps { }\n    }\n  \
         }\n}\n",
    );
    let told: Vec<_> =
        report.problems.iter().map(|one| (one.from.line, one.message.as_str())).collect();
    assert!(told.iter().any(|(line, _)| *line == 7), "{told:?}");
    let number = "Expecting \"int\" but got \"z\" of type class java.lang.String instead";
    assert!(told.contains(&(8, number)), "{told:?}");
    assert!(told.contains(&(12, "No steps specified for branch")), "{told:?}");
}

#[test]
fn bytes_that_are_no_text_are_told_where_they_begin() {
    let report = Report::of("Jenkinsfile", b"node {\n  sh '\xff'\n}\n", &Table::built_in());
    assert_eq!(report.level, Level::Scripted, "Jenkins reads it as well");
    let note = report.note.as_deref();
    assert_eq!(note, Some("no UTF-8 text from line 2, column 7 on; save it as UTF-8"));
}

#[test]
fn a_summary_says_what_is_in_the_way() {
    let said = with_steps("sh 'a'\nfoo()\nbat 'b'").summary(1);
    let wanted = [
        "level 5, needs shared libraries",
        "3 of 5 parts run",
        "Jenkinsfile:4:1: step foo: needs a library",
        "and 1 more",
    ];
    assert_eq!(said, wanted);
    let said = with_steps("foo()").summary(9);
    let wanted = [
        "level 5, needs shared libraries",
        "1 of 3 parts run",
        "Jenkinsfile:3:1: step foo: needs a library",
    ];
    assert_eq!(said, wanted);
    let said = look("pipeline { }").summary(1);
    let wanted = [
        "level 7, Jenkins refuses it",
        "Jenkinsfile:1:1: Missing required section \"stages\"",
        "and 1 more",
    ];
    assert_eq!(said, wanted);
}

#[test]
fn programs_get_the_same() {
    let reports = [with_steps("foo()\nsh 1")];
    let json = json(&reports);
    assert_eq!(json["levels"]["broken"], 1);
    assert_eq!(json["files"][0]["problems"][0]["line"], 4);
    let sarif = sarif(&reports, "1.2.3");
    let results = sarif["runs"][0]["results"].as_array().map(Vec::len);
    assert_eq!(results, Some(2));
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 4);
}

#[test]
fn what_is_not_read_is_no_refusal_of_jenkins() {
    let deep = format!("pipeline {{ {}1{} }}", "a(".repeat(500), ")".repeat(500));
    let large = "/".repeat(crate::MOST_BYTES + 1);
    for text in [deep, large] {
        let report = look(&text);
        assert_eq!(report.level, Level::Unread);
        assert!(report.problems.iter().any(|one| one.message.contains("read here")));
    }
    let chain = format!("x = 1\n{}{{ y() }}", "if (a) { b() } else ".repeat(300));
    assert_eq!(look(&chain).level, Level::Scripted);
}

#[test]
fn a_pipeline_that_is_nearly_called_so_is_meant() {
    for name in ["pipelin", "Pipeline", "pipelines"] {
        let report = look(&format!("{name} {{ agent any\nstages {{ }} }}"));
        let advice = report.problems.first().and_then(|one| one.advice.as_deref());
        assert_eq!(advice, Some("did you mean pipeline?"), "{name}");
    }
    assert_eq!(look("pipelines { build() }").level, Level::Scripted);
}

#[test]
fn a_pipeline_in_a_method_that_is_called_is_declarative() {
    let pipeline = "pipeline { agent any\nstages { stage('a') { steps { sh 'b' } } } }";
    assert_eq!(look(&format!("def call() {{\n{pipeline}\n}}")).level, Level::Declarative);
    assert_eq!(look(&format!("def call() {{\nfoo()\n{pipeline}\n}}")).level, Level::Groovy);
}

#[test]
fn a_step_called_error_is_no_section() {
    for (text, line) in [
        ("pipeline { agent any\nerror 'y'\nstages { stage('a') { steps { sh 'b' } } } }", 2),
        ("pipeline { agent any\nstages { stage('a') {\nerror 'y'\nsteps { sh 'b' } } } }", 3),
        (
            "pipeline { agent any\nstages { stage('a') { matrix {\nerror 'y'\naxes { axis { name 'A'; values 'b' } }\n\
          stages { stage('b') { steps { sh 'b' } } } } } } }",
            3,
        ),
        (
            "pipeline { agent any\nstages { stage('a') { matrix { axes { axis {\nerror 'y'\nname 'A'; values 'b' } }\n\
          stages { stage('b') { steps { sh 'b' } } } } } } }",
            3,
        ),
    ] {
        let lines: Vec<_> = look(text).problems.iter().map(|one| one.from.line).collect();
        assert_eq!(lines, [line], "{text}");
    }
    let report = look("pipeline { agent any()\nstages { stage('a') { steps { sh 'b' } } } }");
    let advice: Vec<_> = report.problems.iter().filter_map(|one| one.advice.as_deref()).collect();
    assert_eq!(advice, ["write agent any, without parentheses"]);
}

#[test]
fn what_jenkins_sets_and_a_run_does_not_needs_no_groovy() {
    for (step, name) in [
        ("sh 'echo $BUILD_URL'", "BUILD_URL"),
        ("sh \"echo ${BUILD_URL}\"", "BUILD_URL"),
        ("echo \"Running ${env.BUILD_URL}\"", "BUILD_URL"),
        ("echo \"${env.JOB_NAME}\"", "JOB_NAME"),
        ("echo \"${JENKINS_URL}\"", "JENKINS_URL"),
        ("echo env.BUILD_TAG", "BUILD_TAG"),
        ("echo \"${env.ANY}\"", "ANY"),
    ] {
        let report = with_steps(step);
        assert_eq!(report.level, Level::Declarative, "{step}");
        let note = format!("it uses {name}, which is not set here");
        assert!(report.parts.iter().any(|told| told.note == note), "{step}: {:?}", report.parts);
    }
    let image = "pipeline { agent { docker \"x:${env.TAG}\" }\nstages { stage('a') { steps { sh 'b' } } } }";
    assert_eq!(look(image).level, Level::Declarative);
    assert_eq!(with_steps("echo \"${any}\"").level, Level::Groovy);
}

#[test]
fn a_literal_is_no_expression() {
    let step = with_steps("timeout(time: 5, activity: true) { sh 'a' }");
    let option = look(
        "pipeline { agent any\noptions { timeout(time: 5, activity: true) }\nstages { stage('a') { \
         steps { sh 'b' } } } }",
    );
    for report in [step, option] {
        assert_eq!(report.level, Level::Declarative, "{:?}", report.parts);
        let mut notes = report.parts.iter().map(|told| told.note.as_str());
        assert!(notes.any(|note| note.starts_with("a time limit is a time")), "{:?}", report.parts);
    }
}
