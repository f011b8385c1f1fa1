//! The service that the demonstration deploys: a small web server inside this binary, so that
//! nothing but git and a shell is needed.
//!
//! It serves the page of the artifact that it runs from. A file beside the page makes it
//! misbehave, as a bad commit would.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;

/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest line of a request, in bytes.
const LINE: u64 = 16 << 10;

/// How the service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behaviour {
    /// As it should.
    Good,
    /// It never passes a health check.
    Sick,
    /// It passes health checks until so long after its first visitor.
    TurnsBad(Duration),
}

impl Behaviour {
    fn read() -> Self {
        let text = std::fs::read_to_string("behaviour").unwrap_or_default();
        match text.trim().split_once(' ') {
            Some(("turns-bad", ms)) => {
                Self::TurnsBad(Duration::from_millis(ms.parse().unwrap_or(0)))
            }
            _ if text.trim() == "sick" => Self::Sick,
            _ => Self::Good,
        }
    }
}

/// Serves on `127.0.0.1:$PORT`, or on `$HOST` instead, until it is ended.
pub fn run() -> Result<()> {
    let port: u16 = std::env::var("PORT")
        .wrap_err("the service needs PORT")?
        .parse()
        .wrap_err("PORT is no port")?;
    let page = std::fs::read_to_string("index.html").wrap_err("there is no index.html")?;
    let page: &'static str = Box::leak(page.into_boxed_str());
    let behaviour = Behaviour::read();
    let host = std::env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let listener = TcpListener::bind((host.as_str(), port))?;
    let first_visit: &'static std::sync::OnceLock<Instant> =
        Box::leak(Box::new(std::sync::OnceLock::new()));
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || {
            // A client that breaks off has only itself to tell.
            let _ = answer(&stream, page, behaviour, first_visit);
        });
    }
    Ok(())
}

fn answer(
    stream: &TcpStream,
    page: &str,
    behaviour: Behaviour,
    first_visit: &std::sync::OnceLock<Instant>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let Some(path) = request(&mut reader)? else { return Ok(()) };
        let is_check = path == "/up";
        let sick = match behaviour {
            Behaviour::Good => false,
            Behaviour::Sick => is_check,
            Behaviour::TurnsBad(after) => {
                if !is_check {
                    first_visit.get_or_init(Instant::now);
                }
                is_check && first_visit.get().is_some_and(|first| first.elapsed() >= after)
            }
        };
        let (status, body) = if sick {
            ("500 Internal Server Error", "the queue is stuck\n")
        } else if is_check {
            ("200 OK", "up\n")
        } else {
            ("200 OK", page)
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        writer.write_all(format!("{head}{body}").as_bytes())?;
    }
}

/// Reads a request without a body; its path, or none once the client is done.
fn request(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<String>> {
    use std::io::Read as _;
    let mut line = String::new();
    if reader.by_ref().take(LINE).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
    loop {
        let mut field = String::new();
        if reader.by_ref().take(LINE).read_line(&mut field)? == 0 {
            return Ok(None);
        }
        if field.trim().is_empty() {
            return Ok(Some(path));
        }
    }
}
