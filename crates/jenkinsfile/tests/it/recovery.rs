//! One mistake of brackets or quotes hides no other, and makes none.

use jenkinsfile::Report;
use jenkinsfile::table::Table;

/// A pipeline with a mistake on each of the lines 15, 19 and 25.
const PIPELINE: &str = "pipeline {
    agent any
    environment {
        A = 'b'
    }
    stages {
        stage('One') {
            steps {
                sh 'a'
                echo 'x'
            }
        }
        stage('Two') {
            steps {
                sleep 'z'
            }
        }
        stage('Three') {
            stepz {
                sh 'x'
            }
        }
    }
    post {
        allways { echo 'y' }
    }
}
";

/// The lines of all that is told, and the first message that is none of the pipeline's own.
fn told(text: &str) -> (Vec<usize>, String) {
    let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
    let own = ["Expecting \"int\"", "Unknown stage section", "Invalid condition"];
    let other = report.problems.iter().map(|problem| problem.message.clone());
    let mut other = other.filter(|message| !own.iter().any(|begin| message.starts_with(begin)));
    let lines = report.problems.iter().map(|problem| problem.from.line).collect();
    (lines, other.next().unwrap_or_default())
}

#[test]
fn one_mistake_hides_no_other_and_makes_none() {
    let step = "sh 'a'";
    let (environment, one, two) =
        ("'b'\n    }\n", "'x'\n            }\n        }\n", "z'\n            }\n");
    for (from, to, line, more, message) in [
        (step, "sh 'a", 9, 0, "this string is never closed"),
        (step, "sh \"a", 9, 0, "this string is never closed"),
        (step, "sh('a)", 9, 0, "this string is never closed"),
        ("'One'", "\"One'", 7, 0, "this string is never closed"),
        ("'One'", "'One\"", 7, 0, "this string is never closed"),
        (step, "sh 'a\n  b'", 9, 1, "this string is never closed"),
        (step, "sh 'a\n  b\n  c'", 9, 2, "this string is never closed"),
        (step, "sh(script: 'a, label: 'b')", 9, 0, "this string is never closed"),
        (step, "sh \"a ${b", 9, 0, "end of line reached within a simple string"),
        (step, "sh \"a ${b(c[d", 9, 0, "end of line reached within a simple string"),
        (step, "sh '''a", 9, 0, "this string is never closed"),
        (step, "sh \"\"\"a ${b} c", 9, 0, "this string is never closed"),
        (step, "/* a", 9, 0, "this comment is never closed"),
        (
            step,
            "script {\n                    sh 'q'",
            11,
            1,
            "expecting '}' for the '{' of line 9",
        ),
        (step, "timeout(5) { sh 'q'", 11, 0, "expecting '}' for the '{' of line 9"),
        (one, "'x'\n            }\n", 12, -1, "expecting '}' for the '{' of line 7"),
        (one, "'x'\n        }\n", 11, -1, "expecting '}' for the '{' of line 8"),
        (environment, "'b'\n", 5, -1, "expecting '}' for the '{' of line 3"),
        (step, "} sh 'a'", 9, 0, "unexpected token: '}'"),
        (step, "sh 'a' }", 9, 0, "unexpected token: '}'"),
        (environment, "'b'\n    }}\n", 5, 0, "unexpected token: '}'"),
        (two, "z'\n            }\n            }\n", 17, 1, "unexpected token: '}'"),
        ("post {\n", "post {\n    }\n", 25, 1, "unexpected token: '}'"),
    ] {
        let text = PIPELINE.replacen(from, to, 1);
        assert_ne!(text, PIPELINE, "{from:?}");
        let own = [15_isize, 19, 25].map(|own| {
            let moved = own + more;
            usize::try_from(if own < line { own } else { moved }).unwrap()
        });
        let mut wanted = own.to_vec();
        wanted.push(usize::try_from(line).unwrap());
        wanted.sort_unstable();
        let (lines, said) = told(&text);
        assert_eq!(lines, wanted, "{to:?}");
        assert!(said.starts_with(message), "{to:?}: {said}");
    }
}

/// What hides mistakes of the stage that it stands in.
#[test]
fn a_parenthesis_hides_no_mistake_of_its_stage() {
    let step = "sh 'a'\n";
    let (two, sleep) = ("stage('Two') {", "sleep 'z'\n");
    let timed = "timeout(time: 5, unit: 'MINUTES' { sleep 'z' }\n";
    for (from, to, line, message) in [
        (step, "sh('a'\n", 10, "expecting ')' for the '(' of line 9, found 'echo'"),
        (step, "sh(script: 'a', label: b('c')\n", 10, "expecting ')' for the '(' of line 9"),
        ("echo 'x'\n", "echo('x'\n", 11, "expecting ')' for the '(' of line 10, found '}'"),
        (two, "stage('Two' {", 13, "expecting ')' for the '(' of line 13, found '{'"),
        (sleep, timed, 15, "expecting ')' for the '(' of line 15, found '{'"),
        (sleep, "withEnv(['A=b') { sleep 'z' }\n", 15, "expecting ']' for the '[' of line 15"),
        (step, "archiveArtifacts(artifacts: ['a')\n", 9, "expecting ']' for the '[' of line 9"),
        (step, "sh(foo(['a'])\n", 10, "expecting ')' for the '(' of line 9, found 'echo'"),
        (two, "stage('Two')) {", 13, "unexpected token: ')'"),
        (sleep, "timeout(5)) { sleep 'z' }\n", 15, "unexpected token: ')'"),
        (sleep, "withEnv(['A=b']]) { sleep 'z' }\n", 15, "unexpected token: ']'"),
    ] {
        let text = PIPELINE.replacen(from, to, 1);
        assert_ne!(text, PIPELINE, "{from:?}");
        let mut wanted = vec![15, 19, 25, line];
        wanted.sort_unstable();
        let (lines, said) = told(&text);
        assert_eq!(lines, wanted, "{to:?}");
        assert!(said.starts_with(message), "{to:?}: {said}");
    }
    let text = PIPELINE
        .replacen(step, "sh(script: 'a',\n                   label: 'b'\n", 1)
        .replacen("'Three') {", "'Three' {", 1)
        .replacen("echo 'y'", "echo('y'", 1);
    assert_eq!(told(&text).0, [11, 16, 19, 20, 26, 26]);
}

