//! A target whose answers depend on the path, and that can be killed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use super::PATIENCE;
use super::client::field;

/// Lets `/up` wait for the gate.
pub const WAITS: u16 = 1;
/// Lets `/up` announce an answer without end.
pub const ANNOUNCES: u16 = 2;

pub struct Origin {
    pub name: String,
    pub address: SocketAddr,
    pub shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
pub struct Shared {
    name: String,
    /// What `/up` answers; 0 means never, `WAITS` once the gate is open.
    pub health: AtomicU16,
    /// The heads of all requests but health checks.
    pub heads: Mutex<Vec<String>>,
    /// Connections accepted, those of health checks included.
    pub accepted: AtomicUsize,
    /// Connections that carried a request that was no health check.
    pub used: AtomicUsize,
    /// Whether it takes requests and ends their connections without a word, as a program does that
    /// is about to die and whose socket the kernel still has open.
    pub is_dying: AtomicBool,
    is_dead: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
    gate: Mutex<bool>,
    opened: Condvar,
}

impl Origin {
    pub fn new(name: &str) -> Self {
        Self::at(name, "127.0.0.1:0".parse().unwrap())
    }

    pub fn at(name: &str, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            health: AtomicU16::new(200),
            ..Shared::default()
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { name: name.to_owned(), address, shared, thread: Some(thread) }
    }

    pub fn set_health(&self, status: u16) {
        self.shared.health.store(status, Ordering::SeqCst);
    }

    pub fn requests(&self) -> usize {
        self.shared.heads.lock().unwrap().len()
    }

    pub fn last_head(&self) -> String {
        self.shared.heads.lock().unwrap().last().unwrap().clone()
    }

    /// Lets `/gate` answer.
    pub fn open_gate(&self) {
        *self.shared.gate.lock().unwrap() = true;
        self.shared.opened.notify_all();
    }

    /// Ends every connection, as if they had been idle too long; new ones are accepted.
    pub fn close_connections(&self) {
        for stream in self.shared.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Dies as by `kill -9`: nobody listens any more, all connections end.
    pub fn kill(&mut self) {
        self.shared.is_dead.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // Wakes the accepting thread.
            drop(TcpStream::connect(self.address));
            thread.join().unwrap();
        }
        self.close_connections();
        self.open_gate();
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.kill();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_dead.load(Ordering::SeqCst) {
            return;
        }
        let stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        shared.streams.lock().unwrap().push(stream.try_clone().unwrap());
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut is_used = false;
            // The connection ends however it ends.
            while let Ok(true) = exchange(&shared, &mut reader, &stream, &mut is_used) {}
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

/// Reads one request and answers it; false ends the connection.
fn exchange(
    shared: &Shared,
    reader: &mut BufReader<TcpStream>,
    mut stream: &TcpStream,
    is_used: &mut bool,
) -> std::io::Result<bool> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(false);
        }
    }
    let path = head.split(' ').nth(1).unwrap().to_owned();
    if path != "/up" {
        shared.used.fetch_add(usize::from(!*is_used), Ordering::SeqCst);
        *is_used = true;
        shared.heads.lock().unwrap().push(head.clone());
        if shared.is_dying.load(Ordering::SeqCst) {
            return Ok(false);
        }
    }
    let (path, argument) = path.split_once('?').unwrap_or((&path, ""));
    if path == "/early" {
        write!(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")?;
        return Ok(false);
    }
    let body = read_body(&head, reader)?;
    let request = Asked { head: &head, path, argument, body: &body };
    match path {
        "/ws" | "/unasked" => switch(reader, stream),
        "/gate" | "/chunks" => gated(shared, &request, stream),
        "/up" | "/echo" | "/length" | "/big" => plain(shared, &request, reader, stream),
        _ => odd(shared, &request, stream),
    }
}

/// One request.
struct Asked<'a> {
    head: &'a str,
    path: &'a str,
    argument: &'a str,
    body: &'a [u8],
}

/// Answers 200 with a body.
fn ok(asked: &Asked<'_>, mut stream: &TcpStream, body: &[u8]) -> std::io::Result<bool> {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())?;
    if !asked.head.starts_with("HEAD ") {
        stream.write_all(body)?;
    }
    Ok(true)
}

