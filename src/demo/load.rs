//! Visitors: requests without a pause, and a count of what came back.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Visitors at once.
const VISITORS: usize = 4;
/// Requests that a visitor makes on one connection.
const PER_CONNECTION: usize = 50;
/// The pause between two requests of a visitor: load enough to notice, and CPU left for the rest.
const PAUSE: Duration = Duration::from_millis(2);
/// How long a visitor waits for anything.
const PATIENCE: Duration = Duration::from_secs(5);
/// Failures whose text is kept.
const KEPT: usize = 5;

/// What visitors got.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// Answers with status 200.
    pub good: u64,
    /// Requests without such an answer.
    pub failed: u64,
    /// What the first failures were.
    pub failures: Vec<String>,
    /// Answers by the version that they showed.
    pub versions: BTreeMap<String, u64>,
    /// The longest time in which no request succeeded.
    pub longest_gap: Duration,
}

struct Shared {
    count: Mutex<(Count, Option<Instant>)>,
    over: AtomicBool,
}

/// Visitors that come until told to stop.
pub struct Load {
    shared: Arc<Shared>,
    visitors: Vec<JoinHandle<()>>,
}

impl Load {
    /// Lets visitors come to an address, under a domain.
    pub fn begin(address: SocketAddr, domain: &str) -> Self {
        let shared = Arc::new(Shared {
            count: Mutex::new((Count::default(), None)),
            over: AtomicBool::new(false),
        });
        let visitors = (0..VISITORS)
            .map(|_| {
                let (shared, domain) = (Arc::clone(&shared), domain.to_owned());
                std::thread::spawn(move || visit(&shared, address, &domain))
            })
            .collect();
        Self { shared, visitors }
    }

    /// What visitors got since the last question.
    pub fn take(&self) -> Count {
        let mut counted = self.shared.count.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut counted.0)
    }

    /// Lets nobody come any more; what visitors got since the last question.
    pub fn end(mut self) -> Count {
        self.shared.over.store(true, Ordering::SeqCst);
        for visitor in self.visitors.drain(..) {
            // A visitor that broke down counts as none.
            let _ = visitor.join();
        }
        self.take()
    }
}

fn visit(shared: &Shared, address: SocketAddr, domain: &str) {
    while !shared.over.load(Ordering::SeqCst) {
        if let Err(failure) = connection(shared, address, domain) {
            note(shared, Err(failure));
            std::thread::park_timeout(PAUSE * 5);
        }
    }
}

fn connection(shared: &Shared, address: SocketAddr, domain: &str) -> Result<(), String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)
        .map_err(|error| format!("no connection: {error}"))?;
    let set = |error: std::io::Error| format!("the connection broke: {error}");
    stream.set_read_timeout(Some(PATIENCE)).map_err(set)?;
    stream.set_nodelay(true).map_err(set)?;
    let mut reader = BufReader::new(&stream);
    for _ in 0..PER_CONNECTION {
        if shared.over.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (status, body, goes_on) = get(&stream, &mut reader, domain, "/")?;
        let version = body.split("<p>").nth(1).and_then(|rest| rest.split("</p>").next());
        match version {
            Some(version) if status == 200 => note(shared, Ok(version)),
            _ => note(shared, Err(format!("status {status}: {}", body.trim()))),
        }
        if !goes_on {
            return Ok(());
        }
        std::thread::park_timeout(PAUSE);
    }
    Ok(())
}

fn note(shared: &Shared, result: Result<&str, String>) {
    let mut counted = shared.count.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let (count, last_good) = &mut *counted;
    match result {
        Ok(version) => {
            count.good += 1;
            *count.versions.entry(version.to_owned()).or_default() += 1;
            if let Some(last) = last_good {
                count.longest_gap = count.longest_gap.max(now - *last);
            }
            *last_good = Some(now);
        }
        Err(failure) => {
            count.failed += 1;
            if count.failures.len() < KEPT {
                count.failures.push(failure);
            }
        }
    }
}

/// Asks once on a connection of its own: the status and the body.
pub fn ask(address: SocketAddr, domain: &str, path: &str) -> Result<(u16, String), String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)
        .map_err(|error| format!("no connection: {error}"))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    let mut reader = BufReader::new(&stream);
    let (status, body, _) = get(&stream, &mut reader, domain, path)?;
    Ok((status, body))
}

/// One request; status, body, and whether the connection goes on.
fn get(
    mut stream: &TcpStream,
    reader: &mut BufReader<&TcpStream>,
    domain: &str,
    path: &str,
) -> Result<(u16, String, bool), String> {
    let broke = |error: std::io::Error| format!("the connection broke: {error}");
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: {domain}\r\n\r\n").as_bytes())
        .map_err(broke)?;
    let mut line = String::new();
    reader.read_line(&mut line).map_err(broke)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| format!("the connection ended without an answer {line:?}"))?;
    let (mut length, mut goes_on) = (0usize, true);
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(broke)? == 0 {
            return Err("the answer broke off".to_owned());
        }
        let field = line.trim().to_ascii_lowercase();
        if field.is_empty() {
            break;
        }
        if let Some(value) = field.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| "a bad content-length".to_owned())?;
        }
        goes_on &= field != "connection: close";
    }
    let mut body = vec![0; length.min(1 << 20)];
    reader.read_exact(&mut body).map_err(broke)?;
    Ok((status, String::from_utf8_lossy(&body).into_owned(), goes_on))
}
