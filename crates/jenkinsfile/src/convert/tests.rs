//! What is taken over, and what is not.

mod agent;
mod background;
mod change;
mod container;
mod empty;
mod groovy;
mod honest;
mod install;
mod long;
mod nested;
mod option;
mod parameter;
mod place;
mod script;

use super::convert;
use crate::judge;
use crate::parser::parse;
use crate::report::Report;
use crate::table::{Support, Table};

fn converted(text: &str) -> String {
    let (script, grammar) = parse(text);
    let table = Table::built_in();
    let judged = judge(text, &script, &grammar, &table);
    assert_eq!(judged.problems, []);
    convert("Jenkinsfile", text, &script, &judged.pipeline.unwrap(), &table).text
}

/// A pipeline of one stage with these steps, each on a line from the fifth on.
fn with_steps(before: &str, steps: &str) -> String {
    converted(&format!(
        "{before}pipeline {{\n agent any\n stages {{\n stage('a') {{ steps {{\n{steps}\n}} }} }} }}"
    ))
}

/// What of the text runs: all that is no comment, up to the service.
fn running(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "[service]");
    lines.filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
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
# line 7: checkout: a run begins with its commit checked out
[[stage.step]]
name = "1 sh"
timeout = "5m"
env = { A = "b", C = "c-b" }
run = '''

   make a
   make b
 '''
[[stage.step]]
name = "2 sh"
timeout = "5m"
env = { A = "b", C = "c-b" }
run = '''
mkdir -p -- sub
cd -- sub
make b c-b'''
"#;
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn what_cannot_be_said_is_a_comment_with_its_line() {
    let text = converted(
        "pipeline {\n agent any\n stages { stage('a') {\n when { buildingTag() }\n steps {\n script \
         { x() }\n slackSend 'y'\n echo \"z\"\n } } }\n post { always { deleteDir() } } }",
    );
    for line in ["line 4: when", "line 6: script", "line 7: slackSend", "line 10: post always"] {
        assert!(text.contains(&format!("# not yet, {line}")), "{line}: {text}");
    }
}

#[test]
fn what_may_not_run_does_not() {
    let text = converted(
        "pipeline {\n agent any\n stages { stage('Deploy') {\n when { buildingTag() }\n steps { sh \
         'make deploy' } }\n stage('b') { steps { sh 'echo $BRANCH_NAME' } } } }",
    );
    let stage = "# [[stage]]\n# name = \"Deploy\"\n# run = \"make deploy\"\n";
    assert!(text.contains(stage), "{text}");
    let behind = "# not yet, line 6: stage b: behind the sh of line 5, which is left\n# [[stage]]";
    assert!(text.contains(behind), "{text}");
    let text = with_steps("", "sh 'echo $BRANCH_NAME'");
    let exported = "\nexport BRANCH_NAME=\"$PILOTHOUSE_BRANCH\"\necho $BRANCH_NAME";
    assert!(text.contains(exported), "{text}");
}

#[test]
fn a_comment_stays_one_whatever_it_says() {
    let text = converted(
        "pipeline {\n agent any\n tools { maven 'a\\n[service]\\nrun = \"evil\"' }\n stages { \
         stage('a\\n]\\u202e') { steps { sh 'b' } } } }",
    );
    assert!(!text.lines().any(|line| line == "run = \"evil\""), "{text}");
    assert!(text.contains("name = \"a ]\""), "{text}");
}

