//! How a project of each kind is tested and run.

use std::fmt::Write as _;

use toml_edit::Value;

use super::{Kind, RepositoryFacts};

/// A stage of a proposal: its name and its script.
type Stage = (&'static str, String);

/// What a proposed pipeline says.
struct Plan {
    stages: Vec<Stage>,
    artifact: Vec<String>,
    run: String,
    path: &'static str,
}

/// What a repository looks like; the more telling file wins.
pub(super) fn kind(facts: &RepositoryFacts) -> Kind {
    let has = |name: &str| facts.files.iter().any(|file| file == name);
    let python = ["requirements.txt", "pyproject.toml", "setup.py", "manage.py"];
    if has("Cargo.toml") {
        Kind::Rust
    } else if has("package.json") {
        Kind::Node
    } else if python.iter().any(|name| has(name)) || entry(facts).is_some() {
        Kind::Python
    } else if has("Makefile") || has("makefile") {
        Kind::Make
    } else if page(facts).is_some() {
        Kind::Static
    } else {
        Kind::Unknown
    }
}

/// Writes the proposed pipeline.
pub(super) fn pipeline(kind: Kind, facts: &RepositoryFacts, notes: &mut Vec<String>) -> String {
    let plan = match kind {
        Kind::Static => static_site(facts, notes),
        Kind::Python => python(facts, notes),
        Kind::Node => node(facts, notes),
        Kind::Rust => rust(facts, notes),
        Kind::Make => make(facts, notes),
        Kind::Unknown => unknown(notes),
    };
    write(&plan)
}

fn write(plan: &Plan) -> String {
    let mut out = String::from(
        "# How a commit is built, tested and run. Where it goes is the operator's to say.\n",
    );
    let quoted = |text: &str| Value::from(text).to_string();
    let paths: Vec<String> = plan.artifact.iter().map(|path| quoted(path)).collect();
    // Writing to a String cannot fail.
    let _ = match paths.as_slice() {
        [only] => writeln!(out, "artifact = {only}"),
        several => writeln!(out, "artifact = [{}]", several.join(", ")),
    };
    for (name, script) in &plan.stages {
        let _ = write!(out, "\n[[stage]]\nname = {}\nrun = {}\n", quoted(name), quoted(script));
    }
    let _ = write!(
        out,
        "\n# Each instance gets PORT and must listen on 127.0.0.1:$PORT.\n\
         [service]\nrun = {}\nhealth = {{ path = {} }}\n",
        quoted(&plan.run),
        quoted(plan.path)
    );
    out
}

/// The directory of the page that a static site begins with.
fn page(facts: &RepositoryFacts) -> Option<&'static str> {
    let places = [
        ("index.html", "."),
        ("public/index.html", "public"),
        ("site/index.html", "site"),
        ("docs/index.html", "docs"),
        ("dist/index.html", "dist"),
    ];
    let is_there = |(file, _): &&(&str, &str)| facts.files.iter().any(|have| have == file);
    places.iter().find(is_there).map(|(_, place)| *place)
}

fn static_site(facts: &RepositoryFacts, notes: &mut Vec<String>) -> Plan {
    let place = page(facts).unwrap_or(".");
    notes.push(format!(
        "a static site: python3's own web server hands out everything below {place}"
    ));
    let file = if place == "." { String::new() } else { format!("{place}/") };
    Plan {
        stages: vec![("check", format!("test -s {file}index.html"))],
        artifact: vec![place.to_owned()],
        run: serve(place),
        path: "/",
    }
}

/// Serves a directory of the artifact with what every Debian with python3 has.
fn serve(place: &str) -> String {
    let at = if place == "." { String::new() } else { format!(" --directory {place}") };
    format!("exec python3 -m http.server \"$PORT\" --bind 127.0.0.1{at}")
}

/// The file that starts a Python service.
fn entry(facts: &RepositoryFacts) -> Option<&'static str> {
    let names = ["server.py", "app.py", "main.py", "wsgi.py", "run.py"];
    let is_there = |name: &&&str| facts.files.iter().any(|file| file == **name);
    names.iter().find(is_there).copied()
}

fn python(facts: &RepositoryFacts, notes: &mut Vec<String>) -> Plan {
    let has = |name: &str| facts.files.iter().any(|file| file == name);
    let mut stages = Vec::new();
    let has_requirements = has("requirements.txt");
    let mut path = "";
    if has_requirements {
        // Packages go beside the code, because an environment made by venv cannot be moved.
        let install = "python3 -m pip install --quiet --target .packages -r requirements.txt";
        stages.push(("deps", install.to_owned()));
        path = ".packages";
        notes.push(
            "requirements are installed into .packages, which the artifact takes along; \
                    python3 needs pip for it"
                .to_owned(),
        );
    }
    stages.push(("test", python_test(facts, path, notes)));
    let run = if has("manage.py") {
        format!("exec {} manage.py runserver --noreload \"127.0.0.1:$PORT\"", started(path))
    } else if let Some(file) = entry(facts) {
        notes.push(format!("{file} is started; it must listen on 127.0.0.1 at the port in PORT"));
        format!("exec {} {file}", started(path))
    } else {
        notes.push(
            "no file that starts a server was found: the service hands out the files as \
                    they are, so put your own command into [service] run"
                .to_owned(),
        );
        serve(".")
    };
    Plan { stages, artifact: vec![".".to_owned()], run, path: "/" }
}

