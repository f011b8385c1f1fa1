//! Secrets that the operator's file names: who gets them, and who sees them.

use std::path::Path;

use pilothouse_api::types::LogQuery;
use pilothouse_core::id::DeploymentId;

use super::stage::repository::Repository;
use super::stage::{Stage, production};

const SECRET: &str = "a token of some length, as they are made: 0123456789 +/ abcdefghijklmnop";

/// What the service does first: it tells its secret to a file of the test, and to its log in every
/// way in which people do that by accident.
const TELLS: &str = r#"
printf %s "$TOKEN" > "$HOME/got-$PILOTHOUSE_ENVIRONMENT"
echo "token is <$TOKEN>"
echo "$TOKEN" >&2
printf %s "$TOKEN" | base64
printf %s "$TOKEN" | od -An -v -tx1
"#;

/// A stage whose production has a secret, and the repository that it builds.
fn stage() -> (Stage, Repository) {
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    *repository.before.borrow_mut() = TELLS;
    repository.commit("v1");
    let place = stage.path("token");
    std::fs::write(&place, format!("{SECRET}\n")).unwrap();
    let secrets = format!("secrets = {{ TOKEN = {{ file = '{}' }} }}\n", place.display());
    let preview = "[environment.preview]\nbranch = \"feature/*\"\ninstances = 1\n\
         domain = \"{branch}.shop.localhost\"\ndrain = \"1s\"\nbake = \"50ms\"\n";
    stage.apply(&format!("{}{secrets}{preview}", stage.project(repository.dir())));
    stage.succeeds(DeploymentId(0));
    (stage, repository)
}

/// The files below a directory that hold a text.
fn holding(dir: &Path, text: &str) -> Vec<String> {
    let output = std::process::Command::new("grep")
        .args(["--recursive", "--files-with-matches", "--fixed-strings", text])
        .arg(dir)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_secret_reaches_its_instances_and_is_masked_in_their_logs() {
    let (stage, _) = stage();
    let got = std::fs::read_to_string(stage.path("home/got-production")).unwrap();
    assert_eq!(got, SECRET);
    let state = stage.state();
    let ids: Vec<_> = state.instances_of(&production()).map(|one| one.id.clone()).collect();
    assert_eq!(ids.len(), 2);
    for id in ids {
        let query = LogQuery::default();
        let page = stage.ask(async move |client| client.instance_log(&id, &query).await).unwrap();
        let lines: Vec<&str> = page.lines.iter().map(|line| line.text.trim()).collect();
        assert!(lines.contains(&"token is <***>"), "{lines:#?}");
        // The plain value, base64 in two lines, and a dump in five.
        assert_eq!(lines.iter().filter(|line| **line == "***").count(), 1 + 2 + 5, "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("MDEy") || line.contains("30 31")));
    }
    assert_eq!(holding(&stage.state_dir(), SECRET), Vec::<String>::new());
    stage.end();
}

#[test]
fn a_preview_gets_no_secret() {
    let (stage, repository) = stage();
    let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let commit = repository.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "preview"]);
    repository.git(&["branch", "feature/a", &commit]);
    let state = stage.wait("the preview serves", |state| {
        state.last_deployment == DeploymentId(2) && state.live_deployments.is_empty()
    });
    let (key, environment) =
        state.environments.iter().find(|(_, one)| one.preview_of.is_some()).unwrap();
    assert!(environment.current.is_some(), "{environment:#?}");
    let told = stage.path("home").join(format!("got-{}", key.name));
    assert_eq!(std::fs::read_to_string(&told).unwrap(), "");
    let id = state.instances_of(key).next().unwrap().id.clone();
    let query = LogQuery::default();
    let page = stage.ask(async move |client| client.instance_log(&id, &query).await).unwrap();
    assert!(page.lines.iter().any(|line| line.text == "token is <>"), "{page:#?}");
    stage.end();
}