#[test]
fn what_a_wrapper_holds_does_not_run_without_it() {
    for wrapper in [
        "dir(params.OUT)",
        "dir('..')",
        "ws('/data')",
        "container('db')",
        "withCredentials([string(credentialsId: 'a', variable: 'B')])",
        "catchError",
        "warnError('a')",
        "waitUntil",
        "retry(3)",
        "lock('a')",
        "node('a')",
        "sshagent(['a'])",
        "wrap([$class: 'A'])",
        "withEnv(['PATH=/a'])",
        "withEnv([\"A=${params.B}\"])",
        "timeout(time: V)",
        "ourOwn('a')",
    ] {
        let text = with_steps("", &format!("echo 'b'\n{wrapper} {{ sh 'rm -rf *' }}\necho 'e'"));
        assert!(!running(&text).contains("rm -rf"), "{wrapper}: {text}");
        let name = wrapper.split(['(', ' ']).next().unwrap_or_default();
        let place = text.find(&format!("# not yet, line 6: {name}")).unwrap();
        let inner = text.find("# run = \"rm -rf *\"").unwrap();
        let around = [text.find("printf '%s\\\\n' b"), text.find("# run = \"printf '%s\\\\n' e")];
        assert!(around[0] < Some(place) && place < inner && Some(inner) < around[1], "{text}");
    }
}

#[test]
fn nothing_runs_behind_a_question_to_a_person() {
    for question in [
        "input 'Deploy?'",
        "timeout(5) { input 'Deploy?' }",
        "script { if (x) { input 'Deploy?' } }",
        "ask()",
    ] {
        let text = converted(&format!(
            "def ask() {{ sure() }}\ndef sure() {{ input 'a' }}\npipeline {{\n agent any\n stages \
             {{\n stage('a') {{ steps {{ sh 'make'\n{question}\nsh 'rm 1' }} }}\nstage('b') {{ \
             steps {{ sh 'rm 2' }} }} }} }}"
        ));
        assert!(running(&text).contains("make"), "{question}: {text}");
        assert!(!running(&text).contains("rm"), "{question}: {text}");
        let behind = text.contains(" of line 7, which is left");
        assert!(behind, "{question}: {text}");
    }
    let text = converted(
        "pipeline {\n agent any\n stages { stage('a') { input { message 'b' }\nsteps { sh 'rm 1' } \
         }\nstage('c') { steps { sh 'rm 2' } } } }",
    );
    assert_eq!(running(&text).trim(), "", "{text}");
}

#[test]
fn groovy_puts_values_in_before_a_shell_reads() {
    let before = "pipeline { agent any\n environment { NAME = 'joe'\nOPTS = \"--msg='a b'\" }\n\
                  stages { stage('a') {\nenvironment { NAME = \"${NAME}-two\"; A = \"x-${LATER}\"; LATER = '1' }\nsteps {\n";
    let with = |step: &str| running(&converted(&format!("{before}{step}\n}} }} }} }}")));
    for (step, wanted) in [
        ("sh \"echo 'name is ${NAME}'\"", "run = \"echo 'name is joe-two'\""),
        ("sh \"printf '<%s>' ${OPTS}\"", "run = \"printf '<%s>' --msg='a b'\""),
        ("sh \"echo ${env.A}\"", "run = \"echo x-1\""),
        ("sh \"a:${BUILD_NUMBER}\"", "run = \"a:${PILOTHOUSE_RUN}\""),
        ("sh \"echo \\\"a:${env.BUILD_NUMBER}\\\"\"", "${PILOTHOUSE_RUN}"),
        ("echo \"on ${BRANCH_NAME}\"", "on ${PILOTHOUSE_BRANCH}"),
        ("withEnv(['B=c', \"D=${NAME}\"]) { sh 'echo $B' }", "B = \"c\", D = \"joe-two\""),
    ] {
        assert!(with(step).contains(wanted), "{step}: {}", with(step));
    }
    for step in [
        "sh \"echo ${VERSION}\"",
        "sh \"echo ${params.OUT}\"",
        "sh \"echo ${OUT}\"",
        "sh \"IFS=/; for a in ${WORKSPACE}; do b; done\"",
        "sh 'rm -rf $WORKSPACE_TMP/*'",
        "sh \"echo '${BUILD_NUMBER}'\"",
        "sh \"echo \\\\${BUILD_NUMBER}\"",
        "sh \"echo \\$A${BUILD_NUMBER}\"",
        "sh \"A${BUILD_NUMBER}=1 make\"",
        "sh \"cat <<'E'\\n${BUILD_NUMBER}\\nE\"",
        "sh \"echo \\\"\\$(echo '${BUILD_NUMBER}')\\\"\"",
        "sh \"echo ${BRANCH_NAME}\"",
        "sh OUT",
        "sh params.OUT",
        "error V",
        "echo V",
    ] {
        assert_eq!(with(step).trim(), "", "{step}");
    }
    let text = with_steps("def NAME = 'a'\n", "sh \"echo ${NAME}\"");
    assert_eq!(running(&text).trim(), "", "{text}");
}

