//! Compares this reader with Groovy itself: does it accept what Groovy accepts?
//!
//! `cargo run -p jenkinsfile --example oracle [-- COUNT [SEED [FILE…]]]` wants Debian's `groovy`,
//! whose 2.4.21 is the version that Jenkins bundles. It takes the committed corpus and the files
//! that are named, makes COUNT programs of them by mutation and as many by a grammar, and asks
//! both. Each difference is printed; more than one in a hundred is a failure: nearly all
//! that is left are programs that nobody would write.
#![expect(clippy::print_stdout, reason = "an example prints")]

mod grow;
#[path = "../fuzz/mutate.rs"]
mod mutate;
#[path = "../fuzz/random.rs"]
mod random;

use std::path::Path;
use std::process::{Command, ExitCode};

use jenkinsfile::parser::parse;
use jenkinsfile::scope::declared_twice;
use random::Random;

const CORPUS: &str = include_str!("../../tests/corpus/groovy.txt");
/// Java's own walls stand in the way of Groovy 2.4 from Java 16 on.
const OPENS: &str = "--add-opens java.base/java.lang=ALL-UNNAMED \
                     --add-opens java.base/java.util=ALL-UNNAMED";

fn main() -> ExitCode {
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("oracle: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare() -> std::io::Result<bool> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(2000);
    let seed = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut programs: Vec<String> = CORPUS
        .lines()
        .map(|line| line.split_once('\t').map_or(line, |(_, text)| text))
        .map(unescaped)
        .collect();
    for file in arguments {
        programs.push(String::from_utf8_lossy(&std::fs::read(file)?).into_owned());
    }
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    for entry in std::fs::read_dir(files)? {
        programs.push(std::fs::read_to_string(entry?.path())?);
    }
    let mut random = Random(seed);
    let known = programs.clone();
    for _ in 0..count {
        programs.push(mutate::mutated(&known, &mut random));
        programs.push(grow::program(&mut random));
    }
    // What separates programs, and what no text file holds.
    for program in &mut programs {
        program.retain(|letter| letter != '\0');
    }
    let verdicts = ask(&programs)?;
    let mut different = 0;
    for (program, verdict) in programs.iter().zip(&verdicts) {
        let (script, mut problems) = parse(program);
        if problems.is_empty() {
            problems = declared_twice(program, &script);
        }
        if problems.is_empty() != (verdict == "ok") {
            different += 1;
            let problem = problems.first().map(|problem| problem.message.as_str());
            println!("{program:?}\n  Groovy: {verdict}\n  here: {}", problem.unwrap_or("ok"));
        }
    }
    let refused = verdicts.iter().filter(|verdict| *verdict != "ok").count();
    println!(
        "{} programs, {refused} refused by Groovy, {different} judged differently",
        programs.len()
    );
    Ok(verdicts.len() == programs.len() && different * 100 <= programs.len())
}

/// What Groovy says of each program.
fn ask(programs: &[String]) -> std::io::Result<Vec<String>> {
    let directory = std::env::temp_dir().join(format!("jenkinsfile-oracle-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let (asked, told) = (directory.join("programs"), directory.join("verdicts"));
    std::fs::write(&asked, programs.join("\0"))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/oracle/oracle.groovy");
    let status =
        Command::new("groovy").arg(&script).args([&asked, &told]).env("JAVA_OPTS", OPENS).status();
    let verdicts = status.and_then(|_| std::fs::read_to_string(&told));
    std::fs::remove_dir_all(&directory)?;
    Ok(verdicts?.lines().map(str::to_owned).collect())
}

/// A line of the corpus, in which `\n` and its like stand for themselves.
fn unescaped(line: &str) -> String {
    let line = line.replace("\\n", "\n").replace("\\t", "\t");
    line.replace("\\0", "\u{1}").replace("\\ufeff", "\u{feff}")
}
