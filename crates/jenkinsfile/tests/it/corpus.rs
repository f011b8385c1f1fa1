//! Texts whose verdict is known, and texts that once broke the reader.
//!
//! Each line of `corpus/groovy.txt` is what Groovy 2.4.21 says of a text (`ok` or `no`), a tab, and
//! the text with `\\n` for an end of line. A `?` behind the verdict marks a text where this reader
//! is known to differ. `corpus/broken` holds what the fuzzer found.

use std::path::{Path, PathBuf};

use jenkinsfile::Report;
use jenkinsfile::parser::parse;
use jenkinsfile::table::Table;
use jenkinsfile::verdict::Level;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

#[test]
fn texts_are_accepted_as_groovy_accepts_them() {
    let corpus = std::fs::read_to_string(tests().join("corpus/groovy.txt")).unwrap();
    let mut wrong = Vec::new();
    for line in corpus.lines() {
        let (verdict, text) = line.split_once('\t').unwrap();
        let text = text.replace("\\n", "\n").replace("\\t", "\t");
        let text = text.replace("\\0", "\u{1}").replace("\\ufeff", "\u{feff}");
        let is_ok = parse(&text).1.is_empty();
        let is_known = verdict.ends_with('?');
        if (is_ok == verdict.starts_with("ok")) == is_known {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn texts_that_once_broke_the_reader_do_not_any_more() {
    let Ok(broken) = std::fs::read_dir(tests().join("corpus/broken")) else {
        return;
    };
    for entry in broken {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        Report::of("Jenkinsfile", &bytes, &Table::built_in());
    }
}

#[test]
fn the_files_are_of_the_levels_that_they_are_named_after() {
    let mut count = 0;
    for entry in std::fs::read_dir(tests().join("files")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let report = Report::of(&name, &std::fs::read(&path).unwrap(), &Table::built_in());
        let number = name.chars().next().and_then(|digit| digit.to_digit(10));
        assert_eq!(number, Some(u32::from(report.level.number())), "{name}");
        assert_eq!(report.level == Level::Broken, !report.problems.is_empty(), "{name}");
        count += 1;
    }
    assert_eq!(count, 8);
}
