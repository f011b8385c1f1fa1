//! Dockerfiles, and the images that are found in them.

use super::*;

fn of(text: &str) -> (Vec<String>, Vec<String>) {
    let found = References::of(text).unwrap();
    (found.from.into_iter().collect(), found.others.into_iter().collect())
}

fn from(text: &str) -> Vec<String> {
    of(text).0
}

#[test]
fn images_and_stages_are_told_apart() {
    let text = "# syntax=docker/dockerfile:1\n\
        FROM --platform=linux/amd64 debian:12 AS Build\n\
        RUN make && echo FROM nowhere\n\
        from build as test\n\
        FROM scratch\n\
        COPY --from=build --chown=1:1 /a /b\n\
        copy --chown=\"a b\" --from=other/image@sha256:00 /a /b\n\
        ADD x y\n\
        ONBUILD COPY --from=third /a /b\n";
    let (from, others) = of(text);
    assert_eq!(from, ["debian:12"]);
    assert_eq!(others, ["build", "other/image@sha256:00", "third"]);
    // A stage that comes later may be an image's id before.
    let (from, others) =
        of("FROM x\nCOPY --from=abcxyz / /\nCOPY --from=0 / /\nFROM x AS abcxyz\n");
    assert_eq!((from, others), (vec!["x".to_owned()], vec!["abcxyz".to_owned()]));
}

#[test]
fn variables_quotes_and_lines_are_read_as_engines_do() {
    let cases = [
        ("ARG BASE=a/b:1\nFROM $BASE\n", "a/b:1"),
        ("ARG BASE=\"a/b:1\" OTHER=x\nFROM ${BASE}\n", "a/b:1"),
        ("FROM ${BASE:-a/b:1}\n", "a/b:1"),
        ("ARG T=1\nFROM a/b:${T}-x AS y\n", "a/b:1-x"),
        ("ARG O=\"-X 'a=b'\" T='1'\nFROM a/b:$T\n", "a/b:1"),
        ("ARG T='1'\nFROM a/\"b\":$T\n", "a/b:1"),
        ("FROM \"a/b:1\"\n", "a/b:1"),
        ("FROM a/\\b:1\n", "a/b:1"),
        ("\u{feff}FROM a/b:1\r\n", "a/b:1"),
        ("FR\\\nOM a/\\\n# a comment\n\nb:1\n", "a/b:1"),
        ("RUN true \\\n  # a comment\nFROM a/b:1\n", "a/b:1"),
        ("\tFrom\ta/b:1\u{b}as\u{c}x\n", "a/b:1"),
        ("RUN <<E\nFROM a/b:1\nE\n", "a/b:1"),
    ];
    for (text, image) in cases {
        let found = from(text);
        assert!(found.contains(&image.to_owned()), "{text:?}: {found:?}");
    }
    // A value that a later line gives, too.
    assert_eq!(from("ARG A=x\nFROM $A\nARG A=y\n"), ["x", "y"]);
    // Its letters may be of another script.
    assert_eq!(from("FROM a/b:1 a\u{17f} x\n"), ["a/b:1"]);
    // A label may say of ours what it likes, as long as its name is its own.
    assert_eq!(from("FROM x\nLABEL a=\"see pilothouse.md\" c=pilothouse.x\n"), ["x"]);
    // Its value may be a variable's, and a name without an equals sign has all the rest for one.
    assert_eq!(from("FROM x\nLABEL a=$A \"b\"=\"c $D=e\"\nLABEL costs $5 = much\n"), ["x"]);
    // What names no image may be as long as it likes.
    assert_eq!(from(&format!("RUN \\\n{}\\\n true\nFROM x\n", " ".repeat(70_000))), ["x"]);
    // What looks like it and is no instruction of any engine.
    for text in [
        "RUN psql -c 'select x \\\n FROM users WHERE y'\n",
        "RUN psql -c 'select x \\\n FROM users'\n",
        "RUN psql -c 'select x \\\n FROM users \\\n JOIN x'\n",
    ] {
        assert_eq!(from(text), Vec::<String>::new(), "{text:?}");
    }
}

#[test]
fn platforms_are_found_however_they_are_written() {
    let of = |text: &str| -> Vec<String> {
        References::of(text).unwrap().platforms.into_iter().collect()
    };
    assert_eq!(of("FROM --platform=linux/arm64 x AS y\nFROM y\n"), ["linux/arm64"]);
    assert_eq!(of("ARG P=linux/s390x\nfrom \\\n --platform=${P} x\n"), ["linux/s390x"]);
    assert_eq!(of("FROM --platform=\"a b\" x\n"), ["a b"]);
    assert_eq!(of("FROM --platform=$BUILDPLATFORM x\n"), Vec::<String>::new());
    assert_eq!(of("FROM --platform=linux(10)/arm64 x\n"), ["linux(10)/arm64"]);
    assert_eq!(of("FROM x\nRUN true --platform=linux/arm64\n"), Vec::<String>::new());
}

#[test]
fn what_cannot_be_read_is_refused() {
    for text in [
        "ARG A=x\nARG B=$A-y\nFROM $B\n",
        "FROM ${A#x}\n",
        "FROM ${A:-$B}\n",
        "FROM --\"platform\"=linux/s390x x\n",
        "COPY --\"from\"=x a b\n",
        "COPY --fr\\om=x a b\n",
        "copy\t--chown=1 --'from=x' a b\n",
        // Some engines read bytes, one of which is a space to them, and others spaces of any script.
        "COPY --chown=\u{e0}--from=x a b\n",
        "COPY --chown=1\u{a0}--from=x a b\n",
        "COPY \u{2003}--from=x a b\n",
        "ONBUILD COPY --\"from\"=x a b\n",
        "ONBU\u{130}LD COPY --\"from\"=x a b\n",
        "ARG \"AB\"=x\nFROM $AB\n",
        "ARG A\\B=x\nFROM $AB\n",
        "ARG A=B\nARG $A=x\nFROM $B\n",
        "COPY --from x a b\n",
        "ARG 1=sec\nFROM $1ret\n",
        "ARG \u{e4}=x\nFROM $\u{e4}\n",
        "ARG @=x\nFROM $@\n",
        "FROM x\\\r\r\nLABEL a=b\n",
        "FROM x AS abc123\nCOPY --from=abc123 / /\n",
        "ADD [\"http\\u003a//127.0.0.1/\", \"/x\"]\n",
        "LABEL pilothouse.engine=x\n",
        "label a=b \\\n \"pilot\"house.instance=x\n",
        "ONBUILD LABEL Pilothouse.image \"x\"\n",
        "LABEL $X=\n",
        "LABEL a=b \"pilot${H}.engine\"=x\n",
        "ENV X=pilothouse.run\nONBUILD label $X 7\n",
        &format!("FROM x\nCOPY \\\n{}\\\n --from=y / /\n", " ".repeat(70_000)),
        "# Escape = `\nFROM a`\n",
        "COPY --from=${A/x/y} a b\n",
        "ADD http://127.0.0.1/ /x\n",
        "ONBUILD add --chown=1:1 [\"HTTPS://a/\", \"/x\"]\n",
        "ADD \\\n ht\"tp:\"/\\/127.0.0.1/ /x\n",
        "ENV U=http://127.0.0.1/\nADD $U /x\n",
        "ADD git@example.com:a/b.git /x\n",
        &format!(
            "ARG {}\nFROM $A$A$A\n",
            (0..9).map(|n| format!("A={n}")).collect::<Vec<_>>().join(" ")
        ),
        &"FROM x\n".repeat(LINES + 1),
    ] {
        assert!(References::of(text).is_err(), "{text:?}");
    }
}
