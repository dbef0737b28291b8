//! How deep JSON goes: clients walk through what others send.

/// Whether a JSON text has more than `levels` lists and objects inside of each other.
pub(super) fn is_deeper(json: &str, levels: usize) -> bool {
    let mut depth = 0_usize;
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > levels {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn levels_are_lists_and_objects_inside_of_each_other() {
        assert!(!is_deeper(&nested(64), 64));
        assert!(is_deeper(&nested(65), 64));
        assert!(is_deeper(&format!(r#"{{"a":{}}}"#, nested(64)), 64));
        assert!(!is_deeper(&format!("[{}]", vec![nested(63); 100].join(",")), 64));
    }

    #[test]
    fn brackets_in_words_are_none() {
        assert!(!is_deeper(r#"["[[[", "\"[[[\\", {"[": 1}]"#, 2));
        assert!(is_deeper(r#"["\\", [[1]]]"#, 2));
    }
}
