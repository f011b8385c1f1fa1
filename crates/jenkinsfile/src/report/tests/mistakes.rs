//! What Jenkins refuses, and how it is told.

use super::{json, look, sarif, with_steps};
use crate::table::Support;
use crate::verdict::Level;

#[test]
fn what_is_too_much_to_be_told_is_counted() {
    for step in ["sh 1\n", "x(1 2)\n"] {
        let reports = [with_steps(&step.repeat(130))];
        let report = &reports[0];
        assert_eq!((report.problems.len(), report.more_problems), (100, 30), "{step}");
        assert_eq!(report.summary(24).last().map(String::as_str), Some("and 106 more"));
        assert_eq!(json(&reports)["files"][0]["more_problems"], 30);
        let sarif = sarif(&reports, "1.2.3");
        let last = sarif["runs"][0]["results"][100]["message"]["text"].as_str();
        assert_eq!(last, Some("30 more mistakes are not listed"));
    }
}

#[test]
fn two_pipelines_are_one_too_many() {
    let pipeline = "pipeline { agent any\nstages { stage('a') { steps { sh 'b' } } } }";
    let other = pipeline.replace("agent any", "agent any\nagnet any");
    let report = look(&format!("{pipeline}\n{other}"));
    let told: Vec<_> = report.problems.iter().map(|one| (one.from.line, &*one.message)).collect();
    let only = "Only one pipeline { ... } block can be executed in a single run.";
    assert_eq!(told, [(3, only), (4, "Undefined section \"agnet\"")]);
    assert!(report.unknown().next().is_none(), "{:?}", report.parts);
    let either = format!("def call() {{ if (a) {{ {pipeline} }} else {{ {pipeline} }} }}");
    assert_eq!(look(&either).problems.len(), 0);
}

#[test]
fn names_and_types_of_arguments_are_told_once() {
    for (step, column, message) in [
        (
            "junit testResult: 'a'",
            7,
            "Invalid parameter \"testResult\", did you mean \"testResults\"?",
        ),
        (
            "withEnv('A=b') { sh 'c' }",
            9,
            "Expecting \"interface java.util.List\" but got \"A=b\" of type class java.lang.String \
             instead",
        ),
        (
            "echo ${FOO}",
            6,
            "${FOO} cannot be used as a value directly. Did you mean \"${FOO}\"? (add quotes)",
        ),
    ] {
        let report = with_steps(step);
        let told: Vec<_> =
            report.problems.iter().map(|one| (one.from.column, &*one.message)).collect();
        assert_eq!(told, [(column, message)], "{step}");
        assert_eq!(report.unknown().count(), 0, "{step}: {:?}", report.parts);
    }
    let right =
        ["junit testResults: 'a', b: 'c'", "withEnv(A) { sh 'b' }", "withEnv([]) { echo 'b' }"];
    for step in right {
        assert_eq!(with_steps(step).problems.len(), 0, "{step}");
    }
}

#[test]
fn a_time_that_jenkins_does_not_know_is_told_in_its_place() {
    let with = |trigger: &str| {
        look(&format!(
            "pipeline {{ agent any\ntriggers {{\n{trigger} }}\nstages {{ stage('a') {{ steps {{ sh \
             'b' }} }} }} }}"
        ))
    };
    for (trigger, line, column, what) in [
        ("cron('nonsense')", 3, 7, "\"nonsense\": the minute is no number: 'nonsense'"),
        (
            "pollSCM(scmpoll_spec: 'H 25 * * *')",
            3,
            26,
            "\"H 25 * * *\": 25 is out of range in the hour: 0 to 23",
        ),
        ("cron('''TZ=UTC\n  H H * * *\n  @often''')", 5, 3, "\"@often\": there is no @often"),
        ("cron '* * *'", 3, 12, "\"* * *\": 3 fields instead of five: the month is missing"),
        // The file says it in other letters.
        ("cron '* *\\t*'", 3, 6, "\"* *\t*\": 3 fields instead of five: the month is missing"),
    ] {
        let report = with(trigger);
        let told = report.problems.iter();
        let told = told.map(|one| (one.from.line, one.from.column, &*one.message));
        let wanted = format!("Invalid input: {what}");
        assert_eq!(told.collect::<Vec<_>>(), [(line, column, &*wanted)], "{trigger}");
        assert!(report.problems.iter().all(|one| one.advice.is_some()), "{trigger}");
    }
    for trigger in ["cron(A ? '@daily' : '')", "cron(\"${A}\")", "pollSCM('')", "cron('@midnight')"]
    {
        assert_eq!(with(trigger).problems.len(), 0, "{trigger}");
    }
}

