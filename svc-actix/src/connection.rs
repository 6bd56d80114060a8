//! One connection: requests read by actix-http's decoder, answered by the app and written by its encoder, one after the other.
//!
//! actix-http's own loop decodes as far as it can before it answers, and the encoder knows the last request alone. Here each
//! request has its answer before the next one is decoded.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_codec::{Decoder, Encoder};
use actix_http::body::{BoxBody, MessageBody};
use actix_http::h1::{Codec, Message, MessageType};
use actix_http::{ConnectionType, Request, Response, StatusCode, Version};
use actix_service::Service;
use actix_web::http::{Method, header::HOST};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::web::{Buf, BufMut, BytesMut};
use hello_server::{Deadline, limits::LINGER};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::yield_now;

use crate::crowd::Place;
use crate::worker::Worker;

/// The longest request head: what the types of a target and of a header name can hold. actix-http's decoder panics when a
/// name is longer.
const HEAD_BYTES: usize = u16::MAX as usize;
/// Answers to requests that came together are written together, up to about this much.
const UNSENT_BYTES: usize = 4 * 1024;

/// A connection while it is open.
pub(crate) struct Connection {
    tcp: TcpStream,
    codec: Codec,
    /// What is not decoded yet.
    received: BytesMut,
    /// Answers that are not written yet.
    unsent: BytesMut,
    deadline: Deadline,
    /// Whether the last answer is made, or the peer has closed its side.
    is_over: bool,
    worker: Rc<Worker>,
    _place: Place,
}

impl Connection {
    pub(crate) fn new(tcp: TcpStream, worker: Rc<Worker>, place: Place) -> Self {
        // A connection that is gone already says so when it is read.
        let _ = tcp.set_nodelay(true);
        Self {
            tcp,
            codec: worker.codec(),
            received: BytesMut::new(),
            unsent: BytesMut::new(),
            deadline: Deadline::start(),
            is_over: false,
            _place: place,
            worker,
        }
    }

    /// Answers until the connection ends.
    pub(crate) async fn serve<A, R, B>(mut self, app: &A)
    where
        A: Service<Request, Response = R, Error = actix_web::Error>,
        R: Into<Response<B>>,
        B: MessageBody,
    {
        if self.answer_all(app).await.is_ok() {
            self.linger().await;
        }
    }

    /// Answers until the last answer is sent.
    ///
    /// # Errors
    /// When the peer is gone, or keeps the server waiting for too long.
    async fn answer_all<A, R, B>(&mut self, app: &A) -> io::Result<()>
    where
        A: Service<Request, Response = R, Error = actix_web::Error>,
        R: Into<Response<B>>,
        B: MessageBody,
    {
        while !self.is_over {
            if self.received.is_empty() {
                self.receive().await?;
                continue;
            }
            match self.codec.decode(&mut self.received) {
                Ok(Some(Message::Item(request))) => self.answer(app, request).await?,
                // Nobody reads bodies.
                Ok(Some(Message::Chunk(_))) => {}
                Ok(None) => self.receive().await?,
                // A request that has its answer gets no second one.
                Err(_) if self.is_in_body() => self.is_over = true,
                Err(_) => self.refuse(StatusCode::BAD_REQUEST).await?,
            }
        }
        self.flush().await
    }

    async fn answer<A, R, B>(&mut self, app: &A, request: Request) -> io::Result<()>
    where
        A: Service<Request, Response = R, Error = actix_web::Error>,
        R: Into<Response<B>>,
        B: MessageBody,
    {
        if !has_right_host(&request) {
            return self.refuse(StatusCode::BAD_REQUEST).await;
        }
        let is_last = self.must_end_with(&request);
        match app.call(request).await {
            Ok(answer) => self.put(answer.into(), is_last).await,
            Err(cause) => self.put(Response::from(cause), is_last).await,
        }
    }

    /// Whether nothing that follows a request could be read as another one.
    fn must_end_with(&mut self, request: &Request) -> bool {
        let is_waiting = self.is_in_body() && request.head().expect();
        let is_stream = self.codec.message_type() == MessageType::Stream;
        is_waiting || is_stream || (self.codec.upgrade() && !self.decline(request))
    }

