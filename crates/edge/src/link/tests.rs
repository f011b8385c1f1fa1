//! What a client's connection knows of itself.

use std::future::poll_fn;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::*;

async fn pair() -> (ClientIo, Arc<Link>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    let link = Arc::new(Link::new(8 * 1024, Unfinished::default()));
    (ClientIo::new(Placed::new(stream, place), Arc::clone(&link)), link, client)
}

#[tokio::test]
async fn a_late_head_is_not_answered_in_the_middle_of_another_answer() {
    let (mut io, link, mut client) = pair().await;
    link.enter(Phase::Head);
    assert!(link.is_in_head());
    let piece = vec![b'x'; 64 * 1024];
    let mut sent = 0;
    // Until the kernel takes no more.
    poll_fn(|cx| {
        while let Poll::Ready(written) = Pin::new(&mut io).poll_write(cx, &piece) {
            sent += written.unwrap();
        }
        Poll::Ready(())
    })
    .await;
    assert!(!link.is_in_head());
    let mut room = vec![0; 64 * 1024];
    while sent > 0 {
        sent -= client.read(&mut room).await.unwrap();
    }
    io.write_all(b"the rest").await.unwrap();
    assert!(link.is_in_head());
}

#[test]
fn empty_lines_between_requests_are_no_head_and_keep_no_connection_open() {
    let link = Link::new(100, Unfinished::default());
    link.progress.store(7, Ordering::Relaxed);
    link.has_read(b"\r\n\r\n");
    assert_eq!((link.phase(), link.progress.load(Ordering::Relaxed)), (Phase::Idle, 7));
    link.has_read(b"\r\nGET");
    assert_eq!(link.phase(), Phase::Head);
    link.has_read(b"\r\n\r\n");
    assert_eq!(link.begin(Behind::Length(0)), b"GET\r\n\r\n");
    // What ends a head whose beginning came behind a body is no empty line.
    link.has_read(b"GET\r\n\r");
    link.enter(Phase::Idle);
    link.has_read(b"\n");
    assert_eq!(link.begin(Behind::Length(0)), b"GET\r\n\r\n");
}

#[test]
fn a_head_has_its_time_from_when_the_answer_before_it_is_written() {
    let limits = Limits { head_timeout: Duration::ZERO, ..Limits::default() };
    let link = Link::new(100, Unfinished::default());
    link.begin(Behind::Length(0));
    link.has_written(false);
    link.end();
    assert_eq!(link.phase(), Phase::Head);
    link.since.store(u64::MAX, Ordering::Relaxed);
    link.sweep(&limits);
    assert_eq!(link.verdict(), Verdict::Keep, "an answer is being read slowly");
    link.has_written(true);
    assert_ne!(link.since.load(Ordering::Relaxed), u64::MAX);
    link.sweep(&limits);
    assert_eq!(link.verdict(), Verdict::Abort);
}

#[test]
fn part_of_a_head_that_comes_while_another_request_is_answered_is_a_head() {
    for (behind, came, phase) in [
        (Behind::Length(0), &b"GET / HTTP/1.1\r\nHo"[..], Phase::Head),
        (Behind::Length(0), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Phase::Idle),
        (Behind::Length(0), b"\r\n", Phase::Idle),
        (Behind::Chunks, b"name=value", Phase::Idle),
    ] {
        let link = Link::new(100, Unfinished::default());
        link.begin(behind);
        link.has_looked.store(true, Ordering::Relaxed);
        link.has_read(came);
        assert_eq!(link.phase(), Phase::Waiting);
        link.end();
        assert_eq!(link.phase(), phase, "{came:?}");
        link.begin(Behind::Length(0));
        link.has_looked.store(true, Ordering::Relaxed);
        link.end();
        assert_eq!(link.phase(), Phase::Idle, "it was answered as well");
    }
}
