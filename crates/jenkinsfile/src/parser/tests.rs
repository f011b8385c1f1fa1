//! What nests, and what comes by chance.

use proptest::prelude::*;

use super::parse;
use crate::report::Report;
use crate::syntax::{MOST_HEIGHT, Node};
use crate::table::Table;

/// Beginnings that nest for as long as somebody writes them.
const OPENERS: &[&str] = &[
    "(",
    "[",
    "{",
    "{->",
    "a(",
    "a{",
    "a[",
    "a {\n",
    "!",
    "- ",
    "~",
    "++",
    "a+",
    "a.b.",
    "a.b(",
    "a?b:",
    "a?:",
    "a=",
    "a b ",
    "if(a)",
    "if(a){",
    "if(a)b else ",
    "for(a in b)",
    "while(a){",
    "switch(a){case 1:",
    "try{",
    "catch(a){",
    "\"${",
    "\"${\"",
    "\"\"\"${",
    "/${",
    "$/${",
    "[a:",
    "[a,",
    "(a:",
    "new A(",
    "new A(){",
    "@A(",
    "@A ",
    "(A)",
    "(A<",
    "A<",
    "Map<String,",
    "{a->",
    "{a,",
    "class A{",
    "def a(){",
    "def a=",
    "a:",
    "a\n.b",
    "a,\n",
    "import a.",
    "return ",
    "case ",
    "stage('a'){",
    "pipeline{stages{stage('a'){stages{",
    "a in ",
    "a as B ",
    "a..",
    "a**",
    "a<<",
    "/*",
    "//",
    "'''",
    "'",
    "$",
    "\\",
    "\u{1}",
    ")",
    "]",
    "}",
    "->",
    "else ",
    "a ->\n",
];

#[test]
fn nothing_that_nests_exhausts_the_stack() {
    let table = Table::built_in();
    for opener in OPENERS {
        let text = opener.repeat(30_000 / opener.len());
        let (script, _) = parse(&text);
        let highest = script.statements.iter().map(|one| Node::Statement(one).height()).max();
        assert!(highest.unwrap_or_default() <= MOST_HEIGHT, "{opener:?}");
        drop(Report::of("Jenkinsfile", text.as_bytes(), &table));
    }
}

#[test]
fn what_repeats_within_a_string_exhausts_no_stack() {
    let table = Table::built_in();
    for (opening, closing) in [("\"", "\""), ("\"\"\"", "\"\"\""), ("/", "/"), ("$/", "/$")] {
        for repeated in ["$a ", "$a", "$a.b ", "${a} ", "${a}$b ", "${\"$a\"} ", "$", "\\n"] {
            let inner = repeated.repeat(100_000 / repeated.len());
            let call = format!("sh({opening}{inner}{closing})");
            let text = format!(
                "pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ {call}\n}} }} }} }}"
            );
            let report = Report::of("Jenkinsfile", text.as_bytes(), &table);
            let said = report.problems.first().map(|one| one.message.clone());
            assert!(said.is_none() || repeated == "$", "{opening} {repeated}: {said:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        Report::of("Jenkinsfile", &bytes, &Table::built_in());
    }

    #[test]
    fn any_words_are_read(words in proptest::collection::vec(proptest::sample::select(OPENERS), 0..60)) {
        let text = words.concat();
        let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
        for problem in &report.problems {
            prop_assert!(problem.from <= problem.to, "{problem:?}");
        }
    }
}
