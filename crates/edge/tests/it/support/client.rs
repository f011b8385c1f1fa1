//! A client that writes exactly the bytes that a test wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;

pub struct Client {
    pub stream: TcpStream,
    reader: BufReader<TcpStream>,
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The value of a header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// The value of a field in a raw head.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader }
    }

    pub fn send(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).unwrap();
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: shop.localhost\r\n\r\n"));
        self.read()
    }

    /// Sends a whole request given by its lines.
    pub fn ask(&mut self, lines: &[&str]) -> Answer {
        self.send(&format!("{}\r\n\r\n", lines.join("\r\n")));
        self.read()
    }

    pub fn read(&mut self) -> Answer {
        self.try_read(true).unwrap()
    }

    /// Reads an answer to HEAD.
    pub fn read_head(&mut self) -> Answer {
        self.try_read(false).unwrap()
    }

    pub fn try_read(&mut self, has_body: bool) -> std::io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.reader.read_line(&mut head)? == 0 {
                return Err(std::io::Error::other(format!("closed after {head:?}")));
            }
        }
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = Vec::new();
        let is_bare = !has_body || matches!(status, 204 | 304) || (100..200).contains(&status);
        if is_bare {
        } else if field(&head, "transfer-encoding").is_some() {
            while let chunk @ 1.. = self.chunk(&mut body)? {
                assert!(chunk > 0);
            }
        } else if let Some(length) = field(&head, "content-length") {
            body.resize(length.parse().unwrap(), 0);
            self.reader.read_exact(&mut body)?;
        } else {
            self.reader.read_to_end(&mut body)?;
        }
        Ok(Answer { status, head, body })
    }

    /// Reads one chunk of a chunked body and tells its length.
    pub fn chunk(&mut self, body: &mut Vec<u8>) -> std::io::Result<usize> {
        let mut size = String::new();
        self.reader.read_line(&mut size)?;
        let length = usize::from_str_radix(size.trim(), 16)
            .map_err(|_| std::io::Error::other(format!("broken chunk size {size:?}")))?;
        let start = body.len();
        body.resize(start + length, 0);
        self.reader.read_exact(&mut body[start..])?;
        self.reader.read_line(&mut size)?;
        Ok(length)
    }

    /// Reads only the head of an answer.
    pub fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.reader.read_line(&mut head).unwrap() > 0, "closed after {head:?}");
        }
        head
    }

    /// Reads exactly so many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Waits for the end of the connection; a reset counts as one.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
