//! The bytes of a connection, and an end that lets the last answer arrive.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::activity::Activity;
use crate::limits::{LAST_LINGER, LINGER};

/// A TCP connection that is closed in two steps: first the server's side, then, when the peer has closed its own or
/// [`LINGER`] is over, or [`LAST_LINGER`] once the server has drained, the whole. A socket that is closed with bytes unread
/// sends a reset, and a reset makes the peer's system throw away what it has received and not yet handed on: the answer.
#[derive(Debug)]
pub(crate) struct Io<'a> {
    stream: TokioIo<TcpStream>,
    activity: &'a Activity,
    lingering: Option<Lingering>,
}

/// The second step of the end.
#[derive(Debug)]
struct Lingering {
    over: Pin<Box<Sleep>>,
    is_last: bool,
}

impl Lingering {
    fn begin() -> Self {
        Self { over: Box::pin(sleep(LINGER)), is_last: false }
    }

    fn shorten(&mut self) {
        self.is_last = true;
        let end = self.over.deadline().min(Instant::now() + LAST_LINGER);
        self.over.as_mut().reset(end);
    }
}

impl<'a> Io<'a> {
    pub(crate) fn new(stream: TcpStream, activity: &'a Activity) -> Self {
        Self { stream: TokioIo::new(stream), activity, lingering: None }
    }

    fn stream(&mut self) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.stream)
    }

    /// Reads and forgets until the peer has closed its side or there is nothing for now.
    fn poll_discard(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 4096];
        loop {
            if ready!(self.stream.inner().poll_read_ready(cx)).is_err() {
                return Poll::Ready(());
            }
            match self.stream.inner().try_read(&mut scratch) {
                Ok(0) => return Poll::Ready(()),
                Ok(_) => {}
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl Read for Io<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buffer)
    }
}

impl Write for Io<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(self.stream().poll_shutdown(cx))?;
        }
        let is_last = self.activity.is_over();
        let lingering = self.lingering.get_or_insert_with(Lingering::begin);
        if is_last && !lingering.is_last {
            lingering.shorten();
        }
        // Reading uses up what a task may do at a time, and a timer that is asked after it would never fire.
        if lingering.over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        self.poll_discard(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::net;

    use tokio::net::TcpListener;
    use tokio::time::advance;

    use super::*;
    use crate::server::Ending;

    /// Sends until nothing more is taken: far more than a task may read at a time.
    fn flood(peer: &mut net::TcpStream) {
        while peer.write(&[b'x'; 64 * 1024]).is_ok() {}
    }

    async fn poll_once(io: &mut Io<'_>) -> Poll<io::Result<()>> {
        poll_fn(|cx| Poll::Ready(Pin::new(&mut *io).poll_shutdown(cx))).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_sends_as_fast_as_it_can_is_left_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_nonblocking(true).unwrap();
        let activity = Activity::new(Ending::default());
        let mut io = Io::new(listener.accept().await.unwrap().0, &activity);
        flood(&mut peer);
        assert!(poll_once(&mut io).await.is_pending());
        advance(LINGER).await;
        flood(&mut peer);
        assert!(poll_once(&mut io).await.is_ready());
    }
}
