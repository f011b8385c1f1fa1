//! The example in `examples/container`, all of it by keys in the cockpit: tested in a container,
//! packed as an image, deployed on two containers, rolled, broken and rolled back, while visitors
//! come without a pause.

use std::net::SocketAddr;
use std::path::Path;

use pilothouse_core::spec::Runtime;
use pilothouse_settings::operator;

use crate::attach::terminal::{Setup, Terminal};
use crate::stage::load::Load;
use crate::world::repository::Repository;
use crate::world::{World, get};

use super::image::Base;

/// The image that the example names, in whose stead a test's own is used.
const NAMED: &str = "python:3.13-slim";
const DOMAIN: &str = "page.localhost";
/// What the domain shows, by version.
const GREETING: &str = "<h1>Hello, world!</h1>\n";

/// The example as a repository of its own.
struct Page(Repository);

impl Page {
    fn new(world: &World, image: &str) -> Self {
        let repository = Repository::empty(world.path("page"));
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/container");
        for entry in std::fs::read_dir(example).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap().replace(NAMED, image);
            std::fs::write(repository.path().join(path.file_name().unwrap()), text).unwrap();
        }
        let page = Self(repository);
        page.0.commit_all("Greet");
        page
    }

    /// Commits changes, each of one text in one file.
    fn change(&self, subject: &str, changes: &[(&str, &str, &str)]) {
        for (file, from, to) in changes {
            let path = self.0.path().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{file} has no {from}");
            std::fs::write(path, text.replace(from, to)).unwrap();
        }
        self.0.commit_all(subject);
    }
}

/// Presses the keys that deploy, once a release is ready, and waits for how it ends.
fn deploy(terminal: &Terminal, release: &str, ends: &str) {
    terminal.sees(&format!("{release} ready"));
    terminal.press("xd");
    terminal.sees(&format!("start 2 × {release}"));
    terminal.press("y");
    terminal.sees(ends);
    terminal.press("q");
    terminal.sees("1 Branches");
}

#[test]
fn a_python_service_is_deployed_rolled_broken_and_rolled_back_by_keys() {
    let base = Base::debian("service");
    let mut world = World::with_engine();
    let page = Page::new(&world, base.name());
    let text = format!(
        "repository = \"{}\"\npoll = \"200ms\"\n[load_balancer]\nlisten = [\"127.0.0.1:{}\"]\n\
         [environment.production]\nbranch = \"main\"\ndomain = \"{DOMAIN}\"\nruntime = \"docker\"\n\
         instances = 2\ndeploy = \"manual\"\ndrain = \"2s\"\nbake = \"6s\"\n",
        page.0.path().display(),
        world.port
    );
    world.write_project("page", &text);
    world.run(&["apply", "page"]).ends_with(0);
    let shows = |version: &str| {
        let (status, body) = get(world.port, DOMAIN, "/").unwrap();
        assert_eq!((status, body), (200, format!("{GREETING}<p>{version}</p>\n")));
    };
    let releases = || -> Vec<String> {
        let all = base.instances(&world.state_dir());
        all.into_iter().map(|one| one.labels["pilothouse.release"].clone()).collect()
    };
    let setup = Setup { size: (140, 44), ..Setup::default() };
    let mut terminal = Terminal::start(&world, &setup);

    deploy(&terminal, "r1", "✓ SUCCEEDED");
    shows("v1");
    assert_eq!(releases(), ["r1", "r1"]);
    let load = Load::begin(SocketAddr::from(([127, 0, 0, 1], world.port)), DOMAIN);

    page.change("Greet anew", &[("page.py", "\"v1\"", "\"v2\"")]);
    deploy(&terminal, "r2", "✓ SUCCEEDED");
    shows("v2");
    assert_eq!(releases(), ["r2", "r2"]);

    // A commit whose test fails goes nowhere.
    page.change("Greet badly", &[("page.py", "Hello, {", "Hullo, {")]);
    terminal.sees("test: exit 1");
    terminal.sees_no("ready");
    shows("v2");

    // One that passes its test and is not well after ten visits is taken back by itself.
    page.change("Count visits", &COUNTING);
    deploy(&terminal, "r3", "The release that served before serves again.");
    shows("v2");
    assert_eq!(releases(), ["r2", "r2"]);

    // An earlier one that was good comes back by hand.
    terminal.press("xb");
    terminal.sees("+ r1");
    terminal.press("y");
    terminal.sees("✓ SUCCEEDED");
    shows("v1");
    assert_eq!(releases(), ["r1", "r1"]);
    load.end_without_failure();

    terminal.press("qq");
    assert_eq!(terminal.ends(), 0);
    world.run(&["down", "--all", "--yes"]).ends_with(0);
    world.wait_for_engine();
    assert_eq!(base.own(&world.state_dir()), []);
}

#[test]
fn a_repository_that_makes_an_image_gets_containers_without_an_edit() {
    let world = World::new();
    let page = Page::new(&world, NAMED);
    world.run(&["init", page.0.path().to_str().unwrap()]).ends_with(0);
    let file = world.path("config/projects/page.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let spec = operator::read("page", "page.toml", &text).unwrap();
    assert!(!spec.environments.is_empty());
    for environment in spec.environments {
        assert!(matches!(environment.runtime, Runtime::Docker(_)), "{environment:?}");
    }
}

/// Greets well again, and answers its check with 500 once ten visitors have come.
const COUNTING: [(&str, &str, &str); 4] = [
    ("page.py", "Hullo, {", "Hello, {"),
    ("server.py", "from page import page\n", "from page import page\n\nVISITS = []\n"),
    ("server.py", "\"/\":\n", "\"/\":\n            VISITS.append(url)\n"),
    (
        "server.py",
        "self.answer(200, \"ok\\n\")",
        "self.answer(200 if len(VISITS) < 10 else 500, \"\")",
    ),
];
