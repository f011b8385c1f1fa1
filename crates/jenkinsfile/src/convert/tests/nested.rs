//! Substitutions in what a shell reads as one thing.

use super::container::in_container;
use super::{running, with_steps};

/// Whether a script is taken over on a host.
fn runs(script: &str) -> bool {
    running(&with_steps("", &format!("sh '''{script}'''"))).contains("run = ")
}

/// Whether the next script is in one step with it, or left, since it may change its container.
fn changes(script: &str) -> bool {
    in_container(&format!("sh '''{script}'''\nsh 'next'")).contains("may change its container")
}

#[test]
fn a_substitution_does_not_end_what_it_stands_in() {
    for script in [
        "make -j$((2*$(nproc)))",
        "N=$((1+$(cat n)))",
        "N=$(( ($(cat n) + 1) * 2 ))",
        "(( N = $(cat n) + 1 ))",
        "N=$((1+`cat n`))",
        "FILES=($(git diff --name-only))",
        "FILES=( $(ls *.txt) )\ncat \"${FILES[@]}\"",
        "declare -a X=($(ls))",
        "X=(\n  a # a (b\n  \"c)\"\n)",
        "echo \"${A:-$(f() { x; }; f)}\"",
        "A=$((cd a; ls) | wc)",
        "((cd a; ls) | wc)",
    ] {
        assert!(runs(script), "{script}");
        assert!(!changes(script), "{script}");
    }
    for script in [
        "echo $((1+$(pip install x)))",
        "A=($(pip install x))",
        "A=(\na # b\n$(pip install x))",
        "((A = $(pip install x)))",
        "echo \"${A:-$(f() { x; }; cp a /opt/x)}\"",
        "A=$((cd a; pip install x) | wc)",
        "A=(a /opt/x)\ncp a \"${A[1]}\"",
    ] {
        let text = in_container(&format!("sh '''{script}'''\nsh 'next'"));
        assert!(changes(script), "{script}: {text}");
        assert!(!text.contains("what stands in its quotes"), "{script}: {text}");
    }
    for script in [
        "a=($(nginx))",
        "((x = $(nginx)))",
        "a=$((1+$(nginx)))",
        "a=(b `nginx`)",
        "((cd a; nginx) | wc)",
        "echo \"${A:-$(f() { x; }; nginx)}\"",
    ] {
        assert!(!runs(script), "{script}");
    }
}
