//! A proxy in front of an emulator that answers some actions with the errors that AWS has.
//!
//! The errors' form is that of the query protocols (EC2 API Reference, "Error responses"; Elastic
//! Load Balancing API Reference, "Common errors"; STS API Reference, "Common errors").

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What is answered instead of what the emulator would.
#[derive(Clone, Copy)]
pub struct Fault {
    pub status: u16,
    pub code: &'static str,
    pub message: &'static str,
}

/// A proxy that runs.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: SocketAddr,
    faults: Mutex<BTreeMap<&'static str, Fault>>,
    asked: Mutex<Vec<String>>,
    ends: AtomicBool,
}

impl Proxy {
    pub fn before(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream,
            faults: Mutex::default(),
            asked: Mutex::default(),
            ends: AtomicBool::new(false),
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
        self.shared.faults.lock().unwrap().insert(action, fault);
    }

    pub fn heals(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// The actions that were asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
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
    let action = action(&head, &String::from_utf8_lossy(&body));
    shared.asked.lock().unwrap().push(action.clone());
    let faults = shared.faults.lock().unwrap().clone();
    let mut client = client;
    if let Some(fault) = faults.get(action.as_str()).or_else(|| faults.get("*")) {
        return client.write_all(refusal(fault).as_bytes());
    }
    let mut upstream = TcpStream::connect(shared.upstream)?;
    upstream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes())?;
    upstream.write_all(&body)?;
    std::io::copy(&mut upstream, &mut client)?;
    Ok(())
}

/// The action of the query protocols, or the last part of the JSON ones' target.
fn action(head: &str, body: &str) -> String {
    let named = body.split('&').find_map(|part| part.strip_prefix("Action="));
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.rsplit('.').next())?
    });
    named.or(target).unwrap_or("?").trim().to_owned()
}

/// An error as both of the query protocols write it: EC2's has a list of them.
fn refusal(fault: &Fault) -> String {
    let Fault { status, code, message } = fault;
    let error = format!(
        "<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let body = format!(
        "<ErrorResponse>{error}<Errors>{error}</Errors><RequestId>r</RequestId></ErrorResponse>"
    );
    format!(
        "HTTP/1.1 {status} Refused\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}
