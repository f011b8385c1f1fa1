//! Repositories that are not made for the purpose, up to served traffic at their domain.

use pilothouse_core::id::DeploymentId;

use super::stage::repository::Repository;
use super::stage::{DOMAIN, Stage, load};

#[test]
fn a_static_site_goes_from_init_to_its_domain() {
    let stage = Stage::with_engine();
    let repository = Repository::at(&stage, "site");
    std::fs::create_dir_all(repository.dir().join("public/css")).unwrap();
    repository.write("public/index.html", "<h1>하나의 집</h1>\n");
    repository.write("public/css/site.css", "h1 { color: navy }\n");
    repository.write("README.md", "A site.\n");
    repository.commit_all("A site");
    let said = run(&stage, &["init", "--trusted", repository.dir().to_str().unwrap()]);
    assert!(said.contains("pilothouse apply site"), "what is next? {said}");
    repository.commit_all("Let it be deployed");
    // What a person edits: here the port, and less patience.
    let file = stage.path("config/projects/site.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let listen = format!("listen = [\"{}\"]", stage.address);
    let edited = text
        .replace("listen = [\"127.0.0.1:8080\", \"[::1]:8080\"]", &listen)
        .replace("# bake = \"30s\" ", "bake = \"50ms\" ");
    assert!(edited.contains(&listen) && edited.contains("\nbake"), "{edited}");
    std::fs::write(&file, edited).unwrap();
    run(&stage, &["apply", "site"]);
    stage.wait("the first run's artifact is ready", |state| {
        state.environments.values().any(|environment| environment.ready.is_some())
    });
    run(&stage, &["deploy", "site/production", "--yes"]);

    let domain = "site.localhost";
    let (status, body) = load::ask(stage.address, domain, "/").unwrap();
    assert_eq!((status, body.as_str()), (200, "<h1>하나의 집</h1>\n"));
    let (status, body) = load::ask(stage.address, domain, "/css/site.css").unwrap();
    assert_eq!((status, body.as_str()), (200, "h1 { color: navy }\n"));
    // Only the artifact is served, and only under its domain.
    assert_eq!(load::ask(stage.address, domain, "/README.md").unwrap().0, 404);
    assert_eq!(load::ask(stage.address, "other.localhost", "/").unwrap().0, 404);
    stage.end();
}

/// Runs a verb, which must succeed; what it printed.
#[track_caller]
fn run(stage: &Stage, arguments: &[&str]) -> String {
    let output = stage.binary().args(arguments).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}\n{err}\n{}", stage.engine_log());
    out.into_owned()
}

#[test]
fn a_python_server_with_a_test_is_served() {
    let stage = Stage::with_engine();
    let repository = Repository::at(&stage, "greeter");
    repository.write("greeting.py", "def greeting(name):\n    return f'Hello, {name}!'\n");
    repository.write(
        "test_greeting.py",
        "import unittest\nfrom greeting import greeting\n\n\
         class Test(unittest.TestCase):\n    def test_it(self):\n        \
         self.assertEqual(greeting('Kim'), 'Hello, Kim!')\n",
    );
    repository.write("server.py", SERVER);
    repository.write(
        "pilothouse.toml",
        "[[stage]]\nname = \"test\"\nrun = [\"python3\", \"-m\", \"unittest\", \"-v\"]\n\
         [service]\nrun = [\"python3\", \"server.py\"]\n\
         health = { path = \"/up\", interval = \"50ms\", timeout = \"2s\", start_deadline = \"30s\" }\n",
    );
    repository.commit_all("Greet");
    stage.apply(&stage.project(repository.dir()));
    let first = stage.succeeds(DeploymentId(0));
    let (status, body) = load::ask(stage.address, DOMAIN, "/Kim").unwrap();
    assert_eq!((status, body.as_str()), (200, "Hello, Kim!"));

    // A broken change never leaves its test.
    repository.write("greeting.py", "def greeting(name):\n    return f'Hullo, {name}!'\n");
    repository.commit_all("Greet badly");
    let state = stage
        .wait("the run has failed", |state| state.last_run.0 == 2 && state.live_runs.is_empty());
    assert_eq!(state.last_deployment, first.id);
    let page = stage.ask(async |client| {
        client.run_log(state.last_run, None, &pilothouse_api::types::LogQuery::default()).await
    });
    let lines: Vec<String> = page.unwrap().lines.into_iter().map(|line| line.text).collect();
    assert!(lines.iter().any(|line| line.contains("Hullo, Kim!")), "{lines:#?}");
    let (status, body) = load::ask(stage.address, DOMAIN, "/Kim").unwrap();
    assert_eq!((status, body.as_str()), (200, "Hello, Kim!"));
    stage.end();
}

const SERVER: &str = "\
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from greeting import greeting

class Page(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        text = 'up' if self.path == '/up' else greeting(self.path.strip('/'))
        body = text.encode()
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), Page).serve_forever()
";