/// How the tests are run; `path` is where packages are, beside the code itself.
fn python_test(facts: &RepositoryFacts, path: &str, notes: &mut Vec<String>) -> String {
    let has = |name: &str| facts.files.iter().any(|file| file == name);
    let is_test = |file: &&String| {
        let name = file.rsplit('/').next().unwrap_or_default();
        let stem = name.strip_suffix(".py");
        stem.is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test"))
    };
    let tests: Vec<&String> = facts.files.iter().filter(is_test).collect();
    let packages = if path.is_empty() { String::new() } else { format!(":{path}") };
    let python = format!("PYTHONPATH=.{packages} python3");
    let has_pytest = facts.python_packages.iter().any(|package| package == "pytest");
    if has_pytest || has("pytest.ini") || has("conftest.py") {
        format!("{python} -m pytest -q")
    } else if tests.iter().any(|file| file.starts_with("tests/")) {
        // A directory that is a package is imported from the root, any other by itself.
        let top = if has("tests/__init__.py") { " -t ." } else { "" };
        format!("{python} -m unittest discover -s tests{top}")
    } else if tests.is_empty() {
        notes.push("no tests were found: the test stage only compiles the code".to_owned());
        "python3 -m compileall -q .".to_owned()
    } else {
        format!("{python} -m unittest discover")
    }
}

/// What `exec` starts: it takes a program, not an assignment.
fn started(path: &str) -> String {
    if path.is_empty() { "python3".to_owned() } else { format!("env PYTHONPATH={path} python3") }
}

fn node(facts: &RepositoryFacts, notes: &mut Vec<String>) -> Plan {
    let has = |name: &str| facts.files.iter().any(|file| file == name);
    let script = |name: &str| facts.scripts.iter().any(|script| script == name);
    let (install, runner) = if has("pnpm-lock.yaml") {
        ("pnpm install --frozen-lockfile", "pnpm")
    } else if has("yarn.lock") {
        ("yarn install --frozen-lockfile", "yarn")
    } else if has("package-lock.json") {
        ("npm ci", "npm")
    } else {
        ("npm install --no-audit --no-fund", "npm")
    };
    let mut stages = vec![("deps", install.to_owned())];
    if script("build") {
        stages.push(("build", format!("{runner} run build")));
    }
    if script("test") {
        stages.push(("test", format!("{runner} run test")));
    } else {
        notes.push("package.json has no test script, so nothing is tested".to_owned());
    }
    let main = facts.main.as_deref().filter(|main| is_plain(main));
    let known = ["server.js", "app.js", "index.js", "src/server.js", "src/index.js"];
    let found = known.into_iter().find(|name| has(name));
    let run = if script("start") {
        format!("exec {runner} run start")
    } else if let Some(file) = found.or(main) {
        format!("exec node {file}")
    } else if script("build") {
        notes.push("no start script: what the build leaves in dist is handed out".to_owned());
        return Plan { stages, artifact: vec!["dist".to_owned()], run: serve("dist"), path: "/" };
    } else {
        notes.push(
            "no start script and no server file were found; node index.js is a guess".to_owned(),
        );
        "exec node index.js".to_owned()
    };
    notes.push("the service must listen on 127.0.0.1 at the port in PORT".to_owned());
    Plan { stages, artifact: vec![".".to_owned()], run, path: "/" }
}

fn rust(facts: &RepositoryFacts, notes: &mut Vec<String>) -> Plan {
    let name = facts.crate_name.as_deref().filter(|name| is_plain(name));
    let binary = name.unwrap_or("server");
    if name.is_none() {
        notes.push("the binary's name is a guess: put its own into artifact and run".to_owned());
    }
    notes.push("the service must listen on 127.0.0.1 at the port in PORT".to_owned());
    Plan {
        stages: vec![
            ("test", "cargo test --locked".to_owned()),
            ("build", "cargo build --release --locked".to_owned()),
        ],
        artifact: vec![format!("target/release/{binary}")],
        run: format!("exec ./target/release/{binary}"),
        path: "/",
    }
}

fn make(facts: &RepositoryFacts, notes: &mut Vec<String>) -> Plan {
    let target = |names: &[&'static str]| {
        let is_there = |name: &&&str| facts.make_targets.iter().any(|have| have == **name);
        names.iter().find(is_there).copied()
    };
    let mut stages = vec![("build", "make".to_owned())];
    if let Some(test) = target(&["test", "check"]) {
        stages.push(("test", format!("make {test}")));
    }
    let run = if let Some(serve) = target(&["run", "serve", "start"]) {
        format!("exec make {serve}")
    } else if let Some(place) = page(facts) {
        serve(place)
    } else {
        notes.push(
            "the Makefile has no run, serve or start: the service hands out the files, so \
                    put your own command into [service] run"
                .to_owned(),
        );
        serve(".")
    };
    notes.push("the service must listen on 127.0.0.1 at the port in PORT".to_owned());
    Plan { stages, artifact: vec![".".to_owned()], run, path: "/" }
}

fn unknown(notes: &mut Vec<String>) -> Plan {
    notes.push(
        "nothing that is known was found: the pipeline hands out the repository's files, \
                so that there is something to see; put your own commands into it"
            .to_owned(),
    );
    Plan {
        stages: vec![("check", "test -d .".to_owned())],
        artifact: vec![".".to_owned()],
        run: serve("."),
        path: "/",
    }
}

/// A repository's own words go into a script only where no shell could take them for more.
fn is_plain(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    !text.is_empty()
        && text.len() < 200
        && !text.starts_with(['-', '/'])
        && !text.split('/').any(|part| part == "..")
        && text.chars().all(is_part)
}
