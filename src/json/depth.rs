//! How deep JSON goes: who reads it walks through what others send.

/// Most lists and objects inside of each other in a JSON text.
pub fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn levels_are_lists_and_objects_inside_of_each_other() {
        assert_eq!(depth(&nested(64)), 64);
        assert_eq!(depth(&format!(r#"{{"a":{}}}"#, nested(64))), 65);
        assert_eq!(depth(&format!("[{}]", vec![nested(63); 100].join(","))), 64);
    }

    #[test]
    fn brackets_in_words_are_none() {
        assert_eq!(depth(r#"["[[[", "\"[[[\\", {"[": 1}]"#), 2);
        assert_eq!(depth(r#"["\\", [[1]]]"#), 3);
        assert_eq!(depth(r#"{"a[[\"[":"]]}","b":[1]}"#), 2);
    }
}