fn advised(text: &str) -> Vec<(String, String)> {
    let told = look(text).problems.into_iter();
    told.map(|one| (one.message, one.advice.unwrap_or_default())).collect()
}

#[test]
fn a_section_among_steps_is_told_where_it_belongs() {
    for (section, place) in [
        ("when { branch 'a' }", "put it into the stage, beside steps { }"),
        ("post { always { echo 'a' } }", "put it into the stage or into pipeline { }"),
        ("agent any", "put it into the stage or into pipeline { }"),
        ("parameters { string(name: 'a') }", "put it at the top of pipeline { }"),
        ("triggers { cron('@daily') }", "put it at the top of pipeline { }"),
        ("steps { echo 'a' }", "leave steps { } out"),
        ("dir('a') { options { timestamps() } }", "put it into the stage or into pipeline { }"),
    ] {
        let report = with_steps(&format!("{section}\nsh 'a'"));
        let told: Vec<_> = report.problems.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(told.len(), 1, "{section}: {told:?}");
        assert!(told[0].starts_with("No such DSL method '"), "{told:?}");
        let advice = report.problems[0].advice.as_deref().unwrap_or_default();
        assert!(advice.starts_with(place), "{section}: {advice}");
    }
    let text = "def options(a) { a() }\npipeline { agent any\nstages { stage('a') { steps { options { echo \
                'b' } } } } }";
    assert_eq!(advised(text), []);
}

#[test]
fn a_step_that_is_a_letter_off_is_told() {
    for (step, near) in [("ehco 'x'", "echo"), ("archiveArtifact 'x'", "archiveArtifacts")] {
        let told: Vec<_> = with_steps(step).problems.into_iter().map(|one| one.advice).collect();
        assert_eq!(told, [Some(format!("did you mean {near}?"))], "{step}");
    }
    for step in ["deployTo 'x'", "mvn 'x'", "s3 'x'"] {
        assert_eq!(with_steps(step).problems.len(), 0, "{step}");
    }
    for library in ["@Library('a') _\n", "library 'a'\n", "def ehco(a) { }\n"] {
        let text = format!(
            "{library}pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ ehco 'x' }} }} }} }}"
        );
        assert_eq!(advised(&text), [], "{library}");
    }
}

#[test]
fn a_step_around_others_has_braces() {
    for step in ["dir('a')", "withEnv(['A=b'])", "timeout(5)", "retry(3)"] {
        let told: Vec<_> = with_steps(step).problems.into_iter().map(|one| one.message).collect();
        let name = step.split('(').next().unwrap_or_default();
        assert_eq!(told, [format!("{name} step must be called with a body")], "{step}");
    }
}

#[test]
fn a_section_in_the_wrong_place_is_told_the_right_one() {
    for (in_pipeline, in_stage, place) in [
        ("", "parameters { string(name: 'a') }", "put it at the top of pipeline { }"),
        ("", "triggers { cron('@daily') }", "put it at the top of pipeline { }"),
        (
            "",
            "options { buildDiscarder(logRotator(numToKeepStr: '1')) }",
            "an option of a pipeline",
        ),
        ("when { branch 'a' }", "", "put it into stages { stage('name') { … } }"),
        ("stage('b') { steps { echo 'a' } }", "", "put it into stages { }"),
    ] {
        let told = advised(&format!(
            "pipeline {{ agent any\n{in_pipeline}\nstages {{ stage('a') {{\n{in_stage}\nsteps {{ sh 'a' \
             }} }} }} }}"
        ));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].1.contains(place), "{told:?}");
    }
}

#[test]
fn one_mistake_is_told_once() {
    for (section, is_read) in [
        ("agnet any", false),
        ("agent any\nenvironment { 1A = 'b' }", true),
        ("agent any\nenvironment { A-B = 'c' }", true),
        ("agent any\nenvironment { A: 'b' }", true),
    ] {
        let told = advised(&format!(
            "pipeline {{\n{section}\nstages {{ stage('a') {{ steps {{ sh 'a' }} }} }} }}"
        ));
        assert_eq!(told.len(), 1, "{section}: {told:?}");
        assert_eq!(told[0].1.contains("did you mean agent?"), !is_read, "{told:?}");
    }
    let unclosed = |from: &str, to: &str| {
        let text = "pipeline {\nagent any\nstages {\nstage('a') {\nsteps {\nsh 'b'\n}\n}\n}\n}\n";
        advised(&text.replacen(from, to, 1))
    };
    for (from, to) in [("sh 'b'", "sh b'"), ("sh 'b'", "sh 'b''"), ("sh 'b'", "sh 'b")] {
        let told = unclosed(from, to);
        assert_eq!(told.len(), 1, "{to}: {told:?}");
    }
    let stage = "pipeline { agent any\nstages {\nSTAGE { stepps { sh 'a'\nsleep time: 'z' } } } }";
    let told = advised(&stage.replace("STAGE", "stage('a')"));
    assert_eq!(told.len(), 2, "what stands in it is looked at: {told:?}");
}

