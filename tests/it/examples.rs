//! The examples, read as the product reads them.

use std::fs;
use std::path::{Path, PathBuf};

use pilothouse_settings::{operator, pipeline};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn projects() -> Vec<PathBuf> {
    let entries = fs::read_dir(examples()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

#[test]
fn every_project_has_a_pipeline_that_is_read() {
    let projects = projects();
    assert!(projects.len() >= 2, "{projects:?}");
    for project in projects {
        let file = project.join(pipeline::FILE);
        let text = fs::read_to_string(&file).unwrap();
        let read = pipeline::read(pipeline::FILE, &text);
        assert!(read.is_ok(), "{}: {:?}", file.display(), read.err());
        let about = fs::read_to_string(project.join("README.md")).unwrap();
        assert!(about.lines().count() <= 30, "{}: a README of a page", project.display());
    }
}

#[test]
fn every_operators_file_is_read() {
    let entries = fs::read_dir(examples()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let read = operator::read(name, &format!("{name}.toml"), &text);
        assert!(read.is_ok(), "{}: {:?}", file.display(), read.err());
    }
}
