//! The list of the modules that name the codec is true.

use std::collections::BTreeSet;
use std::path::Path;

/// The modules that `lib.rs` lists.
fn listed(lib: &str) -> BTreeSet<String> {
    let prose: Vec<&str> = lib.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let prose = prose.join(" ");
    let (_, list) = prose.split_once("is named in").unwrap();
    let (list, _) = list.split_once(" only").unwrap();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Says whether code names hyper; comments may.
fn names_codec(text: &str) -> bool {
    let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.any(|line| line.contains("hyper::") || line.contains("hyper_util::"))
}

fn look(dir: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            look(&path, &format!("{prefix}{name}::"), found);
        } else if name != "tests" && names_codec(&std::fs::read_to_string(&path).unwrap()) {
            found.insert(format!("{prefix}{name}"));
        }
    }
}

#[test]
fn the_modules_that_name_the_codec_are_those_that_lib_rs_lists() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let listed = listed(&std::fs::read_to_string(src.join("lib.rs")).unwrap());
    let mut found = BTreeSet::new();
    look(&src, "", &mut found);
    assert_eq!(found, listed, "write the list in lib.rs anew, or ask a module that is on it");
}
