//! Keymaps and themes: those that come along are whole, and wrong ones say where and why.
#![expect(clippy::disallowed_methods, reason = "the test reads the files that it is about")]

use std::fmt::Write as _;
use std::path::Path;

use pilothouse_cockpit::keymap::{self, DEFAULT, VIM};
use pilothouse_cockpit::theme::{self, BUILT_IN, Depth};

#[test]
fn keymaps_that_come_along_are_right() {
    assert_eq!(keymap::load(&[DEFAULT]).1, []);
    assert_eq!(keymap::load(&[DEFAULT, VIM]).1, []);
    assert_eq!(keymap::check(VIM.text, VIM.file), []);
}

#[test]
fn themes_that_come_along_are_whole_at_every_depth() {
    for (name, source) in BUILT_IN {
        for depth in [Depth::True, Depth::Indexed, Depth::Sixteen, Depth::None] {
            let theme = theme::load(source.text, source.file, depth);
            assert_eq!(theme.map(|theme| theme.name), Ok(name.to_owned()));
        }
    }
}

#[test]
fn the_keys_as_a_page() {
    insta::assert_snapshot!(keymap::markdown(&keymap::load(&[DEFAULT]).0));
}

#[test]
fn wrong_files_say_where_and_why() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut said = String::new();
    for path in files {
        let file = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let problems = if file.starts_with("keymap") {
            keymap::check(&text, file)
        } else {
            theme::load(&text, file, Depth::True).err().unwrap_or_default()
        };
        assert!(!problems.is_empty(), "{file}");
        for problem in problems {
            writeln!(said, "{problem}").unwrap();
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_bad_row_is_left_out_and_the_rest_works() {
    let text = "[global]\nprepend_keymap = [\n{ on = \"<S-a>\", run = \"open\" },\n{ on = \"o\", run = \"open\" } ]\n";
    let (keymap, problems) =
        keymap::load(&[DEFAULT, pilothouse_cockpit::problem::Source { file: "my.toml", text }]);
    assert_eq!(problems.len(), 1);
    let open = keymap.keys_of(&[keymap::Context::Global], pilothouse_cockpit::action::Action::Open);
    assert_eq!(open.as_deref(), Some("o"));
}
