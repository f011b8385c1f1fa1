//! Slips of the finger and of editors: each is told once, with what to write.

use super::{look, with_steps};
use crate::report::Report;

/// Where each mistake is, what is said of it, and what to write.
fn told(report: &Report) -> Vec<(usize, usize, &str, &str)> {
    let all = report.problems.iter();
    all.map(|one| {
        let advice = one.advice.as_deref().unwrap_or_default();
        (one.from.line, one.from.column, one.message.as_str(), advice)
    })
    .collect()
}

#[test]
fn sections_and_steps_on_one_line_are_read_and_told() {
    let rest = "stages { stage('a') { steps { sh 'b' } } }";
    for (text, line, column, next) in [
        (format!("pipeline {{ agent any {rest} }}"), 1, 22, "stages"),
        (
            format!("pipeline {{\nagent {{ docker 'a' }} options {{ timestamps() }}\n{rest} }}"),
            2,
            22,
            "options",
        ),
        (
            format!("pipeline {{\nagent any\n{} }}", rest.replace("steps", "agent any steps")),
            3,
            33,
            "steps",
        ),
        (
            format!("pipeline {{\nagent any\n{} }}", rest.replace("sh 'b'", "checkout scm sh 'b'")),
            3,
            44,
            "sh",
        ),
        (
            format!(
                "pipeline {{\nagent any\n{} }}",
                rest.replace("{ stage(", "{ stage('c') { steps { echo 'd' } } stage(")
            ),
            3,
            44,
            "stage",
        ),
    ] {
        let report = look(&text);
        let advice = format!("begin a new line before {next}");
        assert_eq!(told(&report), [(line, column, "Expected a symbol", &*advice)], "{text}");
    }
    // What stands there is looked at.
    let report = with_steps("echo 'a' sleep 'z'");
    assert_eq!(report.problems.len(), 2, "{:?}", report.problems);
    // Groovy's own chains are no lines.
    assert_eq!(
        with_steps("script { docker.image('a').inside { sh 'b' }\na b c d }").problems.len(),
        0
    );
}

#[test]
fn quotes_of_books_are_named() {
    for (step, column, quote, plain) in [
        ("sh “make”", 4, '“', '"'),
        ("sh ‘make a’", 4, '‘', '\''),
        ("sh(script: „make a b“)", 12, '„', '"'),
        ("echo “${A}”", 6, '“', '"'),
    ] {
        let report = with_steps(step);
        let message = format!("the quote {quote} is a letter to Groovy");
        let advice = format!("write {plain} instead");
        assert_eq!(told(&report), [(3, column, &*message, &*advice)], "{step}");
    }
    let report = with_steps("sh 'make”");
    let advice = "write ' instead of the quote ”";
    assert_eq!(told(&report), [(3, 4, "this string is never closed, it wants '", advice)]);
    for (step, advice) in [("sh `make`", "write ' instead"), ("sh «make»", "write \" instead")] {
        let report = with_steps(step);
        let all: Vec<_> = report.problems.iter().map(|one| one.advice.as_deref()).collect();
        assert_eq!(all, [Some(advice)], "{step}");
    }
    for step in ["sh 'echo “a”'", "// “a”\necho 'b'"] {
        assert_eq!(with_steps(step).problems.len(), 0, "{step}");
    }
}

#[test]
fn a_comma_that_is_missing_is_told_once() {
    for (step, line, column, wanted, found) in [
        ("sh(script: 'a' label: 'b')", 3, 16, "',' or ')'", "'label'"),
        ("archiveArtifacts artifacts: 'a' fingerprint: true", 3, 33, "','", "'fingerprint'"),
        ("withEnv(['A=b' 'C=d']) { sh 'a' }", 3, 16, "',' or ']'", "''C=d''"),
        ("withEnv(['A=b'\n'C=d']) { sh 'a' }", 4, 1, "',' or ']'", "''C=d''"),
        ("timeout(time: 5 unit: 'MINUTES') { sh 'a' }", 3, 17, "',' or ')'", "'unit'"),
    ] {
        let report = with_steps(step);
        let message = format!("expecting {wanted}, found {found}");
        assert_eq!(told(&report), [(line, column, &*message, "put a comma before it")], "{step}");
    }
    // The others of its call are looked at.
    let report = with_steps("timeout(time: 'z' unit: 'MINUTE') { sh 'a' }");
    assert_eq!(report.problems.len(), 3, "{:?}", report.problems);
}

#[test]
fn conditions_of_other_languages_are_told_by_their_name_here() {
    let post = |name: &str| {
        look(&format!(
            "pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ sh 'b' }} }} }}\npost {{ {name} {{ echo 'a' }} }} }}"
        ))
    };
    for (name, meant) in [
        ("failed", "failure"),
        ("error", "failure"),
        ("finaly", "always"),
        ("successful", "success"),
    ] {
        assert_eq!(told(&post(name))[0].3, format!("did you mean {meant}?"));
    }
    let report = post("finally");
    let advice = "in post it is called always or cleanup; in Groovy it follows try { }";
    assert_eq!(told(&report), [(3, 8, "unexpected token: 'finally'", advice)]);
}

