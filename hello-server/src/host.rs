//! The form of a Host field, which most frameworks leave to their user.

/// Whether a Host field has the form of RFC 9110, section 7.2: `uri-host [ ":" port ]` of RFC 3986, sections 3.2.2 and 3.2.3. What stands between the brackets of an IP literal is
/// not looked at further: nobody resolves it here.
pub fn is_host(value: &[u8]) -> bool {
    let (is_name, after) = match value.strip_prefix(b"[") {
        Some(literal) => {
            let end = literal.iter().position(|byte| *byte == b']');
            let inside = &literal[..end.unwrap_or_default()];
            let is_literal = inside.iter().all(|byte| is_name_byte(*byte) || *byte == b':');
            (is_literal && !inside.is_empty(), end.map_or(literal, |end| &literal[end + 1..]))
        }
        None => {
            let end = value.iter().position(|byte| *byte == b':').unwrap_or(value.len());
            (value[..end].iter().all(|byte| is_name_byte(*byte)), &value[end..])
        }
    };
    let is_port = match after {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_name && is_port
}

/// `reg-name`: unreserved, sub-delims, and the `%` of an escape.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte)
}

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
