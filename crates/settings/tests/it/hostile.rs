//! Whatever a file holds, a reader answers, in order and without escapes.

use pilothouse_settings::{MOST_BYTES, Problem, ProblemKind, operator, pipeline, text_of};
use proptest::prelude::*;

const PRODUCTION: &str = "repository = \"/srv/git/shop\"\n[load_balancer]\nlisten = \
     \"127.0.0.1:8080\"\n[environment.production]\ndomain = \"shop.test\"\n";

/// Pieces that files are made of, so that random texts get past the parser.
const PIECES: [&str; 44] = [
    "[",
    "]",
    "[[",
    "]]",
    "=",
    "\n",
    "\"",
    "'''",
    "{",
    "}",
    ",",
    ".",
    "#",
    " ",
    "stage",
    "step",
    "name",
    "run",
    "service",
    "health",
    "environment",
    "production",
    "preview",
    "branch",
    "domain",
    "rule",
    "priority",
    "path",
    "secrets",
    "file",
    "true",
    "15s",
    "1",
    "-1",
    "0x10",
    "1.5",
    "inf",
    "결제",
    "\u{202e}",
    "\x1b[2J",
    "\r\n",
    "1979-05-27",
    "load_balancer",
    "listen",
];

/// Whole lines, so that most texts are TOML and reach every reader.
const LINES: [&str; 36] = [
    "[[stage]]",
    "[[stage.step]]",
    "[service]",
    "[service.health]",
    "name = \"a\"",
    "run = \"x\"",
    "run = [\"x\", 1]",
    "run = []",
    "timeout = \"9h\"",
    "timeout = 5",
    "env = { A = \"1\", B = 2 }",
    "artifact = [\"../x\", \"dist\"]",
    "artifact = 1",
    "path = \"/up\"",
    "path = 7",
    "matcher = \"999\"",
    "stop = { signal = \"KILL\" }",
    "repository = \"/srv/x\"",
    "repository = \"-x\"",
    "[environment.a]",
    "[environment.production]",
    "[environment.preview]",
    "branch = [\"*\", \"a/*\"]",
    "branch = \"결제\"",
    "domain = \"{branch}.x\"",
    "max = 100",
    "instances = 0",
    "[[environment.a.rule]]",
    "priority = 1",
    "forward = true",
    "redirect = { }",
    "fixed = { status = 99 }",
    "header = { \"a b\" = [] }",
    "secrets = { A = { file = \"x\" }, B = \"hunter2\" }",
    "budget = \"1/x\"",
    "listen = [\"x\", \"[::]:1\"]",
];

