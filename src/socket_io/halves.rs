//! JSON whose texts were cut in the middle of a character: JavaScript writes such a half as an escape, serde refuses it.

use serde_json::{Result, Value, from_str};

/// Reads JSON; a half of a character without the other one is read as U+FFFD.
pub(super) fn parse(json: &str) -> Result<Value> {
    from_str(json).or_else(|_| from_str(&mended(json)))
}

fn mended(json: &str) -> String {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        mended.push_str(before);
        let (length, lone) = measure(escape);
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        mended.push('\\');
        mended.push_str(if lone { "ufffd" } else { escape });
        rest = after;
    }
    mended.push_str(rest);
    mended
}

/// Length of what follows a backslash and belongs to it, and whether that is half a character.
fn measure(escape: &str) -> (usize, bool) {
    let Some(first) = half(escape) else {
        return (escape.chars().next().map_or(0, char::len_utf8), false);
    };
    let next = escape.get(5..).and_then(|next| next.strip_prefix('\\')).and_then(half);
    let is_pair = first < 0xdc00 && next.is_some_and(|next| next >= 0xdc00);
    if is_pair { (11, false) } else { (5, true) }
}

fn half(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| (0xd800..0xe000).contains(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_alone_are_replaced_and_nothing_else() {
        for (json, expected) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""a\uDE00b""#, r#""a\ufffdb""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\n""#, r#""\ufffd\n""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\u00e9\"é""#, r#""\u00e9\"é""#),
            (r#""\é\ud8"#, r#""\é\ud8"#),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(mended(json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        assert!(parse(r#""\ud8""#).is_err());
        assert_eq!(parse(r#"["\ud83d"]"#).ok(), Some(serde_json::json!(["\u{fffd}"])));
    }
}
