//! Attaching: who answers, who one is, and what the engine knows.

use pilothouse_api::client::{Client, ClientError, StreamItem};
use pilothouse_api::types::{API_VERSION, Access, LogQuery, Snapshot, Version};
use pilothouse_core::command::RejectionKind;
use pilothouse_core::event::{Event, RunEvent};
use pilothouse_core::id::{RunId, Seq};
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_engine::server::Door;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::house::{House, in_time, queued, read_to_end, request};

fn own_name() -> String {
    nix::unistd::User::from_uid(nix::unistd::getuid())
        .unwrap()
        .map_or_else(|| format!("uid {}", nix::unistd::getuid()), |user| user.name)
}

#[tokio::test]
async fn a_snapshot_says_who_one_is_and_all_that_is_known() {
    let house = House::open().await;
    house.memory.queue_run();
    for (door, access) in [(Door::Operator, Access::Operator), (Door::Watch, Access::Watcher)] {
        let snapshot = house.client(door).state().await.unwrap();
        let expected = Snapshot {
            api: API_VERSION,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            access,
            actor: own_name(),
            now: Timestamp(42),
            degraded: None,
            room: None,
            seq: house.memory.state().seq,
            state: house.memory.state(),
        };
        assert_eq!(snapshot, expected);
    }
    let version = house.client(Door::Watch).version().await.unwrap();
    let engine = env!("CARGO_PKG_VERSION").to_owned();
    let api = API_VERSION;
    assert_eq!(version, Version { api, engine });
}

#[tokio::test]
async fn a_snapshot_is_written_as_its_type_writes_itself() {
    let house = House::open().await;
    house.memory.queue_run();
    let snapshot = house.client(Door::Operator).state().await.unwrap();
    let text = serde_json::to_string(&snapshot).unwrap();
    let raw = house.raw(Door::Operator, &request("GET", "/v1/state", "")).await;
    let body: String = raw.split("\r\n").filter(|line| line.starts_with('{')).collect();
    assert!(text.starts_with(&body) && body.len() > 50, "{raw}");
    // The parts travel as chunks: what is between their lengths is the text.
    let joined: String =
        raw.split_once("\r\n\r\n").unwrap().1.split("\r\n").skip(1).step_by(2).collect();
    assert_eq!(joined, text);
}

#[tokio::test]
async fn a_snapshot_that_is_still_being_sent_is_not_given_to_who_comes_later() {
    let house = House::open().await;
    let runs = (1..3000).map(|id| Box::new(queued(RunId(id))));
    let events = runs.map(|run| Event::Run(RunEvent::Queued { run }));
    house.memory.happen_all(events);
    let mut slow = house.connect(Door::Watch).await;
    let asks = request("GET", "/v1/state", "");
    slow.write_all(asks.as_bytes()).await.unwrap();
    // Its answer has begun, and is far larger than what the system keeps for it.
    assert_eq!(in_time(slow.read_u8()).await.unwrap(), b'H');
    house.memory.tick();
    let snapshot = in_time(house.client(Door::Watch).state()).await.unwrap();
    assert_eq!(snapshot.state, house.memory.state());
    let first = read_to_end(&mut slow).await;
    assert!(first.contains("\"seq\":3000,\"state\":"), "{}", first.len());
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_not_believed() {
    let house = House::open().await;
    let lie = "GET /v1/state HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-pilothouse-actor: root2\r\nx-forwarded-user: root2\r\n\r\n";
    let raw = house.raw(Door::Watch, lie).await;
    assert!(raw.contains(&format!("\"actor\":\"{}\"", own_name())));
    assert!(!raw.contains("root2"), "{raw}");
}

#[tokio::test]
async fn logs_and_audit_are_asked_for_as_they_are_answered() {
    let house = House::open().await;
    let client = house.client(Door::Watch);
    let query = LogQuery {
        after: Some("1.7&x 결제".to_owned()),
        before: Some("1.2&y".to_owned()),
        tail: Some(10),
        wait: Millis(60_000),
    };
    let page = client.run_log(RunId(7), Some(2), &query).await.unwrap();
    // Nothing behind the sockets is made to wait.
    let asked = LogQuery { wait: Millis(0), ..query };
    assert_eq!(page.lines[0].text, format!("#7 {asked:?}"));
    assert_eq!((page.lines[0].step, page.next.as_str()), (2, "1.7&x"));
    let missing = client.instance_log(&"shop-production-r1-0.1".into(), &LogQuery::default()).await;
    let Err(ClientError::Rejected(rejection)) = missing else {
        panic!("{missing:?}");
    };
    assert_eq!(rejection.kind, RejectionKind::NotFound);
    assert!(rejection.why.ends_with("shop-production-r1-0.1"));
    let audit = client.audit(5000).await.unwrap();
    assert_eq!(audit[0].what, "asked for 1000");
}

#[tokio::test]
async fn another_version_is_told_which_side_is_older() {
    let house = House::open().await;
    for (version, older) in [("0", "the client is older"), ("2", "the engine is older")] {
        let path = format!("/v{version}/state");
        let raw = house.raw(Door::Watch, &request("GET", &path, "")).await;
        assert!(raw.starts_with("HTTP/1.1 404"), "{raw}");
        assert!(raw.contains("pilothouse-api: 1"), "{raw}");
        assert!(raw.contains(older), "{raw}");
    }
}

/// Answers the first client with fixed bytes.
fn answering(bytes: String) -> (tempfile::TempDir, Client) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
    });
    (directory, Client::new(path))
}

