//! Programs that a grammar grows: most of them are right.

use crate::random::Random;

/// A few statements.
pub fn program(random: &mut Random) -> String {
    statements(random, 4)
}

fn statements(random: &mut Random, depth: usize) -> String {
    let count = random.below(3) + usize::from(depth > 2);
    let all: Vec<String> = (0..count).map(|_| statement(random, depth)).collect();
    all.join(random.one(&["\n", "\n", "; ", "\n\n", " // c\n"]))
}

fn block(random: &mut Random, depth: usize) -> String {
    let gap = random.one(&[" ", "\n"]);
    format!("{{{gap}{}{gap}}}", statements(random, depth.saturating_sub(1)))
}

fn statement(random: &mut Random, depth: usize) -> String {
    let value = |random: &mut Random| expression(random, depth.saturating_sub(1));
    match random.below(if depth == 0 { 5 } else { 19 }) {
        0 => format!("{} = {}", random.one(&["a", "a.b", "a[0]", "env.X"]), value(random)),
        1 => format!("{} {}", random.one(&["sh", "echo", "a.b", "foo"]), arguments(random, depth)),
        2 => format!("def a = {}", value(random)),
        3 => format!("{}({})", random.one(&["sh", "a.b", "a?.b"]), arguments(random, depth)),
        4 => value(random),
        5 => format!("if ({}) {}", value(random), block(random, depth)),
        6 => format!(
            "if ({}) {} else {}",
            value(random),
            statement(random, depth - 1),
            block(random, depth)
        ),
        7 => format!("for (x in {}) {}", value(random), block(random, depth)),
        8 => format!("for (int i = 0; i < {}; i++) {}", value(random), block(random, depth)),
        9 => format!("while ({}) {}", value(random), block(random, depth)),
        10 => format!("try {} catch (e) {}", block(random, depth), block(random, depth)),
        11 => format!(
            "switch ({}) {{ case {}: {}\n default: {} }}",
            value(random),
            value(random),
            statement(random, depth - 1),
            statement(random, depth - 1)
        ),
        12 => format!(
            "def foo({}) {}",
            random.one(&["", "a", "a, b", "String a, b = 1"]),
            block(random, depth)
        ),
        13 => format!("stage('x') {}", block(random, depth)),
        14 => format!("return {}", value(random)),
        15 => format!("{} {}", random.one(&["String", "Foo<A>", "int", "final", "a.B"]), "x = 1"),
        16 => format!("assert {} : 'x'", value(random)),
        17 => format!(
            "class A {{ def x\n A() {} \n def y() {} }}",
            block(random, depth),
            block(random, depth)
        ),
        _ => format!("timeout(time: 1, unit: 'HOURS') {}", block(random, depth)),
    }
}

fn arguments(random: &mut Random, depth: usize) -> String {
    let count = random.below(3) + 1;
    let all = (0..count).map(|_| {
        let value = expression(random, depth.saturating_sub(2));
        match random.below(4) {
            0 => format!("{}: {value}", random.one(&["k", "'k'", "script", "default", "(k)"])),
            _ => value,
        }
    });
    all.collect::<Vec<_>>().join(random.one(&[", ", ",\n"]))
}

fn expression(random: &mut Random, depth: usize) -> String {
    let literals = [
        "a",
        "b.c",
        "1",
        "1.5",
        "'x'",
        "\"y ${a}\"",
        "\"$a.b\"",
        "true",
        "null",
        "/r/",
        "[]",
        "[:]",
        "this",
        "'''m\nn'''",
        "env.X",
        "params.Y",
        "-1",
    ];
    if depth == 0 {
        return random.one(&literals).to_owned();
    }
    let inner = |random: &mut Random| expression(random, depth - 1);
    match random.below(16) {
        0 => format!("{} {} {}", inner(random), operator(random), inner(random)),
        1 => format!("{} ? {} : {}", inner(random), inner(random), inner(random)),
        2 => format!("{} ?: {}", inner(random), inner(random)),
        3 => format!("({})", inner(random)),
        4 => format!("[{}]", arguments(random, depth)),
        5 => format!("foo({})", arguments(random, depth)),
        6 => format!(
            "{}.{}",
            inner(random),
            random.one(&["size()", "b", "each { it }", "\"$q\"", "*.c"])
        ),
        7 => format!("!{}", inner(random)),
        8 => format!("{{ {} -> {} }}", random.one(&["", "a", "a, b", "String a"]), inner(random)),
        9 => format!("\"p ${{{}}} q\"", inner(random)),
        10 => format!("{} as {}", inner(random), random.one(&["String", "int[]", "List<A>"])),
        11 => format!("new Foo({})", inner(random)),
        12 => format!("({}) {}", random.one(&["String", "int", "a"]), inner(random)),
        13 => format!("{}[{}]", inner(random), inner(random)),
        14 => format!("{}\n.trim()", inner(random)),
        _ => format!("{} {{ {} }}", random.one(&["a", "foo(1)", "x.y"]), inner(random)),
    }
}

fn operator<'a>(random: &mut Random) -> &'a str {
    random.one(&[
        "+",
        "-",
        "*",
        "/",
        "%",
        "**",
        "==",
        "!=",
        "<",
        ">=",
        "<=>",
        "&&",
        "||",
        "|",
        "&",
        "^",
        "<<",
        ">>",
        "..",
        "..<",
        "=~",
        "==~",
        "in",
        "instanceof",
        "+\n",
        "=",
        "+=",
    ])
}