/// Brackets that balance are what they are, whatever the lines look like.
#[test]
fn brackets_that_balance_stay_where_they_are() {
    let text = "def a = b(1,\nc {\n'd'\n})\ne([1,\n2], 'f' as String)\npipeline { agent any\nstages { \
                stage('a') { steps {\nsh(script: 'b',\nlabel: 'c'\n)\n} } } }\n";
    assert_eq!(told(text), (Vec::new(), String::new()));
}

#[test]
fn several_strings_that_are_never_closed_are_all_told() {
    for (one, three) in
        [("'a", "'x"), ("\"\"\"a", "'''x"), ("'''\n  a -b", "'''\n  if x; then\n  fi")]
    {
        let text = PIPELINE.replacen("sh 'a'", &format!("sh {one}"), 1).replacen(
            "sh 'x'",
            &format!("sh {three}"),
            1,
        );
        let (one, three) = (one.matches('\n').count(), three.matches('\n').count());
        let wanted = [9, 15 + one, 19 + one, 20 + one, 25 + one + three];
        assert_eq!(told(&text).0, wanted, "{text}");
    }
}

#[test]
fn several_such_mistakes_are_all_told() {
    let text = PIPELINE
        .replacen("sh 'a'", "sh 'a", 1)
        .replacen("'b'\n    }\n", "'b'\n", 1)
        .replacen("        stage('Three') {\n            stepz {\n                sh 'x'\n            }\n", "        stage('Three') {\n            stepz {\n                sh 'x'\n", 1);
    let (lines, _) = told(&text);
    assert_eq!(lines, [5, 8, 14, 18, 20, 23]);
}

#[test]
fn braces_that_balance_stay_where_they_are() {
    let text = "pipeline { agent any\nstages { stage('a') { steps {\nsh '''\n}\n''' }\n}\n    }\n        }\n";
    assert_eq!(told(text), (Vec::new(), String::new()));
}

/// The file is not indented, so that only the names of sections say where a brace was meant.
#[test]
fn sections_say_where_a_brace_was_meant() {
    let flat = PIPELINE.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let (one, two) = ("echo 'x'\n}\n}\n", "sleep 'z'\n}\n}\n");
    for (from, to, line, message) in [
        (one, "echo 'x'\n}\n", 12, "expecting '}' for the '{' of line 7"),
        (two, "sleep 'z'\n}\n", 17, "expecting '}' for the '{' of line 13"),
        ("}\n}\n}\npost {", "}\n}\npost {", 23, "expecting '}' for the '{' of line 6"),
        ("stage('Two') {", "stage('Two')", 14, "expecting '{', found 'steps'"),
        ("steps {\nsleep", "steps\nsleep", 15, "expecting '{', found 'sleep'"),
    ] {
        let text = flat.replacen(from, to, 1);
        assert_ne!(text, flat, "{from:?}");
        let (lines, said) = told(&text);
        let less = flat.lines().count() - text.lines().count();
        let own = [15, 19, 25].map(|own| if own < line { own } else { own - less });
        let mut wanted = own.to_vec();
        wanted.push(line);
        wanted.sort_unstable();
        assert!(said.starts_with(message), "{to:?}: {said}");
        assert_eq!(lines, wanted, "{to:?}");
    }
    let text = PIPELINE.replacen("stage('Two') {", "stage('Two')", 1);
    assert_eq!(told(&text).0, [14, 15, 19, 25]);
    let line = "        stage('Zero') { steps { sh 'a'\n        }\n        stage('One') {";
    let text = PIPELINE.replacen("        stage('One') {", line, 1);
    assert_eq!(told(&text).0, [9, 17, 21, 27]);
}

#[test]
fn the_last_braces_hide_nothing() {
    for (missing, at) in [("}\n", 27), ("    }\n}\n", 26)] {
        let text = PIPELINE.strip_suffix(missing).unwrap();
        let (lines, said) = told(text);
        let mut wanted = vec![15, 19, 25];
        wanted.extend(std::iter::repeat_n(at, missing.matches('}').count()));
        assert_eq!(lines, wanted, "{text}");
        assert!(said.contains("found the end of the file"), "{said}");
        let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
        assert!(report.parts.len() > 5, "{:?}", report.parts);
    }
}
