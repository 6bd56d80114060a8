//! The form of a Host field, which most frameworks leave to their user.

/// Whether a Host field has the form of RFC 9110, section 7.2: `uri-host [ ":" port ]` of RFC 3986, sections 3.2.2 and
/// 3.2.3. What stands between the brackets of an IP literal is not looked at further: nobody resolves it here.
pub fn is_host(value: &[u8]) -> bool {
    let after = match value.strip_prefix(b"[") {
        Some(literal) => after_literal(literal),
        None => Some(&value[name_bytes(value)..]),
    };
    match after {
        Some([b':', digits @ ..]) => digits.iter().all(u8::is_ascii_digit),
        Some(rest) => rest.is_empty(),
        None => false,
    }
}

/// What comes after the bracket that ends an IP literal; `None` where there is none, or nothing, within.
fn after_literal(literal: &[u8]) -> Option<&[u8]> {
    let end = literal.iter().position(|byte| !(is_name_byte(*byte) || *byte == b':'))?;
    (end > 0 && literal[end] == b']').then(|| &literal[end + 1..])
}

/// How many bytes from the first on are those of a name.
fn name_bytes(value: &[u8]) -> usize {
    value.iter().position(|byte| !is_name_byte(*byte)).unwrap_or(value.len())
}

fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES[usize::from(byte)]
}

/// Whether a byte may stand in a `reg-name`: unreserved, sub-delims, and the `%` of an escape.
const NAME_BYTES: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        bytes[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~')
            || matches!(byte as u8, b'!' | b'$' | b'&'..=b'*' | b'+' | b',' | b';' | b'=' | b'%');
        byte += 1;
    }
    bytes
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_a_port() {
        for right in ["", "a", "a.b:80", "a:", "127.0.0.1", "[::1]", "[::1]:80", "[v1.x]:1", "x%20y", "a_b"] {
            assert!(is_host(right.as_bytes()), "{right}");
        }
        for wrong in ["a b", "a/b", "a:b", "a:1:2", "[::1", "[]", "[::1]x", "a@b", "a?b", "\u{e9}"] {
            assert!(!is_host(wrong.as_bytes()), "{wrong}");
        }
    }
}