fn judge(text: &str) -> Result<(), TestCaseError> {
    let mut all: Vec<Vec<Problem>> = Vec::new();
    match operator::read("shop", "shop.toml", text) {
        // Whoever decides holds a specification to the same rules, and refuses nothing that was read.
        Ok(spec) => prop_assert_eq!(spec.check(), []),
        Err(problems) => all.push(problems),
    }
    all.extend(pipeline::read(pipeline::FILE, text).err());
    for problems in all {
        prop_assert!(!problems.is_empty());
        let lines = text.split('\n').count();
        for problem in &problems {
            prop_assert!((1..=lines).contains(&problem.line));
            prop_assert!(problem.column >= 1);
            let shown = problem.to_string();
            let is_safe = |c: char| c == '\n' || (!c.is_control() && c != '\u{202e}');
            prop_assert!(shown.chars().all(is_safe), "{shown:?}");
            prop_assert!(!shown.contains("hunter2"), "{shown}");
        }
        prop_assert!(problems.is_sorted_by_key(|problem| (problem.line, problem.column)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        match text_of("x", &bytes) {
            Ok(text) => judge(text)?,
            Err(problems) => prop_assert_eq!(problems[0].kind, ProblemKind::Syntax),
        }
    }

    #[test]
    fn any_pieces_are_answered(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        judge(&pieces.concat())?;
    }

    #[test]
    fn any_lines_are_answered(lines in prop::collection::vec(prop::sample::select(&LINES[..]), 0..40)) {
        judge(&lines.join("\n"))?;
    }
}

#[test]
fn a_huge_file_is_refused_whole() {
    let text = "a".repeat(MOST_BYTES + 1);
    for problems in [
        operator::read("shop", "x", &text).unwrap_err(),
        pipeline::read("x", &text).unwrap_err(),
        text_of("x", text.as_bytes()).unwrap_err(),
    ] {
        let kinds: Vec<_> = problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, [ProblemKind::TooLarge]);
    }
}

#[test]
fn a_nested_bomb_is_answered() {
    let text = format!("a = {}", "[".repeat(100_000));
    assert!(pipeline::read("x", &text).is_err());
}

#[test]
fn many_problems_end_at_the_limit() {
    let keys: Vec<String> = (0..500).map(|n| format!("k{n} = 1")).collect();
    let text = keys.join("\n");
    let problems = pipeline::read("x", &text).unwrap_err();
    assert_eq!(problems.len(), pilothouse_settings::MOST_PROBLEMS);
}

/// More than is read is told instead of left out: an instance would miss it.
#[test]
fn more_variables_and_secrets_than_are_read_are_told() {
    let secret = |n: usize| format!("S{n} = {{ file = \"/run/s{n}\" }}");
    let variable = |n: usize| format!("V{n} = \"x\"");
    let table = |name: &str, lines: &dyn Fn(usize) -> String, count: usize| {
        let lines: Vec<_> = (0..count).map(lines).collect();
        format!("{PRODUCTION}[environment.production.{name}]\n{}\n", lines.join("\n"))
    };
    for (name, lines, most) in
        [("env", &variable as &dyn Fn(usize) -> String, 500), ("secrets", &secret, 200)]
    {
        let read = |count| operator::read("shop", "x", &table(name, lines, count));
        assert!(read(most).is_ok(), "{name}");
        let problems = read(most + 1).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].kind, ProblemKind::TooLarge);
    }
}

#[test]
fn bytes_that_are_not_utf8_are_placed() {
    let problems = text_of("x", b"a = 1\nb = \"\xff\"\n").unwrap_err();
    assert_eq!((problems[0].line, problems[0].column), (2, 6));
}

/// Texts that are as large as is read and ask for as much work as they can. The reader's work
/// grows with a text's length alone, so each takes well under a second; none may take minutes.
#[test]
fn large_texts_are_answered_in_good_time() {
    let fill = |line: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        let mut number = 0;
        while text.len() < MOST_BYTES - 200 {
            text.push_str(&line(number));
            number += 1;
        }
        text
    };
    let begun = std::time::Instant::now();
    for text in [
        fill(&|n| format!("k{n}=1\n")),
        fill(&|_| "= \n".to_owned()),
        fill(&|_| "[[stage]]\n".to_owned()),
        fill(&|n| format!("[environment.e{n}]\n")),
        format!("[environment.a]\nbranch=[{}]", fill(&|n| format!("\"{n}*\","))),
        format!("[environment.a.secrets]\n{}", fill(&|n| format!("k{n}=\"x\"\n"))),
        format!("artifact=[{}]", fill(&|n| format!("\"{n}\","))),
        "a.".repeat(MOST_BYTES / 2 - 4),
        "[[a]]\nb={c=".repeat(MOST_BYTES / 16),
    ] {
        assert!(operator::read("shop", "x", &text).is_err());
        assert!(pipeline::read("x", &text).is_err());
        let took = begun.elapsed();
        assert!(took.as_secs() < 120, "{took:?} at {:?}", &text[..40]);
        if std::env::var_os("SHOW_TIMES").is_some() {
            eprintln!("{took:?} after {:?}", &text[..30]);
        }
    }
}