#[test]
fn a_value_that_jenkins_expands_is_left() {
    let text = converted(
        "pipeline { agent any\n environment { A = '${HOME}/a'; B = \"b-${BUILD_NUMBER}\"; C = \
         \"c-${C}\" }\n stages { stage('a') { steps { sh 'make' } } } }",
    );
    assert!(text.contains("line 2: variable A: Jenkins expands"), "{text}");
    assert!(text.contains("line 2: variable C: C is a variable of Groovy"), "{text}");
    assert!(text.contains("# export B=\"b-${PILOTHOUSE_RUN}\"\n# make"), "{text}");
}

#[test]
fn a_script_keeps_its_interpreter() {
    let script = "sh '''#!/bin/bash\nset -o pipefail\n'''";
    let wanted = "run = '''\n#!/bin/bash\nset -o pipefail\n'''";
    let text = with_steps("", script);
    assert!(text.contains(wanted), "{text}");
    for step in [format!("dir('a') {{ {script} }}"), script.replace("set", "echo $BUILD_ID; set")] {
        let text = with_steps("", &step);
        assert_eq!(running(&text).trim(), "", "{text}");
    }
}

#[test]
fn a_stage_that_names_an_agent_has_no_others() {
    let with = |agent: &str| {
        converted(&format!(
            "pipeline {{ agent {{ docker 'node:22' }}\n stages {{ stage('a') {{ agent {agent}\nsteps \
             {{ sh 'make' }} }} }} }}"
        ))
    };
    assert!(with("{ docker 'go:1' }").contains("image = \"go:1\""));
    for agent in ["any", "{ label 'linux' }", "{ node { label '' } }"] {
        let text = with(agent);
        assert!(!text.contains("image = ") && running(&text).contains("make"), "{agent}: {text}");
    }
    for agent in [
        "{ label 'a' }",
        "{ dockerfile true }",
        "{ kubernetes { yaml 'a' } }",
        "{ docker \"a:${B}\" }",
    ] {
        let text = with(agent);
        assert!(!running(&text).contains("make"), "{agent}: {text}");
    }
}

#[test]
fn directories_and_files_are_made() {
    let text = with_steps("", "dir('a b') { sh 'make' }\nwriteFile file: 'x/y.txt', text: 'z'");
    assert!(text.contains("mkdir -p -- 'a b'\ncd -- 'a b'\nmake"), "{text}");
    assert!(text.contains("mkdir -p -- x\nprintf '%s' z > x/y.txt"), "{text}");
    for (step, is_aside) in [
        ("writeFile file: 'a', text: 'b', encoding: 'Base64'", false),
        ("deleteDir()", false),
        ("cleanWs()", false),
        ("dir('src') { checkout scm }", false),
        ("dir('src') { stash 'a' }", true),
        ("archiveArtifacts 'a'", true),
        ("sh ''", false),
        ("sh '  '", false),
        ("sh 'a\\u0000'", false),
    ] {
        let text = with_steps("", &format!("sh 'before'\n{step}\nsh 'make'"));
        assert!(text.contains("# not yet, line 6"), "{step}: {text}");
        assert!(running(&text).contains("before"), "{step}: {text}");
        assert_eq!(running(&text).contains("make"), is_aside, "{step}: {text}");
    }
}