#[test]
fn a_byte_order_mark_is_told() {
    let text = "pipeline { agent any\nstages { stage('a') { steps { sh 'b' } } } }";
    assert_eq!(advised(text), []);
    let told = advised(&format!("\u{feff}{text}"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1, "save it as UTF-8 without a byte order mark");
}

#[test]
fn the_history_to_keep_has_names_that_are_known() {
    let with = |name: &str| {
        let option = format!("buildDiscarder(logRotator(numToKeepStr: '1', {name}: '2'))");
        advised(&format!(
            "pipeline {{ agent any\noptions {{ {option} }}\nstages {{ stage('a') {{ steps {{ sh 'b' }} }} }} }}"
        ))
    };
    assert_eq!(with("daysToKeepStr"), []);
    let told = with("dayToKeepStr");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0.contains("did you mean \"daysToKeepStr\"?"), "{told:?}");
}

#[test]
fn a_name_that_a_plugin_may_bring_is_unknown_and_no_mistake() {
    let text = "pipeline { agent { podman { image 'a' } }\noptions { gitHubThing('a') }\ntriggers { ours() }\n\
                parameters { shape(name: 'A') }\n\
                stages { stage('a') { options { ours() }\nsteps { sh 'b' } } } }";
    let report = look(text);
    assert_eq!(report.problems.len(), 0, "{:?}", report.problems);
    assert_eq!(report.level, Level::Library);
    let unknown: Vec<_> = report.unknown().map(|part| (&*part.name, &*part.note)).collect();
    let names = ["podman", "gitHubThing", "ours", "shape", "ours"];
    let note = "of no known plugin; Jenkins refuses the file without one";
    assert_eq!(unknown, names.map(|name| (name, note)));
    assert_eq!(report.count(Support::Runs), 0, "{:?}", report.parts);
}

#[test]
fn a_name_that_is_nearly_a_known_one_is_a_mistake() {
    let text = "pipeline { agent { dockr { image 'a' } }\noptions { timestmps() }\ntriggers { corn('@daily') }\n\
                parameters { sting(name: 'A') }\n\
                stages { stage('a') { options { buildDiscarder(logRotator()) }\nsteps { sh 'b' } } } }";
    let report = look(text);
    let advice: Vec<_> = report.problems.iter().filter_map(|one| one.advice.as_deref()).collect();
    let wanted = [
        "did you mean docker?",
        "did you mean timestamps?",
        "did you mean cron?",
        "did you mean string?",
        "buildDiscarder is an option of a pipeline: put it at its top",
    ];
    assert_eq!(advice, wanted);
    assert_eq!(report.level, Level::Broken);
}

#[test]
fn one_slip_is_told_once() {
    let stages = "stages { stage('a') { steps { sh 'b' } } }";
    for (text, message, advice) in [
        (
            format!("pipeline {{ agent anny\n{stages} }}"),
            "Only \"agent none\", \"agent any\" or \"agent {...}\" are allowed.",
            Some("did you mean agent any?"),
        ),
        (
            format!("pipeline {{ agent any\n{} }}", stages.replacen("stages", "stage", 1)),
            "Undefined section \"stage\"",
            Some("did you mean stages?"),
        ),
        (
            format!(
                "pipeline {{ agent any\n{} }}",
                stages.replace("{ steps", "{ when { branch }\nsteps")
            ),
            "Expected a when condition",
            Some("Groovy stands in expression { }"),
        ),
        (
            format!("pipeline {{ agent any\nenvironment = {{\nA = 'b'\n}}\n{stages} }}"),
            "Not a valid section definition: \"environment = { A = 'b' }\". Some extra configuration \
             is required.",
            None,
        ),
    ] {
        let report = look(&text);
        let told: Vec<_> =
            report.problems.iter().map(|one| (&*one.message, one.advice.as_deref())).collect();
        assert_eq!(told, [(message, advice)], "{text}");
    }
}
