//! One slip of the finger is one message, or two.

use jenkinsfile::Report;
use jenkinsfile::table::Table;

/// The sections of which a letter is left out.
const NAMES: [&str; 11] = [
    "pipeline",
    "agent",
    "stages",
    "stage",
    "steps",
    "post",
    "environment",
    "options",
    "when",
    "script",
    "always",
];

/// How many messages a text has, and the first of them.
fn told(text: &str) -> Vec<String> {
    let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
    report.problems.into_iter().map(|problem| problem.message).collect()
}

/// Each text that lacks one bracket, quote or comma of this one, or a letter of a section's name.
fn slips(text: &str) -> Vec<String> {
    let without = |at: usize, length: usize| {
        let (before, after) = (text.get(..at), text.get(at + length..));
        format!("{}{}", before.unwrap_or_default(), after.unwrap_or_default())
    };
    let marks = text.char_indices().filter(|(_, c)| "{}()[]'\",".contains(*c));
    let mut all: Vec<String> = marks.map(|(at, _)| without(at, 1)).collect();
    for name in NAMES {
        let is_name = |at: &usize| {
            let before = text.get(..*at).and_then(|before| before.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
            before.is_none_or(|c| !c.is_alphanumeric())
                && after.is_some_and(|c| " \n{(".contains(c))
        };
        let places = text.match_indices(name).map(|(at, _)| at).filter(is_name);
        all.extend(places.map(|at| without(at + 1, 1)));
    }
    all
}

#[test]
fn a_slip_is_seldom_told_more_than_twice() {
    let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let (mut all, mut many) = (0, Vec::new());
    for entry in std::fs::read_dir(files).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        if !told(&text).is_empty() {
            continue;
        }
        for slip in slips(&text) {
            all += 1;
            let told = told(&slip);
            if told.len() > 2 {
                many.push(told);
            }
        }
    }
    assert!(all > 700, "{all}");
    assert!(many.len() <= 14, "{} of {all}: {many:#?}", many.len());
}

/// A pipeline of which each line that opens a block can lose its brace.
const PIPELINE: &str = "pipeline {
    agent {
        docker { image 'a' }
    }
    options {
        timestamps()
        timeout(time: 5, unit: 'HOURS')
    }
    environment {
        A = 'b'
        C = 'd'
    }
    stages {
        stage('Build it') {
            when { branch 'main' }
            steps {
                script {
                    def a = 1
                    if (a) { sh 'x' }
                }
                sh '''make a
                make b.c #2
                '''
            }
        }
    }
    post {
        always {
            echo 'a'
            echo 'b'
        }
    }
}
";

#[test]
fn a_brace_that_opens_a_section_is_put_in() {
    for (from, to, message) in [
        ("agent {", "agent", "expecting '{', found 'docker'"),
        ("options {", "options", "expecting '{', found 'timestamps'"),
        ("environment {", "environment", "expecting '{', found 'A'"),
        ("script {", "script", "expecting '{', found 'def'"),
        ("always {", "always", "expecting '{', found 'echo'"),
        ("when {", "when", "expecting '{', found 'branch'"),
        ("stage('Build it') {", "stage('Build it)  {", "this string is never closed, it wants '"),
        ("stage('Build it') {", "stage(Build it') {", "this string is never closed, it wants '"),
        ("sh '''make", "sh ''make", "expecting ''' before a string of several lines"),
        ("script {", "scrpt {", "No such DSL method 'scrpt' found among steps"),
        ("timeout(", "timeout ", "unexpected token: ')'"),
    ] {
        let slip = PIPELINE.replacen(from, to, 1);
        assert_ne!(slip, PIPELINE, "{from}");
        assert_eq!(told(PIPELINE), Vec::<String>::new());
        assert_eq!(told(&slip), [message], "{to}");
    }
    let wrong = PIPELINE.replacen("            steps {", "            }\n            steps {", 1);
    assert!(told(&wrong).iter().all(|message| !message.starts_with("Multiple")), "{wrong}");
}
