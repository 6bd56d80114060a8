//! The body of a request, which nothing in the contract has a use for: it is found and thrown away.

/// The longest line of a chunk's size and extension, or of a trailer, in bytes.
const MAX_LINE_BYTES: usize = 1024;

/// What of a body has yet to come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Body {
    /// So many bytes; 0 when there is no body.
    Bytes(u64),
    /// Chunks (RFC 9112, 7.1).
    Chunks(Chunk),
}

/// What of the chunks comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Chunk {
    /// The line with the size of a chunk.
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The end of the line after a chunk.
    End,
    /// Trailers, until an empty line.
    Trailer,
}

/// The bytes are no chunks, and where the next request begins cannot be known.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Malformed;

impl Body {
    /// No body.
    pub(crate) const NONE: Self = Self::Bytes(0);

    /// Whether all of it has come.
    pub(crate) fn is_over(self) -> bool {
        self == Self::NONE
    }

    /// Skips what of `input` belongs to the body; how many bytes that is.
    pub(crate) fn skip(&mut self, input: &[u8]) -> Result<usize, Malformed> {
        let mut used = 0;
        while !self.is_over() && used < input.len() {
            let rest = &input[used..];
            let (bytes, next) = match *self {
                Self::Bytes(left) => {
                    let bytes = count(left, rest);
                    (bytes, Self::Bytes(left - bytes as u64))
                }
                Self::Chunks(chunk) => match chunk.step(rest)? {
                    Some(step) => step,
                    None => break,
                },
            };
            used += bytes;
            *self = next;
        }
        Ok(used)
    }
}

impl Chunk {
    /// How many bytes of `input` belong to this part, and what comes next; `None` when that takes more bytes.
    fn step(self, input: &[u8]) -> Result<Option<(usize, Body)>, Malformed> {
        let next = |bytes, next| Ok(Some((bytes, Body::Chunks(next))));
        match self {
            Self::Data(0) => next(0, Self::End),
            Self::Data(left) => {
                let bytes = count(left, input);
                next(bytes, Self::Data(left - bytes as u64))
            }
            Self::End => match input {
                [b'\r', b'\n', ..] => next(2, Self::Size),
                [b'\r'] => Ok(None),
                _ => Err(Malformed),
            },
            Self::Size => match line(input)? {
                Some(line) => next(line.len() + 2, size(line)?),
                None => Ok(None),
            },
            Self::Trailer => match line(input)? {
                Some([]) => Ok(Some((2, Body::NONE))),
                Some(line) => next(line.len() + 2, Self::Trailer),
                None => Ok(None),
            },
        }
    }
}

/// As many bytes as `left`, or as there are.
fn count(left: u64, input: &[u8]) -> usize {
    usize::try_from(left).map_or(input.len(), |left| left.min(input.len()))
}

/// The line at the front, without its CRLF. CR and LF stand nowhere else: a line that others would end elsewhere is none.
fn line(input: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let seen = &input[..input.len().min(MAX_LINE_BYTES)];
    match seen.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        Some(end) if seen[end..].starts_with(b"\r\n") => Ok(Some(&seen[..end])),
        Some(end) if end + 1 == seen.len() && seen[end] == b'\r' && seen.len() < MAX_LINE_BYTES => Ok(None),
        None if seen.len() < MAX_LINE_BYTES => Ok(None),
        _ => Err(Malformed),
    }
}

/// What follows a line with a chunk's size: hexadecimal digits, and perhaps an extension, which is ignored.
fn size(line: &[u8]) -> Result<Chunk, Malformed> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, extension) = line.split_at(end);
    let is_extension = matches!(extension.trim_ascii_start(), [] | [b';', ..]);
    let digits = str::from_utf8(digits).map_err(|_| Malformed)?;
    match u64::from_str_radix(digits, 16) {
        Ok(0) if is_extension => Ok(Chunk::Trailer),
        Ok(size) if is_extension => Ok(Chunk::Data(size)),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKS: Body = Body::Chunks(Chunk::Size);

    /// What is left after the body, when it comes in pieces of so many bytes.
    fn rest(mut body: Body, input: &[u8], piece: usize) -> Result<&[u8], Malformed> {
        let (mut used, mut come) = (0, 0);
        while !body.is_over() && come < input.len() {
            come = input.len().min(come + piece);
            used += body.skip(&input[used..come])?;
        }
        Ok(&input[used..])
    }

    #[test]
    fn a_body_ends_where_its_framing_says_however_it_is_cut() {
        let chunks = b"4\r\nabcd\r\nA;x=\"y\"\r\n0123456789\r\n0\r\na: b\r\n\r\nGET";
        for piece in 1..=chunks.len() {
            assert_eq!(rest(CHUNKS, chunks, piece), Ok(&b"GET"[..]), "{piece}");
            assert_eq!(rest(Body::Bytes(41), chunks, piece), Ok(&b"GET"[..]), "{piece}");
        }
        assert_eq!(rest(Body::NONE, b"GET", 3), Ok(&b"GET"[..]));
    }

    #[test]
    fn what_others_might_end_elsewhere_is_refused() {
        let long = [b"1;".as_slice(), &[b'x'; MAX_LINE_BYTES], b"\r\na\r\n0\r\n\r\n"].concat();
        let wrong: [&[u8]; 14] = [
            b"\r\n",
            b"+1\r\na\r\n",
            b"-1\r\n",
            b"0x1\r\na\r\n",
            b" 1\r\na\r\n",
            b"1 1\r\na\r\n",
            b"1\na\r\n",
            b"1;a\nb\r\na\r\n",
            b"1;a\rb\r\na\r\n",
            b"FFFFFFFFFFFFFFFFF0\r\n",
            b"1\r\nab\r\n",
            b"1\r\na0\r\n\r\n",
            b"0\r\na: b\n\r\n",
            &long,
        ];
        for input in wrong {
            for piece in [1, input.len()] {
                assert_eq!(rest(CHUNKS, input, piece), Err(Malformed), "{}", input.escape_ascii());
            }
        }
    }
}