    /// Declines to change the protocol, which the encoder would repeat in its answer: its memory of the request is replaced
    /// by that of one without the offer. False where there is a body to remember, or too old a version.
    fn decline(&mut self, request: &Request) -> bool {
        if self.is_in_body() || request.version() != Version::HTTP_11 {
            return false;
        }
        let method = if request.method() == Method::HEAD { "HEAD" } else { "GET" };
        let plain = format!("{method} / HTTP/1.1\r\nhost: x\r\n\r\n");
        self.codec.decode(&mut BytesMut::from(plain.as_bytes())).is_ok()
    }

    fn is_in_body(&self) -> bool {
        self.codec.message_type() != MessageType::None
    }

    async fn refuse(&mut self, status: StatusCode) -> io::Result<()> {
        self.put::<BoxBody>(Response::new(status), true).await
    }

    /// Appends an answer to what is to be sent.
    async fn put<B: MessageBody>(&mut self, mut answer: Response<B>, is_last: bool) -> io::Result<()> {
        if is_last || self.worker.crowd().is_ending() {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        if self.unsent.is_empty() {
            self.unsent = self.worker.write_buffer();
        }
        let (head, body) = answer.into_parts();
        let mut body = pin!(body);
        self.codec.encode(Message::Item((head, body.size())), &mut self.unsent)?;
        self.is_over = !self.codec.keep_alive();
        while let Some(part) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            let part = part.map_err(|cause| io::Error::other(cause.into().to_string()))?;
            self.codec.encode(Message::Chunk(Some(part)), &mut self.unsent)?;
            self.flush_if_long().await?;
        }
        self.codec.encode(Message::Chunk(None), &mut self.unsent)?;
        self.flush_if_long().await
    }

    /// Sends what there is to send, and waits for more of the peer.
    async fn receive(&mut self) -> io::Result<()> {
        self.flush().await?;
        if self.received.is_empty() {
            // It would keep the buffer that it is a part of.
            self.received = BytesMut::new();
        }
        if self.received.len() >= HEAD_BYTES {
            let is_in_target = !self.received.contains(&b'\n');
            let too_long = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return self.refuse(if is_in_target { StatusCode::URI_TOO_LONG } else { too_long }).await;
        }
        self.is_over = poll_fn(|cx| self.poll_read(cx)).await? == 0;
        Ok(())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let room = HEAD_BYTES - self.received.len();
        let mut buffer = self.worker.read_buffer();
        let read = pin!(self.tcp.read_buf(&mut (&mut *buffer).limit(room))).poll(cx);
        if read.is_pending() {
            drop(buffer);
            return self.poll_late(cx).map(Err);
        }
        // Where nothing is left of before, this copies nothing.
        self.received.unsplit(buffer.split());
        read
    }

    /// Ready with an error once the peer has kept the server waiting for too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.deadline.poll_over(cx).map(|()| ErrorKind::TimedOut.into())
    }

    async fn flush_if_long(&mut self) -> io::Result<()> {
        if self.unsent.len() >= UNSENT_BYTES {
            self.flush().await?;
            // Others have waited for as many answers.
            yield_now().await;
        }
        Ok(())
    }

    /// Sends all that there is to send.
    async fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.tcp.try_write(&self.unsent) {
                Ok(bytes) => self.sent(bytes),
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                    let _waiting = self.worker.crowd().wait_for_peer();
                    poll_fn(|cx| self.poll_writable(cx)).await?;
                }
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }

    fn sent(&mut self, bytes: usize) {
        self.deadline.restart();
        if bytes < self.unsent.len() {
            self.unsent.advance(bytes);
        } else {
            self.worker.keep_write_buffer(std::mem::take(&mut self.unsent));
        }
    }

    fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let writable = self.tcp.poll_write_ready(cx);
        if writable.is_pending() { self.poll_late(cx).map(Err) } else { writable }
    }

    /// Closes this side, and then receives and forgets until the peer has closed its own or [`LINGER`] is over: a socket
    /// that is closed with bytes unread sends a reset, and a reset may overtake the last answer (RFC 9112, section 9.6).
    async fn linger(mut self) {
        let closing = async {
            self.tcp.shutdown().await?;
            while self.tcp.read_buf(&mut self.received).await? > 0 {
                self.received.clear();
            }
            io::Result::Ok(())
        };
        // Whoever is gone, or goes on sending, has had its answer.
        let _ = timeout(LINGER, closing).await;
    }
}

/// The decoder itself sees to it that there is one.
fn has_right_host(request: &Request) -> bool {
    let host = request.head().headers.get(HOST);
    host.is_none_or(|host| hello_server::is_host(host.as_bytes()))
}
