//! Visitors: requests without a pause, and a count of what came back.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Visitors at once.
const VISITORS: usize = 2;
/// Requests that a visitor makes on one connection.
const PER_CONNECTION: usize = 20;
/// The pause between two requests of a visitor, which leaves CPU for all else.
const PAUSE: Duration = Duration::from_millis(5);
/// How long a visitor waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What visitors got.
#[derive(Debug, Default)]
pub struct Count {
    /// Answers with a version, by the version.
    pub good: BTreeMap<String, u64>,
    /// Answers that had begun when the instance that gave them died.
    pub cut: usize,
    /// What every other request came to.
    pub failures: Vec<String>,
}

impl Count {
    /// Fails if a request was not served, or not wholly.
    #[track_caller]
    pub fn nothing_failed(&self) {
        let good: u64 = self.good.values().sum();
        let failures = &self.failures;
        assert!(failures.is_empty(), "{} failed beside {good}: {failures:#?}", failures.len());
        assert_eq!(self.cut, 0, "answers broke off beside {good} whole ones");
    }
}

/// Visitors that come until told to stop.
pub struct Load {
    count: Arc<Mutex<Count>>,
    over: Arc<AtomicBool>,
    visitors: Vec<JoinHandle<()>>,
}

impl Load {
    /// Lets visitors come to an address, under a domain.
    pub fn begin(address: SocketAddr, domain: &'static str) -> Self {
        let count = Arc::<Mutex<Count>>::default();
        let over = Arc::<AtomicBool>::default();
        let visitors = (0..VISITORS)
            .map(|_| {
                let (count, over) = (Arc::clone(&count), Arc::clone(&over));
                std::thread::spawn(move || {
                    while !over.load(Ordering::SeqCst) {
                        if let Err(failure) = connection(&count, &over, address, domain) {
                            count.lock().unwrap().failures.push(failure);
                            std::thread::park_timeout(PAUSE);
                        }
                    }
                })
            })
            .collect();
        Self { count, over, visitors }
    }

    /// What visitors got since the last question.
    pub fn take(&self) -> Count {
        std::mem::take(&mut *self.count.lock().unwrap())
    }

    /// An instance was killed: each visitor may have been in the middle of its answer,
    /// which nobody else can finish. Every other request must have been served.
    #[track_caller]
    pub fn forgive_what_was_cut(&self) {
        let count = self.take();
        assert!(count.failures.is_empty(), "{:#?}", count.failures);
        assert!(count.cut <= VISITORS, "{} answers broke off, of one instance", count.cut);
    }

    /// Lets nobody come any more. All that came must have been served; their number.
    #[track_caller]
    pub fn end_without_failure(mut self) -> u64 {
        self.over.store(true, Ordering::SeqCst);
        for visitor in self.visitors.drain(..) {
            visitor.join().unwrap();
        }
        let count = self.take();
        count.nothing_failed();
        let good = count.good.values().sum();
        assert!(good > 0, "nobody was served");
        good
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

fn connection(
    count: &Mutex<Count>,
    over: &AtomicBool,
    address: SocketAddr,
    domain: &str,
) -> Result<(), String> {
    let stream = connect(address)?;
    let mut reader = BufReader::new(&stream);
    for _ in 0..PER_CONNECTION {
        if over.load(Ordering::SeqCst) {
            return Ok(());
        }
        let answer = get(&stream, &mut reader, domain, "/", "")?;
        if !answer.whole {
            count.lock().unwrap().cut += 1;
            return Ok(());
        }
        let version = answer.body.split("<p>").nth(1).and_then(|rest| rest.split("</p>").next());
        match version {
            Some(version) if answer.status == 200 => {
                *count.lock().unwrap().good.entry(version.to_owned()).or_default() += 1;
            }
            _ => return Err(format!("status {}: {}", answer.status, answer.body.trim())),
        }
        if !answer.goes_on {
            return Ok(());
        }
        std::thread::park_timeout(PAUSE);
    }
    Ok(())
}

/// Opens a connection with limits on how long anything takes.
pub fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)
        .map_err(|error| format!("no connection: {error}"))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(stream)
}

/// Asks once on a connection of its own: the status and the body.
pub fn ask(address: SocketAddr, domain: &str, path: &str) -> Result<(u16, String), String> {
    ask_with(address, domain, path, "")
}

/// Asks once with further header lines, each ended by `\r\n`.
pub fn ask_with(
    address: SocketAddr,
    domain: &str,
    path: &str,
    fields: &str,
) -> Result<(u16, String), String> {
    let stream = connect(address)?;
    let mut reader = BufReader::new(&stream);
    let answer = get(&stream, &mut reader, domain, path, fields)?;
    if !answer.whole {
        return Err("the answer broke off".to_owned());
    }
    Ok((answer.status, answer.body))
}

struct Answer {
    status: u16,
    body: String,
    /// Whether as much came as the head had promised.
    whole: bool,
    goes_on: bool,
}

fn get(
    mut stream: &TcpStream,
    reader: &mut BufReader<&TcpStream>,
    domain: &str,
    path: &str,
    fields: &str,
) -> Result<Answer, String> {
    let broke = |error: std::io::Error| format!("the connection broke: {error}");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {domain}\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).map_err(broke)?;
    let mut line = String::new();
    reader.read_line(&mut line).map_err(broke)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("the connection ended with {line:?}"))?;
    let (mut length, mut goes_on) = (None, true);
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
            length = value.trim().parse().ok();
        }
        goes_on &= field != "connection: close";
    }
    let mut body = Vec::new();
    let limit = length.map_or(u64::MAX, |length: u64| length.min(1 << 20));
    match reader.take(limit).read_to_end(&mut body) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => return Err(broke(error)),
        _ => {}
    }
    let whole = length.is_none_or(|_| body.len() as u64 == limit);
    goes_on &= length.is_some();
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), whole, goes_on })
}
