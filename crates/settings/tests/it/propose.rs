//! Whatever is proposed, the readers take.

use pilothouse_core::pipeline::{Run, StepRun};
use pilothouse_settings::init::{Kind, Proposal, RepositoryFacts, name_from, propose};
use pilothouse_settings::problem::report;
use pilothouse_settings::{operator, pipeline};
use proptest::prelude::*;

fn facts(files: &[&str]) -> RepositoryFacts {
    RepositoryFacts {
        name: "shop".to_owned(),
        repository: "/srv/git/shop.git".to_owned(),
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        branches: vec!["main".to_owned()],
        default_branch: Some("main".to_owned()),
        ..RepositoryFacts::default()
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Reads both texts and writes what matters of them in a few lines.
fn shown(proposal: &Proposal) -> String {
    let read = pipeline::read(pipeline::FILE, &proposal.pipeline.text);
    let pipeline = read.unwrap_or_else(|problems| panic!("{}", report(&problems)));
    let read = operator::read("shop", "shop.toml", &proposal.operator.text);
    let spec = read.unwrap_or_else(|problems| panic!("{}", report(&problems)));
    let step_run = |run: &StepRun| match run {
        StepRun::Script(script) => script.clone(),
        StepRun::Argv(argv) => argv.join(" "),
        StepRun::Image(build) => format!("build {}", build.dockerfile),
    };
    let service = |run: &Run| match run {
        Run::Script(script) => script.clone(),
        Run::Argv(argv) => argv.join(" "),
        Run::Image => "what the image says".to_owned(),
    };
    let mut lines: Vec<String> = pipeline
        .steps()
        .map(|(_, step)| format!("{}: {}", step.name, step_run(&step.run)))
        .collect();
    lines.push(format!("artifact: {}", pipeline.artifact.join(" ")));
    lines.push(format!("run: {}", service(&pipeline.service.run)));
    for environment in &spec.environments {
        let domain = environment.domain.as_deref().unwrap_or("-");
        let branches = environment.branches.join(" ");
        lines.push(format!("{} <- {branches} at {domain}", environment.name));
    }
    lines.join("\n")
}

#[test]
fn a_static_site() {
    let proposal = propose(&facts(&["index.html", "style.css"]));
    assert_eq!(proposal.kind, Kind::Static);
    insta::assert_snapshot!("propose_static", shown(&proposal));
}

#[test]
fn python_with_the_standard_library_alone() {
    let proposal = propose(&facts(&["server.py", "tests/test_server.py"]));
    assert_eq!(proposal.kind, Kind::Python);
    insta::assert_snapshot!("propose_python", shown(&proposal));
}

#[test]
fn python_with_requirements_and_pytest() {
    let mut facts = facts(&["app.py", "requirements.txt", "test_app.py"]);
    facts.python_packages = texts(&["flask", "pytest"]);
    insta::assert_snapshot!("propose_python_requirements", shown(&propose(&facts)));
}

#[test]
fn node_with_scripts_and_many_branches() {
    let mut facts = facts(&["package.json", "package-lock.json", "index.html"]);
    facts.scripts = texts(&["build", "start", "test"]);
    facts.branches = texts(&["develop", "feature/a", "master", "release/1.9"]);
    facts.default_branch = Some("master".to_owned());
    let proposal = propose(&facts);
    assert_eq!(proposal.kind, Kind::Node);
    insta::assert_snapshot!("propose_node", shown(&proposal));
}

#[test]
fn rust_whose_name_is_no_shell_word() {
    let mut facts = facts(&["Cargo.toml"]);
    facts.crate_name = Some("shop; reboot".to_owned());
    insta::assert_snapshot!("propose_rust", shown(&propose(&facts)));
    facts.crate_name = Some("shop".to_owned());
    assert!(shown(&propose(&facts)).contains("run: exec ./target/release/shop"));
}

#[test]
fn a_makefile() {
    let mut facts = facts(&["Makefile"]);
    facts.make_targets = texts(&["all", "test", "serve"]);
    insta::assert_snapshot!("propose_make", shown(&propose(&facts)));
}

#[test]
fn nothing_that_is_known() {
    let proposal = propose(&facts(&["notes.odt"]));
    assert_eq!(proposal.kind, Kind::Unknown);
    insta::assert_snapshot!("propose_unknown", shown(&proposal));
}

#[test]
fn what_is_not_trusted_says_whose_programs_steps_are() {
    let proposal = propose(&facts(&["server.py"]));
    let said = "trusted is false: steps run as the engine's own user";
    let notes = &proposal.operator.notes;
    assert!(notes.iter().any(|note| note.starts_with(said)), "{notes:?}");
}

#[test]
fn the_texts_explain_themselves() {
    let proposal = propose(&facts(&["server.py"]));
    insta::assert_snapshot!("propose_operator", proposal.operator.text);
    insta::assert_snapshot!("propose_pipeline", proposal.pipeline.text);
}

#[test]
fn every_commented_key_can_be_uncommented() {
    let proposal = propose(&facts(&["server.py"]));
    let is_key = |line: &str| line.contains(" = ") || line.starts_with("# [[");
    let lines = proposal.operator.text.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_key(line) => rest,
        Some(_) | None => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    assert!(text.contains("\nbudget = ") && text.contains("\n[[environment.production.rule]]"));
    let read = operator::read("shop", "shop.toml", &text);
    // Previews come after production's rule, so the file is still in order.
    let spec = read.unwrap_or_else(|problems| panic!("{}", report(&problems)));
    assert_eq!(spec.environments[0].rules.len(), 1);
    assert_eq!(spec.environments[0].secrets.len(), 1);
}

#[test]
fn names_come_from_repositories() {
    for (repository, name) in [
        ("git@github.com:example/Shop_Web.git", "shop-web"),
        ("/srv/git/shop.git/", "shop"),
        ("https://example.com/3d-print", "d-print"),
    ] {
        assert_eq!(name_from(repository).as_deref(), Some(name), "{repository}");
        assert!(pilothouse_core::id::is_name(name));
    }
    assert_eq!(name_from("결제").or_else(|| name_from("")), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_facts_make_files_that_are_read(
        files in prop::collection::vec(prop::sample::select(vec![
            "index.html", "public/index.html", "package.json", "yarn.lock", "pnpm-lock.yaml",
            "Cargo.toml", "Makefile", "server.py", "manage.py", "requirements.txt",
            "tests/test_a.py", "conftest.py", "server.js", "a\nb", "\"", "결제",
        ]), 0..6),
        scripts in prop::collection::vec(prop::sample::select(vec!["build", "test", "start"]), 0..3),
        odd in ".{0,30}",
        branches in prop::collection::vec("(release/|feature/)?[a-z*\"'$ -]{0,8}", 0..4),
        default in prop::option::of("[a-z/*\"'$ .-]{1,8}"),
    ) {
        let mut facts = facts(&files);
        facts.scripts = texts(&scripts);
        facts.main = Some(odd.clone());
        facts.crate_name = Some(odd.clone());
        facts.make_targets = vec![odd];
        facts.branches = branches;
        facts.default_branch = default;
        shown(&propose(&facts));
        let name = name_from(&facts.main.unwrap_or_default());
        prop_assert!(name.is_none_or(|name| pilothouse_core::id::is_name(&name)));
    }
}

#[test]
fn a_service_in_an_image_is_proposed_as_containers() {
    let mut facts = facts(&["server.py"]);
    for (serves_from_image, runtime) in
        [(false, "\nruntime = \"local\""), (true, "\nruntime = \"docker\"")]
    {
        facts.serves_from_image = serves_from_image;
        let text = propose(&facts).operator.text;
        assert!(text.contains(runtime), "{text}");
        assert!(operator::read("shop", "shop.toml", &text).is_ok(), "{text}");
    }
}
