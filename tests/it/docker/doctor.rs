//! What `doctor` says of a Docker engine that cannot be used, or soon not.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::daemon::Daemon;
use super::project;

/// A user that nothing else on this machine has.
const USER: u32 = 54_322;

/// A stage whose operator's file needs an engine of containers, which is there.
fn stage_at(host: String) -> Stage {
    let mut stage = Stage::new();
    stage.use_docker(host);
    let repository = Repository::new(&stage);
    let text = project(&stage, &repository, "");
    std::fs::create_dir_all(stage.path("config/projects")).unwrap();
    std::fs::write(stage.path("config/projects/shop.toml"), text).unwrap();
    stage
}

/// The levels, findings and ways out of what is said of the engine of containers.
#[track_caller]
fn told(stage: &Stage) -> Vec<(String, String, String)> {
    let said = stage.user_binary().args(["doctor", "--json"]).output().unwrap();
    let checks: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let checks = checks.as_array().unwrap().iter().filter(|check| check["what"] == "docker");
    checks.map(|one| (text(&one["level"]), text(&one["found"]), text(&one["mend"]))).collect()
}

#[test]
fn an_engine_that_is_down_or_too_old_is_told() {
    let down = stage_at("unix:///nowhere/docker.sock".to_owned());
    let [(level, found, mend)] = &told(&down)[..] else { panic!("{:?}", told(&down)) };
    assert_eq!((level.as_str(), mend.as_str()), ("fail", "start it: systemctl start docker"));
    assert!(found.contains("/nowhere/docker.sock"), "{found}");

    let far = stage_at("tcp://127.0.0.1:2375".to_owned());
    let [(level, found, mend)] = &told(&far)[..] else { panic!("{:?}", told(&far)) };
    assert!(level == "fail" && found.starts_with("DOCKER_HOST is no Unix socket"), "{found}");
    assert!(mend.starts_with("unset DOCKER_HOST"), "{mend}");

    let socket = down.path("old.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut asked) = (stream.unwrap(), [0; 4096]);
            let _ = stream.read(&mut asked);
            let body = r#"{"Version":"1.12.6","ApiVersion":"1.24"}"#;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let length = body.len();
            // Whoever asked may be gone.
            let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}");
        }
    });
    let old = stage_at(format!("unix://{}", socket.display()));
    let [(level, found, mend)] = &told(&old)[..] else { panic!("{:?}", told(&old)) };
    assert_eq!((level.as_str(), mend.as_str()), ("fail", "update it"));
    assert!(found.contains("speaks API 1.24 and at least 1.41 is needed"), "{found}");
}

#[test]
fn a_socket_that_is_closed_to_a_user_and_a_disk_that_is_nearly_full_are_told() {
    let daemon = Daemon::start_on("64m");
    let mut stage = stage_at(daemon.host());
    let [engine, (level, found, mend)] = &told(&stage)[..] else { panic!("{:?}", told(&stage)) };
    assert!(engine.0 == "ok" && engine.1.contains("answers, API 1."), "{engine:?}");
    assert_eq!(level, "warn");
    assert!(
        found.contains(" MiB free for images in ") && mend.contains("prune"),
        "{found}: {mend}"
    );

    daemon.close_to_others();
    stage.belong_to(USER);
    let [(level, found, mend)] = &told(&stage)[..] else { panic!("{:?}", told(&stage)) };
    assert_eq!(level, "fail");
    assert!(found.contains("ermission denied"), "{found}");
    assert!(mend.contains("to the group docker") && mend.contains("can become root"), "{mend}");
}

#[test]
fn who_adds_what_needs_a_docker_engine_is_told_that_none_answers() {
    let mut stage = Stage::new();
    stage.use_docker("unix:///nowhere/docker.sock".to_owned());
    stage.start();
    let repository = Repository::new(&stage);
    repository.commit("v1");
    let (path, listen) = (repository.dir().to_str().unwrap(), stage.address.to_string());
    let added = |name: &str, more: &[&str]| {
        let verb = ["add", name, path, "--listen", &listen];
        let said = stage.binary().args(verb).args(more).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let told = "containers need a Docker engine, and none is of use now: ";
    let said = added("shop", &[]);
    assert!(said.contains(told) && said.contains("; start it: systemctl start docker"), "{said}");
    // Its steps and its service run on the host.
    let said = added("blog", &["--trusted"]);
    assert!(!said.contains(told), "{said}");
    stage.end();
}
