//! How fast files are read, and what memory that takes.
//!
//! `cargo run --release -p jenkinsfile --example bench [-- FILE…]` takes the files that are named,
//! or those of this crate's tests, until there are 1,000, and looks at each as `pilothouse check`
//! does. Then it nests what can nest, once and twice as long, to show that time grows with length.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::path::Path;
use std::time::{Duration, Instant};

use jenkinsfile::parser::parse;
use jenkinsfile::report::Report;
use jenkinsfile::table::Table;

const FILES: usize = 1000;
const NESTED: &[&str] = &[
    "(",
    "[",
    "{",
    "a(",
    "a{",
    "a[",
    "!",
    "a+",
    "a.b.",
    "a?b:",
    "a=",
    "a b ",
    "if(a)",
    "switch(a){case 1:",
    "\"${",
    "[a:",
    "new A(",
    "@A(",
    "(A)",
    "(A<",
    "A<",
    "{a->",
    "{a,",
    "class A{",
    "def a(){",
    "a:",
    "a,",
    "'",
    "/*",
    ")",
    "}",
    "a\n",
    "sh 'x'\n",
    "a(b)\n",
    "stage('a'){steps{sh 'x'}}\n",
    "(a",
    "a b c ",
    "\u{1}",
    "\\",
    "'\\d'",
    "$",
    "1_a ",
];

fn main() -> std::io::Result<()> {
    let mut files: Vec<Vec<u8>> = Vec::new();
    for file in std::env::args().skip(1) {
        files.push(std::fs::read(file)?);
    }
    if files.is_empty() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
        for entry in std::fs::read_dir(own)? {
            files.push(std::fs::read(entry?.path())?);
        }
    }
    let all: Vec<&[u8]> = files.iter().map(Vec::as_slice).cycle().take(FILES).collect();
    let bytes: usize = all.iter().map(|file| file.len()).sum();
    let texts: Vec<_> = all.iter().map(|file| String::from_utf8_lossy(file)).collect();

    let began = Instant::now();
    let statements: usize = texts.iter().map(|text| parse(text).0.statements.len()).sum();
    told("parsed", bytes, began.elapsed());
    let table = Table::built_in();
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut parts = 0;
    for file in &all {
        let one = Instant::now();
        parts += Report::of("Jenkinsfile", file, &table).parts.len();
        slowest = slowest.max(one.elapsed());
    }
    told("checked", bytes, began.elapsed());
    println!("{FILES} files, {statements} statements, {parts} parts; slowest file {slowest:?}");
    println!("peak memory {} kB", peak());

    let mut worst = (0.0_f64, "");
    let inside = |open: &'static str, repeated: &'static str| (open, repeated);
    let begun = [
        // The last of many strings is never closed, and one that is may be meant to be open.
        inside("''''", "''''''"),
        inside("''''", "a ='''b =''' "),
        inside("\"\"\"\"", "a =\"\"\"b =\"\"\" "),
        inside("a = 'b\n", "a = 'b' + "),
        inside("a = /b\n", "a = /b/ + "),
        inside("pipeline{agent any;stages{stage('a'){steps{", "sh 'x';"),
        inside("pipeline{agent any;stages{stage('a'){steps{", "foo ä: 1;"),
        inside("pipeline{agent any;stages{stage('a'){steps{", "script { foo() };"),
        inside("pipeline{agent any;environment{", "A = 'b';"),
        inside("pipeline{agent any;options{", "nothing();"),
        inside("pipeline{agent any;tools{", "a 'b';"),
        inside("pipeline{agent any;stages{", "stage('a'){steps{sh 'x'}};"),
    ];
    let plain = NESTED.iter().map(|opener| inside("", opener));
    for (open, opener) in plain.chain(begun) {
        let time = |length: usize| {
            let text = format!("{open}{}", opener.repeat(length / opener.len()));
            let began = Instant::now();
            let report = Report::of("Jenkinsfile", text.as_bytes(), &table);
            drop(report);
            began.elapsed()
        };
        let (once, twice) = (time(200_000), time(400_000));
        let ratio = twice.as_secs_f64() / once.as_secs_f64();
        if ratio > worst.0 && twice > Duration::from_millis(20) {
            worst = (ratio, opener);
        }
        if twice > Duration::from_millis(100) {
            println!("{opener:?} {once:?}, twice as long {twice:?}");
        }
    }
    println!("twice the length takes at most {:.1} times as long ({:?})", worst.0, worst.1);
    Ok(())
}

fn told(what: &str, bytes: usize, took: Duration) {
    let megabytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6;
    println!("{what} {megabytes:.1} MB in {took:?}: {:.0} MB/s", megabytes / took.as_secs_f64());
}

/// The most memory that this process had, from Linux.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |rest| rest.trim().trim_end_matches(" kB").to_owned())
}
