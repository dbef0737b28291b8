//! JSON whose texts were cut in the middle of a character: JavaScript writes such a half as an escape, serde refuses it.

use serde_json::{Result, Value, from_str};

/// The least second half of a character (UTF-16).
const SECOND: u16 = 0xdc00;

/// Reads JSON; a half of a character without the other one is read as U+FFFD.
pub fn parse(json: &str) -> Result<Value> {
    from_str(json).or_else(|_| from_str(&mended(json, None)))
}

/// Texts of JSON that follow each other, such as the pieces of an answer.
#[derive(Clone, Debug, Default)]
pub struct Halves {
    /// The escape that the last one ended with, if it is the first half of a character.
    first: String,
}

impl Halves {
    /// The next one. A character that was cut is whole in the one that has its end.
    pub fn mend(&mut self, json: &str) -> String {
        mended(json, Some(&mut self.first))
    }
}

fn mended(json: &str, mut kept: Option<&mut String>) -> String {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        mended.push_str(before);
        let (length, lone) = measure(escape);
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        if let Some(half) = lone {
            mended.push_str(&stand_in(half, escape, kept.as_deref_mut()));
        } else {
            mended.push('\\');
            mended.push_str(escape);
        }
        rest = after;
    }
    mended.push_str(rest);
    mended
}

/// What stands for a half alone: nothing for a first one where the second may follow, and both there.
fn stand_in(half: u16, escape: &str, kept: Option<&mut String>) -> String {
    match kept {
        Some(first) if half < SECOND => {
            *first = ["\\", escape].concat();
            String::new()
        }
        Some(first) if !first.is_empty() => [&std::mem::take(first), "\\", escape].concat(),
        _ => "\\ufffd".to_owned(),
    }
}

/// Length of what follows a backslash and belongs to it, and the half of a character that it is without the other one.
fn measure(escape: &str) -> (usize, Option<u16>) {
    let Some(first) = half(escape) else {
        return (escape.chars().next().map_or(0, char::len_utf8), None);
    };
    let next = escape.get(5..).and_then(|next| next.strip_prefix('\\')).and_then(half);
    let is_pair = first < SECOND && next.is_some_and(|next| next >= SECOND);
    if is_pair { (11, None) } else { (5, Some(first)) }
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
            assert_eq!(mended(json, None), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        assert!(parse(r#""\ud8""#).is_err());
        assert_eq!(parse(r#"["\ud83d"]"#).ok(), Some(serde_json::json!(["\u{fffd}"])));
    }
}
