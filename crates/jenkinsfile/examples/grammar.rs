//! Says of each program in a file, separated by NUL, whether it is Groovy: "ok" or "no MESSAGE".
#![expect(clippy::print_stdout, reason = "an example prints")]

use jenkinsfile::parser::parse;
use jenkinsfile::source::Lines;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let bytes = std::fs::read(path)?;
    for program in String::from_utf8_lossy(&bytes).split('\0') {
        let (_, problems) = parse(program);
        let lines = Lines::new(program);
        match problems.first() {
            None => println!("ok"),
            Some(problem) => {
                let place = lines.position(problem.span.start);
                println!("no {} @ {}:{}", problem.message.escape_debug(), place.line, place.column);
            }
        }
    }
    Ok(())
}