#[tokio::test]
async fn a_client_tells_which_side_is_older() {
    for (engine, older) in
        [(0, "the engine is older than this client"), (2, "this client is older than the engine")]
    {
        let answer = format!(
            "HTTP/1.1 404 Not Found\r\npilothouse-api: {engine}\r\ncontent-length: 0\r\n\r\n"
        );
        let (_directory, client) = answering(answer);
        let error = in_time(client.state()).await.unwrap_err();
        let client = API_VERSION;
        assert_eq!(error, ClientError::Version { client, engine });
        assert!(error.to_string().contains(older), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_a_protocol_error() {
    for answer in [
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\n{}",
    ] {
        let (_directory, client) = answering(answer.to_owned());
        let error = in_time(client.state()).await.unwrap_err();
        assert!(matches!(error, ClientError::Protocol { .. }), "{error}");
        assert!(error.is_outcome_unknown());
    }
}

#[tokio::test]
async fn an_engine_that_is_not_there_says_how_to_start_one() {
    let directory = tempfile::tempdir().unwrap();
    let client = Client::new(directory.path().join("engine.sock"));
    let error = client.state().await.unwrap_err();
    assert!(matches!(error, ClientError::EngineUnreachable { .. }));
    assert!(error.to_string().contains("`pilothouse` starts one"), "{error}");
    let dead = directory.path().join("dead.sock");
    drop(UnixListener::bind(&dead).unwrap());
    let error = Client::new(dead).version().await.unwrap_err();
    assert!(error.to_string().contains("nobody listens"), "{error}");
    assert!(!error.is_outcome_unknown());
}

#[tokio::test]
async fn a_double_is_left_out_and_a_gap_is_a_reset() {
    let record = |seq: u64| {
        format!(
            "id: {seq}\nevent: record\ndata: {{\"seq\":{seq},\"at\":1,\"event\":{{\"edge\":{{\"disconnected\":{{\"why\":\"\"}}}}}}}}\n\n"
        )
    };
    let body: String = [4, 5, 4, 5, 6, 8, 9].map(record).concat();
    let head = "HTTP/1.1 200 OK\r\npilothouse-api: 1\r\ncontent-type: text/event-stream\r\n";
    let length = body.len();
    let answer = format!("{head}content-length: {length}\r\n\r\nevent: later\ndata: x\n\n{body}");
    let answer = answer.replace(&format!(" {length}"), &format!(" {}", length + 23));
    let (_directory, client) = answering(answer);
    let mut stream = client.events(Some(Seq(4)), false).await.unwrap();
    let mut seen = Vec::new();
    while let Some(item) = in_time(stream.next()).await.unwrap() {
        seen.push(match item {
            StreamItem::Record(record) => record.seq.0,
            StreamItem::Samples(_) | StreamItem::Sighting(_) => panic!("no samples were sent"),
            StreamItem::Reset => 0,
        });
    }
    assert_eq!(seen, [5, 6, 0]);
}
