//! Prints what is wrong with each file: `cargo run -p jenkinsfile --example problems -- FILE…`
#![expect(clippy::print_stdout, reason = "an example prints")]

use jenkinsfile::judge;
use jenkinsfile::parser::parse;
use jenkinsfile::source::Lines;
use jenkinsfile::table::Table;

fn main() -> std::io::Result<()> {
    let table = Table::built_in();
    for file in std::env::args().skip(1) {
        let bytes = std::fs::read(&file)?;
        let text = String::from_utf8_lossy(&bytes);
        let (script, grammar) = parse(&text);
        let judged = judge(&text, &script, &grammar, &table);
        let lines = Lines::new(&text);
        for problem in &judged.problems {
            print!("{}", problem.render(&file, &lines));
        }
    }
    Ok(())
}
