//! The end of a connection for which there is no room.

use std::io::Write;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::limits::LINGER;

/// What a connection beyond the limit gets.
const OVERLOADED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// So many may be read over at a time: fewer than the open files that are kept for the rest.
static LINGERING: Semaphore = Semaphore::const_new(16);

/// Answers a connection with 503 and ends it. What it sends is read over for up to [`LINGER`], so that the answer is not
/// lost to a reset; where many are turned away at once, it is for the first of them.
pub async fn turn_away(stream: TcpStream) {
    let Ok(mut stream) = stream.into_std() else { return };
    // There is room for this much in the buffer of a new socket; and who is turned away may be gone.
    let _ = stream.write_all(OVERLOADED);
    let Ok(_place) = LINGERING.try_acquire() else { return };
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let Ok(mut stream) = TcpStream::from_std(stream) else { return };
    let reading = async {
        let mut scratch = [0; 1024];
        while stream.read(&mut scratch).await.is_ok_and(|bytes| bytes > 0) {}
    };
    let _ = timeout(LINGER, reading).await;
}
