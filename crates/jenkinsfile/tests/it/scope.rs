//! Names that are declared twice. Each verdict is what Groovy 2.4.21 says of the text.

use jenkinsfile::parser::parse;
use jenkinsfile::scope::declared_twice;

/// What is declared twice, by line and column.
fn twice(text: &str) -> Vec<String> {
    let (script, problems) = parse(text);
    assert!(problems.is_empty(), "{text:?}: {problems:?}");
    let lines = jenkinsfile::source::Lines::new(text);
    let all = declared_twice(text, &script);
    all.iter()
        .map(|problem| {
            let at = lines.position(problem.span.start);
            format!("{}:{} {}", at.line, at.column, problem.message)
        })
        .collect()
}

#[test]
fn groovy_refuses_a_name_that_is_known_already() {
    let refused = [
        ("def x = 1\ndef x = 2", "2:5"),
        ("def x\na { def x }", "2:9"),
        ("def x\na { x -> 1 }", "2:5"),
        ("a { x, x -> 1 }", "1:8"),
        ("a { b { def it } }", "1:13"),
        ("a { it -> b { it -> 1 } }", "1:15"),
        ("def x\nif (a) { def x }", "2:14"),
        ("for (x in y) { def x }", "1:20"),
        ("for (x in y.findAll { x -> x }) { }", "1:23"),
        ("def i\nfor (int i = 0; i < 1; i++) { }", "2:10"),
        ("try { } catch (e) { def e }", "1:25"),
        ("def e\ntry { } catch (e) { }", "2:16"),
        ("def f(x) { def x }", "1:16"),
        ("def f(x, x) { }", "1:10"),
        ("def (a, a) = [1, 2]", "1:9"),
        ("def a, a", "1:8"),
        ("def x\n\"${ -> def x }\"", "2:12"),
        ("def x\nnew Object() { def f() { def x } }", "2:30"),
        ("class A { def x = { def y\n def y } }", "2:6"),
        ("def x\npipeline { stages { stage('a') { steps { script { def x = 1 } } } } }", "2:55"),
        ("@groovy.transform.Field def x = 1\na { x -> 1 }", "2:5"),
    ];
    for (text, place) in refused {
        let found = twice(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        let said = "The current scope already contains a variable of the name ";
        assert!(found[0].starts_with(&format!("{place} {said}")), "{text:?}: {found:?}");
    }
    let classes = twice("class A { class B {} }\nclass B {}\ninterface A {}");
    assert_eq!(classes, ["3:11 Invalid duplicate class definition of class A"]);
}

#[test]
fn a_name_may_be_used_again_where_the_first_is_not_known() {
    let accepted = [
        "a { it -> b { 1 } }",
        "def it = 1\na { 1 }",
        "if (a) { def x } else { def x }\ndef x",
        "for (x in y) {}\nfor (x in z) {}",
        "try { def x } catch (e) { def x } finally { def x }\ntry { } catch (e) { }",
        "def x\ndef f() { def x }\ndef g(x) { }",
        "def f() { }\ndef f() { }",
        "def x\nclass A { def x\n def x\n def f() { def x } }",
        "def a = { def a }",
        "switch (a) { case 1: def x\n case 2: def x }",
        "x = 1\ndef x = 2",
        "a { -> def it }",
        "new Object() { def f() { def it } }",
        "pipeline { a { script { def x } }\n b { script { def x } } }",
        "\"${def x = 1} ${def x = 2}\"",
    ];
    for text in accepted {
        assert_eq!(twice(text), [""; 0], "{text:?}");
    }
}

#[test]
fn the_advice_names_the_line_of_the_first() {
    let text = "pipeline { agent any\nstages { stage('a') { steps { script {\ndef x = 1\nsh x\ndef x = 2\n} } } } }";
    let report =
        jenkinsfile::Report::of("J", text.as_bytes(), &jenkinsfile::table::Table::built_in());
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    let advice = report.problems[0].advice.as_deref();
    assert_eq!(advice, Some("it is declared in line 3; give this one another name"));
}