fn plain(
    shared: &Shared,
    asked: &Asked<'_>,
    reader: &mut BufReader<TcpStream>,
    mut stream: &TcpStream,
) -> std::io::Result<bool> {
    match asked.path {
        "/up" => match shared.health.load(Ordering::SeqCst) {
            // Waits for the end of the connection.
            0 => reader.read_line(&mut String::new()).map(|_| false),
            200 => ok(asked, stream, b"up"),
            WAITS => gated(shared, asked, stream),
            ANNOUNCES => announced(usize::MAX, asked, stream),
            status => {
                write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n")?;
                Ok(true)
            }
        },
        "/echo" => ok(asked, stream, &[asked.head.as_bytes(), asked.body].concat()),
        "/length" => ok(asked, stream, asked.body.len().to_string().as_bytes()),
        _ => ok(asked, stream, &vec![b'x'; asked.argument.parse().unwrap()]),
    }
}

/// Answers, or goes on answering, once the gate is open.
fn gated(shared: &Shared, asked: &Asked<'_>, mut stream: &TcpStream) -> std::io::Result<bool> {
    let is_chunked = asked.path == "/chunks";
    if is_chunked {
        write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")?;
    }
    let gate = shared.gate.lock().unwrap();
    drop(shared.opened.wait_timeout_while(gate, PATIENCE, |is_open| !*is_open).unwrap());
    if shared.is_dead.load(Ordering::SeqCst) {
        Ok(false)
    } else if is_chunked {
        stream.write_all(b"6\r\nsecond\r\n0\r\n\r\n").map(|()| true)
    } else {
        ok(asked, stream, b"opened")
    }
}

/// Answers 101 and then echoes every byte.
fn switch(reader: &mut BufReader<TcpStream>, mut stream: &TcpStream) -> std::io::Result<bool> {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
    write!(stream, "{switch}Upgrade: websocket\r\n\r\n")?;
    let mut bytes = [0; 1024];
    loop {
        match reader.read(&mut bytes)? {
            0 => return Ok(false),
            count => stream.write_all(&bytes[..count])?,
        }
    }
}

/// Says so many times that an answer comes, and answers.
fn announced(times: usize, asked: &Asked<'_>, mut stream: &TcpStream) -> std::io::Result<bool> {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let (many, at_once) = (interim.repeat(1000), 1000);
    for _ in 0..times / at_once {
        stream.write_all(many.as_bytes())?;
    }
    stream.write_all(interim.repeat(times % at_once).as_bytes())?;
    ok(asked, stream, b"at last")
}

fn odd(shared: &Shared, asked: &Asked<'_>, mut stream: &TcpStream) -> std::io::Result<bool> {
    let argument = asked.argument;
    match asked.path {
        "/close" => Ok(false),
        "/announced" => announced(argument.parse().unwrap_or(usize::MAX), asked, stream),
        "/garbage" => stream.write_all(b"not http at all\r\n\r\n").map(|()| false),
        "/both" => {
            let framing = "Content-Length: 99\r\nTransfer-Encoding: chunked";
            write!(stream, "HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n0\r\n\r\n")?;
            Ok(true)
        }
        "/encoded" => {
            let framing = "Transfer-Encoding: gzip, chunked";
            write!(stream, "HTTP/1.1 200 OK\r\n{framing}\r\n\r\n5\r\nhello\r\n0\r\n\r\n")?;
            Ok(true)
        }
        "/half" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").map(|()| false)
        }
        "/eof" => stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nuntil the end").map(|()| false),
        "/status" => {
            write!(stream, "HTTP/1.1 {argument} X\r\nContent-Length: 0\r\n\r\n")?;
            Ok(true)
        }
        "/bare" => {
            // 304 may carry the length that the whole answer would have.
            let length = if argument == "304" { "Content-Length: 5\r\n" } else { "" };
            write!(stream, "HTTP/1.1 {argument} X\r\n{length}\r\n")?;
            Ok(true)
        }
        "/hints" => {
            write!(stream, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")?;
            ok(asked, stream, b"hinted")
        }
        "/forged" => {
            let forged = "X-Pilothouse-Release: forged\r\nX-Hop: 1\r\nConnection: x-hop";
            write!(stream, "HTTP/1.1 200 OK\r\n{forged}\r\nContent-Length: 0\r\n\r\n")?;
            Ok(true)
        }
        _ => ok(asked, stream, shared.name.as_bytes()),
    }
}

fn read_body(head: &str, reader: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if let Some(length) = field(head, "content-length") {
        body.resize(length.parse().unwrap(), 0);
        reader.read_exact(&mut body)?;
    } else if field(head, "transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let Ok(length) = usize::from_str_radix(size.trim(), 16) else {
                return Err(std::io::Error::other("the body broke off"));
            };
            let start = body.len();
            body.resize(start + length, 0);
            reader.read_exact(&mut body[start..])?;
            reader.read_line(&mut size)?;
            if length == 0 {
                break;
            }
        }
    }
    Ok(body)
}