#[test]
fn a_variable_of_the_file_is_not_one_of_jenkins() {
    let text = converted(
        "pipeline { agent any\n environment { JOB_NAME = 'a' }\n stages { stage('a') { steps { sh \
         'echo $JOB_NAME' } } } }",
    );
    assert!(text.contains("env = { JOB_NAME = \"a\" }\nrun = \"echo $JOB_NAME\""), "{text}");
}

#[test]
fn a_script_is_not_changed() {
    let script = "docker build\\\\\n      -t a\\\\\n\u{a0}\n      .\n  ";
    let text = with_steps("", &format!("sh '''{script}'''"));
    let said = script.replace("\\\\", "\\");
    assert!(text.contains(&format!("run = '''\n{said}'''\n")), "{text}");
}

#[test]
fn a_letter_by_its_number_is_that_letter_in_each_string() {
    for script in ["'m\\u0061ke'", "/m\\u0061ke/", "$/m\\u0061ke/$"] {
        let text = with_steps("", &format!("sh({script})"));
        assert!(text.contains("run = \"make\""), "{script}: {text}");
    }
    let text = with_steps("", "sh(/a\\\\u0061/)");
    assert!(text.contains("a\\\\\\\\u0061") || text.contains("'a\\\\u0061'"), "{text}");
}

#[test]
fn each_stage_of_a_matrix_stands_there() {
    let text = converted(
        "pipeline { agent any\n options { timeout(5) }\n stages { stage('m') { matrix { axes { axis \
         { name 'OS'; values 'a', 'b' } }\nstages { stage('b') { steps { sh 'make $OS'\nsh 'make' \
         } } } } } } }",
    );
    assert!(text.contains("line 2: option timeout: each step has the time limit"), "{text}");
    assert!(text.contains("# run = \"make\""), "{text}");
    assert!(text.contains("# run = \"make $OS\""), "{text}");
    assert_eq!(running(&text).trim(), "", "{text}");
}

#[test]
fn what_check_promises_is_what_is_taken_over() {
    let cases = [
        ("sh 'a'", Some(1)),
        ("sh V", None),
        ("sh params.P", None),
        ("sh \"${params.P}\"", None),
        ("echo V", None),
        ("dir(params.P) { sh 'a' }", None),
        ("error V", None),
        ("withEnv([\"A=${V}\"]) { sh 'a' }", None),
        ("withEnv(['A=1']) { sh 'a' }", Some(2)),
        ("checkout([$class: 'GitSCM'])", None),
        ("timeout(time: V) { sh 'a' }", None),
        ("timeout(time: 5) { sh 'a' }", Some(2)),
        ("timeout(5) { sh 'a'\nsh 'b' }", None),
        ("sh(script: 'a', returnStatus: true)", None),
        ("archiveArtifacts 'a'", None),
        ("script { sh 'a' }", Some(2)),
        ("script { sh 'a'; x() }", None),
        ("script { junit 'a' }", None),
        ("dir('a') { junit 'b' }", None),
        ("timeout(5) { junit 'b' }", None),
        ("retry(2) { sh 'a' }", None),
        ("input 'a'\nsh 'b'", None),
        ("stash 'a'\nunstash 'a'", None),
    ];
    for (steps, count) in cases {
        let text = format!(
            "pipeline {{ agent any\n stages {{ stage('a') {{ steps {{\n{steps}\n}} }} }} }}"
        );
        let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
        let is_step = |part: &&crate::report::Told| part.part == crate::verdict::Part::Step;
        let run = report.parts.iter().filter(is_step);
        let run = run.filter(|part| part.support == Support::Runs).count();
        assert_eq!(run, count.unwrap_or_default(), "{steps}: {:?}", report.parts);
        let is_run = running(&converted(&text)).contains("run = ");
        assert_eq!(is_run, count.is_some(), "{steps}");
    }
}

#[test]
fn what_is_not_seen_stands_nowhere_as_it_is() {
    let text = with_steps("", "sh 'a\u{202e}b'\nsh '''c\u{202e}\nd'''\nlib 'e\u{202e}'\necho 'f'");
    assert!(!text.contains('\u{202e}') && text.contains("\\u202E"), "{text}");
}
