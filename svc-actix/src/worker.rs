//! What the connections of one worker share: buffers, the date, and who is connected.

use std::cell::{Cell, RefCell, RefMut};
use std::sync::Arc;
use std::time::Duration;

use actix_http::h1::Codec;
use actix_http::{KeepAlive, ServiceConfig};
use actix_web::web::BytesMut;

use crate::crowd::Crowd;

/// How much is read into before another buffer is taken. What is read stays a part of it until it is answered.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// The least room for a read.
const MIN_READ_BYTES: usize = 512;
/// A write buffer that has grown beyond this is not kept.
const MAX_WRITE_BUFFER_BYTES: usize = 16 * 1024;

/// A worker, while it has connections. An idle connection holds no buffer of its own.
pub(crate) struct Worker {
    config: ServiceConfig,
    crowd: Arc<Crowd>,
    read_buffer: RefCell<BytesMut>,
    write_buffer: Cell<BytesMut>,
}

impl Worker {
    /// Needs a runtime: the date is renewed in a task.
    pub(crate) fn new(crowd: Arc<Crowd>) -> Self {
        Self {
            config: ServiceConfig::new(KeepAlive::Os, Duration::ZERO, Duration::ZERO, false, None),
            crowd,
            read_buffer: RefCell::default(),
            write_buffer: Cell::default(),
        }
    }

    pub(crate) fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    pub(crate) fn codec(&self) -> Codec {
        Codec::new(self.config.clone())
    }

    /// A buffer with room for a read.
    pub(crate) fn read_buffer(&self) -> RefMut<'_, BytesMut> {
        let mut buffer = self.read_buffer.borrow_mut();
        if buffer.capacity() < MIN_READ_BYTES {
            *buffer = BytesMut::with_capacity(READ_BUFFER_BYTES);
        }
        buffer
    }

    /// The empty buffer that was kept, or else one without room.
    pub(crate) fn write_buffer(&self) -> BytesMut {
        self.write_buffer.take()
    }

    pub(crate) fn keep_write_buffer(&self, mut buffer: BytesMut) {
        buffer.clear();
        if buffer.capacity() <= MAX_WRITE_BUFFER_BYTES {
            self.write_buffer.set(buffer);
        }
    }
}