#[test]
fn a_letter_that_was_lost_has_a_place() {
    let report = with_steps("sh 'a\u{fffd}b'");
    assert!(report.note.is_some_and(|note| note.contains("line 3, column 6: U+FFFD")));
    // What is no UTF-8 comes behind one that was lost before.
    let mut bytes =
        b"pipeline { agent any\nstages { stage('\xef\xbf\xbd') { steps { sh 'b\xff' } } } }"
            .to_vec();
    let note = Report::of("a", &bytes, &crate::table::Table::built_in()).note;
    assert_eq!(note.as_deref(), Some("no UTF-8 text from line 2, column 36 on; save it as UTF-8"));
    bytes.retain(|byte| *byte < 0x80);
    assert_eq!(Report::of("a", &bytes, &crate::table::Table::built_in()).note, None);
}

#[test]
fn a_slip_in_a_step_is_told_once_where_it_is() {
    let wrong = "it ends the string: write \\ before a quote that is meant";
    let comma = "remove the comma: what follows is another step";
    let open = "this ${ is never closed, it wants }";
    let close = "close it before its string ends";
    for (step, column, message, advice) in [
        ("sh \"done ${A\"", 10, open, close),
        ("sh(\"done ${A\")", 10, open, close),
        ("sh \"done ${A.b(1)\" // c", 10, open, close),
        ("script 'x'", 1, "Script step without a block", "write script { … } around Groovy"),
        ("# it's a comment", 1, "unexpected char: '#'", "a comment begins with //"),
        ("sh 'x' # it's one", 8, "unexpected char: '#'", "a comment begins with //"),
        ("sh \"echo \"hi\"\"", 10, "Expected a symbol", wrong),
        ("sh \"echo \"hi there\" now\"", 10, "Expected a step", wrong),
        ("sh 'make',", 10, "Expected a step", comma),
        ("sh('make'),", 11, "unexpected token: ','", "remove the comma"),
        ("/* open", 1, "this comment is never closed", "close it with */"),
        ("sh '''make", 4, "this string is never closed, it wants '''", "close it where it ends"),
    ] {
        let report = with_steps(&format!("{step}\necho 'z'"));
        assert_eq!(told(&report), [(3, column, message, advice)], "{step}");
    }
    let report = with_steps("sh 'make',\ntimeout(5) { sh 'x' }");
    let message = "Arguments to \"sh\" must be explicitly named.";
    assert_eq!(told(&report), [(3, 10, message, comma)]);
    let report = with_steps("sh 'make',");
    assert_eq!(told(&report), [(3, 10, "unexpected token: ','", "remove the comma")]);
    // A quote that is no slip.
    for step in ["sh \"a ${b ? \"c\" : 'd'}\"", "sh script: 'a',\n  label: 'b'", "sh(script: 'a',)"]
    {
        let report = with_steps(step);
        assert!(report.problems.iter().all(|one| one.from.column > 15), "{step}: {report:?}");
    }
}

#[test]
fn a_slip_in_a_section_is_told_once_where_it_is() {
    let stages = "stages { stage('a') { steps { sh 'b' } } }";
    for (sections, column, message, advice) in [
        ("agent any\noptions { timestamps }", 11, "Expected an option", "write timestamps()"),
        ("agent any\ntriggers { cron }", 12, "Expected a trigger", "write cron()"),
        ("\nagent { label: 'x' }", 9, "Expected an agent", "write label 'x'"),
        (
            "agent any\npost { always { echo 'a' } failure { echo 'b' } }",
            28,
            "Expected a symbol",
            "begin a new line before failure",
        ),
        (
            "agent any\nenvironment { A = credentialz('x') }",
            19,
            "No such DSL method 'credentialz' found",
            "did you mean credentials?",
        ),
    ] {
        let report = look(&format!("pipeline {{\n{sections}\n{stages} }}"));
        assert_eq!(told(&report), [(3, column, message, advice)], "{sections}");
    }
    let report = look(&format!("\u{feff}pipeline {{\nagent any\n{stages} }}"));
    let message = "the file begins with a byte order mark, which is a letter to Groovy";
    let advice = "save it as UTF-8 without a byte order mark";
    assert_eq!(told(&report), [(1, 1, message, advice)]);
    // A method of the file, and what a library may bring.
    for before in ["def credential(a) { a }\n", "@Library('a') _\n"] {
        let environment = "environment { A = credential('x') }";
        let report = look(&format!("{before}pipeline {{ agent any\n{environment}\n{stages} }}"));
        assert_eq!(report.problems.len(), 0, "{before}");
    }
}

#[test]
fn a_name_that_a_plugin_has_is_no_slip_of_one_that_is_merely_near() {
    let rest = "stages { stage('a') { steps { sh 'b' } } }";
    for (part, name) in [
        ("options { giteeConnection('x') }", "giteeConnection"),
        ("parameters { agentParameter name: 'x' }", "agentParameter"),
        ("triggers { ivyTrigger('x') }", "ivyTrigger"),
        ("tools { ndk 'x' }", "ndk"),
    ] {
        let report = look(&format!("pipeline {{\nagent any\n{part}\n{rest}\n}}"));
        assert_eq!(told(&report), [], "{part}");
        let unknown: Vec<_> = report.unknown().map(|part| part.name.as_str()).collect();
        assert_eq!(unknown, [name]);
    }
    for step in ["email 'x'", "bats 'x'"] {
        assert_eq!(told(&with_steps(step)), [], "{step}");
    }
    let report = look(&format!("pipeline {{\nagent any\noptions {{ timestmps() }}\n{rest}\n}}"));
    assert_eq!(told(&report)[0].3, "did you mean timestamps?");
}
