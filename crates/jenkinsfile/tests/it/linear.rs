//! Four times the file takes about four times as long.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use jenkinsfile::report::Report;
use jenkinsfile::table::Table;

/// How much longer four times the length may take: where time is linear 4, where it is quadratic 16.
const MOST: f64 = 8.0;
const ATTEMPTS: usize = 5;
/// What is too quick to be measured is not slow.
const LEAST: Duration = Duration::from_millis(5);

/// What begins a file, what is repeated in it, with `#` for a number, and what ends it.
const SHAPES: [(&str, &str, &str); 22] = [
    ("environment {", "V# = 'x'\n", "}"),
    ("stages { stage('a') { steps { script { b()", "{ }{ }{ }{ }{ }{ }{ }{ }", "} } } }"),
    ("environment {", "V# = \"${V}\"\n", "}"),
    ("environment {", "V# = \"${W#}\"\n", "}"),
    ("environment {", "V# = credentials('x')\n", "}"),
    ("environment {\n V = \"a", "$V#", "b\"\n}"),
    ("switch &&&a)b{:", "case\rca#case\rcacase\rcacase\rcacase\rcacase\rcacase\rca", "}"),
    ("} } }", "(}(}(}(}(}(}(}(}", "parameters {"),
    ("parameters {", "string(name: 'p#', defaultValue: 'x')\n", "}"),
    ("parameters {", "string(name: \"p#${x}\")\n", "}"),
    ("options {", "a#()\n", "}"),
    ("tools {", "a# 'x'\n", "}"),
    ("stages {", "stage('a') { steps { sh 'a #' } }\n", "}"),
    ("stages {", "stage('a#') { environment { V# = credentials('a') }\nsteps { sh 'a' } }\n", "}"),
    ("stages { stage('a') { steps {", "sh 'apt-get install -y p#; cp a /usr/b#'\n", "} } }"),
    ("stages { stage('a') { steps { sh 'apk add x'\n", "withEnv(['A=b']) { sh 'a #' }\n", "} } }"),
    ("stages { stage('a') { steps { sh 'x ", "x:/./..=/#:/", "' } } }"),
    ("stages { stage('a') { steps { sh 'x ", "/./", "' } } }"),
    ("stages { stage('a') { steps { sh 'npx ", "yarn -a ", "' } } }"),
    ("stages { stage('a') { steps { sh '''", "echo a > f#; ./f#\n", "''' } } }"),
    ("environment { A = ''\n", "V# = \"${env.A}\"\n", "}"),
    ("stages { stage('a') { steps { withEnv([", "'V#=a',", "'B=b']) { sh 'a' } } } }"),
];

fn file(shape: (&str, &str, &str), count: usize) -> String {
    let (begin, repeated, end) = shape;
    let mut text = format!("pipeline {{\nagent {{ docker 'debian' }}\n{begin}");
    for number in 0..count {
        let _ = write!(text, "{}", repeated.replace('#', &number.to_string()));
    }
    text + end + "\n}\n"
}

#[test]
fn time_is_linear_in_the_number_of_parts() {
    let table = Table::built_in();
    for shape in SHAPES {
        let time = |count: usize| {
            let text = file(shape, count);
            let began = Instant::now();
            drop(Report::of("Jenkinsfile", text.as_bytes(), &table));
            began.elapsed()
        };
        // What else runs on the machine makes one time longer, not all of them.
        let mut times = Vec::new();
        let is_linear = (0..ATTEMPTS).any(|_| {
            let (one, four) = (time(500).max(LEAST), time(2000));
            times.push((one, four));
            four.as_secs_f64() / one.as_secs_f64() < MOST
        });
        assert!(is_linear, "{:?}: and four times as long: {times:?}", shape.1);
    }
}
