//! Somebody who listens where one of our instances did.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use super::wait_until;

/// A server that answers everything with 200 and says who it is, until it is dropped.
pub struct Stranger {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stranger {
    /// Takes an address as soon as it is free.
    pub fn at(address: SocketAddr) -> Self {
        let mut listener = None;
        let taken = || format!("{address} is free");
        wait_until(taken, || {
            listener = TcpListener::bind(address).ok();
            listener.is_some()
        });
        let listener = listener.unwrap();
        let (asked, ends) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (count, is_over) = (Arc::clone(&asked), Arc::clone(&ends));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                answer(stream);
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, asked, ends, thread: Some(thread) }
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream) {
    let mut head = [0; 4096];
    // Whoever leaves in the middle is none of its affairs.
    let _ = stream.read(&mut head);
    let _ = stream
        .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 8\r\n\r\nstranger");
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // It only looks when somebody comes.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
