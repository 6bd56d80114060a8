//! A connection that ends when it owes a request head, or takes no answer, for too long.
//!
//! actix-http's own limit for heads holds for the first of a connection alone.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use hello_server::Deadline;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A TCP connection with a deadline.
pub(crate) struct Stream {
    tcp: TcpStream,
    deadline: Deadline,
}

impl Stream {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        // A connection that is gone already says so when it is read.
        let _ = tcp.set_nodelay(true);
        Self { tcp, deadline: Deadline::start() }
    }

    fn tcp(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.tcp)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.tcp().poll_read(cx, buffer);
        if read.is_pending() {
            // As if the peer had closed its side: the server ends what is not being answered.
            return self.deadline.poll_over(cx).map(Ok);
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.tcp().poll_write(cx, bytes);
        if written.is_pending() {
            return self.deadline.poll_over(cx).map(|()| Err(ErrorKind::TimedOut.into()));
        }
        self.deadline.restart();
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_shutdown(cx)
    }
}

impl ActixStream for Stream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.tcp, cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.tcp, cx)
    }
}
