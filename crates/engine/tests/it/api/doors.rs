//! What each door lets through, and the description of it all.

use pilothouse_api::client::ClientError;
use pilothouse_api::types::CommandRequest;
use pilothouse_core::command::{Command, RejectionKind};
use pilothouse_core::run::Trigger;
use pilothouse_engine::server::{COMMAND_ROUTES, Door, LOOK_ROUTES, OPENAPI, READ_ROUTES};
use serde_json::Value;

use super::house::{House, request};

const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

fn paths() -> Vec<String> {
    let reads = READ_ROUTES.iter().map(|route| route.path);
    let commands = COMMAND_ROUTES.iter().map(|route| route.path);
    let looks = LOOK_ROUTES.iter().map(|route| route.path);
    reads
        .chain(commands)
        .chain(looks)
        .filter(|path| *path != "/events")
        .map(|path| format!("/v1{}", path.replace("{id}", "1")))
        .collect()
}

fn halt() -> String {
    let command = Command::Halt;
    serde_json::to_string(&CommandRequest { command }).unwrap()
}

#[tokio::test]
async fn nothing_at_the_watchers_door_reaches_the_engine() {
    let house = House::open().await;
    let mut refused = 0;
    for path in paths() {
        for method in METHODS {
            for body in [halt(), "{}".to_owned()] {
                let raw = house.raw(Door::Watch, &request(method, &path, &body)).await;
                let ok = raw.starts_with("HTTP/1.1 200");
                // No instance has this name, and a verdict wants a project.
                let unreadable = ["/instances/1/log", "/commits/1/verdict"];
                let unreadable = unreadable.iter().any(|end| path.ends_with(end));
                let readable = method == "GET" && !unreadable;
                let known = READ_ROUTES
                    .iter()
                    .any(|route| format!("/v1{}", route.path.replace("{id}", "1")) == path);
                assert_eq!(ok, readable && known, "{method} {path}: {raw}");
                refused += u32::from(!ok);
            }
        }
    }
    assert!(refused > 100);
    assert!(house.memory.submitted.lock().unwrap().is_empty());
    // The same walk at the operators' door does reach it, so that the walk proves something.
    for path in paths() {
        for method in METHODS {
            house.raw(Door::Operator, &request(method, &path, &halt())).await;
        }
    }
    assert_eq!(house.memory.submitted.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_watcher_s_command_is_told_where_commands_go() {
    let house = House::open().await;
    let refused = house.client(Door::Watch).submit(Command::Halt).await;
    let Err(ClientError::Rejected(rejection)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(rejection.kind, RejectionKind::Forbidden);
    assert!(rejection.why.contains("engine.sock"));
}

#[tokio::test]
async fn the_trigger_socket_takes_nothing_but_look() {
    let house = House::open().await;
    for path in paths() {
        for method in METHODS {
            if path == "/v1/look" && method == "POST" {
                continue;
            }
            let raw = house.raw(Door::Trigger, &request(method, &path, &halt())).await;
            assert!(raw.starts_with("HTTP/1.1 40"), "{method} {path}: {raw}");
        }
    }
    for body in
        ["{\"projekt\":\"shop\"}", "[\"shop\"]", "[]", "null", "\"shop\"", "{\"project\":1}"]
    {
        let raw = house.raw(Door::Trigger, &request("POST", "/v1/look", body)).await;
        assert!(raw.starts_with("HTTP/1.1 422"), "{body}: {raw}");
    }
    let asked = house.raw(Door::Trigger, &request("POST", "/v1/look?project=shop", "")).await;
    assert!(asked.starts_with("HTTP/1.1 422"), "{asked}");
    assert!(house.memory.submitted.lock().unwrap().is_empty());
    let client = house.client(Door::Trigger);
    client.look(Some("shop".into())).await.unwrap();
    let bare = house.raw(Door::Trigger, &request("POST", "/v1/look", "")).await;
    assert!(bare.starts_with("HTTP/1.1 200"), "{bare}");
    let submitted = house.memory.submitted.lock().unwrap();
    let commands: Vec<_> = submitted.iter().map(|(_, command)| command).collect();
    let look = |project| Command::Look { project, trigger: Trigger::Hook };
    assert_eq!(commands, [&look(Some("shop".into())), &look(None)]);
    assert!(submitted.iter().all(|(actor, _)| actor.door == Door::Trigger));
}

#[tokio::test]
async fn the_description_names_every_route_and_no_other() {
    let house = House::open().await;
    let raw = house.raw(Door::Watch, &request("GET", "/v1/openapi.json", "")).await;
    assert!(raw.ends_with(OPENAPI));
    let description: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut described = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let sockets: Vec<_> = operation["x-sockets"].as_array().unwrap().iter().collect();
            described.push(format!("{} {path} {sockets:?}", method.to_uppercase()));
        }
    }
    let read =
        |method, path| format!("{method} {path} [String(\"engine.sock\"), String(\"watch.sock\")]");
    let mut routes: Vec<_> = READ_ROUTES.iter().map(|r| read(r.method, r.path)).collect();
    for route in COMMAND_ROUTES {
        routes.push(format!("{} {} [String(\"engine.sock\")]", route.method, route.path));
    }
    for route in LOOK_ROUTES {
        routes.push(format!("{} {} [String(\"trigger.sock\")]", route.method, route.path));
    }
    described.sort();
    routes.sort();
    assert_eq!(described, routes);
    references(&description, &description);
}

/// Everything that is referred to is there.
fn references(whole: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(to) = fields.get("$ref") {
                let pointer = to.as_str().unwrap().trim_start_matches('#');
                assert!(whole.pointer(pointer).is_some(), "{pointer}");
            }
            fields.values().for_each(|field| references(whole, field));
        }
        Value::Array(items) => items.iter().for_each(|item| references(whole, item)),
        _ => {}
    }
}
