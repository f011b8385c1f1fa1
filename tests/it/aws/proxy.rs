//! A proxy in front of an emulator that answers some actions otherwise: with the errors that AWS
//! has, as `fake` does, or never.
//!
//! The errors' form is that of the query protocols (EC2 API Reference, "Error responses"; Elastic
//! Load Balancing API Reference, "Common errors"; STS API Reference, "Common errors") and of the
//! JSON ones (Amazon ECS API Reference, "Common Errors").

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use super::super::stage::PATIENCE;

/// What is answered instead of what the emulator would.
#[derive(Clone, Copy)]
pub struct Fault {
    pub status: u16,
    pub code: &'static str,
    pub message: &'static str,
}

/// What becomes of an action.
#[derive(Clone)]
enum Instead {
    Refused(Fault),
    /// Refused where the request says so, and otherwise what the emulator answers.
    RefusedWhere(&'static str, Fault),
    /// Answered by what makes the answer of the request.
    Answered(Arc<dyn Fn(&str) -> String + Send + Sync>),
    /// Taken, and never answered.
    Silence,
}

/// A proxy that runs.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: SocketAddr,
    instead: Mutex<BTreeMap<&'static str, Instead>>,
    asked: Mutex<Vec<String>>,
    ends: AtomicBool,
    /// Wakes what is silent once it no longer is, and at the end.
    moved: Condvar,
}

impl Proxy {
    pub fn before(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream,
            instead: Mutex::default(),
            asked: Mutex::default(),
            ends: AtomicBool::new(false),
            moved: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if own.ends.load(Ordering::Relaxed) {
                    return;
                }
                let (own, stream) = (Arc::clone(&own), stream.unwrap());
                // A client that goes away in the middle is no failure of the test.
                std::thread::spawn(move || drop(serve(&own, stream)));
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers an action with an error from now on; `*` is every action.
    pub fn fails(&self, action: &'static str, fault: Fault) {
        self.put(action, Instead::Refused(fault));
    }

    /// Answers an action with an error from now on where its request has this text.
    pub fn fails_where(&self, action: &'static str, text: &'static str, fault: Fault) {
        self.put(action, Instead::RefusedWhere(text, fault));
    }

    /// Answers an action by itself from now on.
    pub fn answers(
        &self,
        action: &'static str,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) {
        self.put(action, Instead::Answered(Arc::new(answer)));
    }

    /// Takes an action and never answers it from now on; `*` is every action.
    pub fn silences(&self, action: &'static str) {
        self.put(action, Instead::Silence);
    }

    pub fn heals(&self) {
        self.shared.instead.lock().unwrap().clear();
        self.shared.moved.notify_all();
    }

    fn put(&self, action: &'static str, instead: Instead) {
        self.shared.instead.lock().unwrap().insert(action, instead);
    }

    /// The actions that were asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.heals();
        // Wakes it, so that it sees that it is to end.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers one request, and closes: the next one comes on a connection of its own.
fn serve(shared: &Shared, client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let (action, is_json) = action(&head, &text);
    shared.asked.lock().unwrap().push(action.clone());
    let mut client = client;
    let instead = {
        let all = shared.instead.lock().unwrap();
        all.get(action.as_str()).or_else(|| all.get("*")).cloned()
    };
    match instead {
        Some(Instead::Refused(fault)) => {
            return client.write_all(refusal(&fault, is_json).as_bytes());
        }
        Some(Instead::RefusedWhere(part, fault)) if text.contains(part) => {
            return client.write_all(refusal(&fault, is_json).as_bytes());
        }
        Some(Instead::Answered(answer)) => {
            return client.write_all(response("200 OK", is_json, &answer(&text)).as_bytes());
        }
        Some(Instead::Silence) => {
            let all = shared.instead.lock().unwrap();
            let is_silent = |all: &mut BTreeMap<&'static str, Instead>| {
                !all.is_empty() && !shared.ends.load(Ordering::Relaxed)
            };
            // The connection stays open as long as this is held.
            drop(shared.moved.wait_timeout_while(all, PATIENCE, is_silent).unwrap());
            return Ok(());
        }
        Some(Instead::RefusedWhere(..)) | None => {}
    }
    let mut upstream = TcpStream::connect(shared.upstream)?;
    upstream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes())?;
    upstream.write_all(&body)?;
    std::io::copy(&mut upstream, &mut client)?;
    Ok(())
}

/// The action of the query protocols, the last part of the JSON ones' target, or of the path where
/// that says it.
fn action(head: &str, body: &str) -> (String, bool) {
    let named = body.split('&').find_map(|part| part.strip_prefix("Action="));
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.rsplit('.').next())?
    });
    let first = head.lines().next().unwrap_or_default();
    let path = first.split(' ').nth(1).and_then(|path| path.split_once("/operation/"));
    (
        named.or(target).or(path.map(|(_, action)| action)).unwrap_or("?").trim().to_owned(),
        named.is_none(),
    )
}

/// An error as the protocols write it: EC2's query protocol has a list of them.
fn refusal(fault: &Fault, is_json: bool) -> String {
    let Fault { status, code, message } = fault;
    let error = format!(
        "<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let body = if is_json {
        format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}")
    } else {
        format!(
            "<ErrorResponse>{error}<Errors>{error}</Errors><RequestId>r</RequestId></ErrorResponse>"
        )
    };
    response(&format!("{status} Refused"), is_json, &body)
}

fn response(status: &str, is_json: bool, body: &str) -> String {
    let kind = if is_json { "application/x-amz-json-1.1" } else { "text/xml" };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}
