//! The rules of HTML §9.2.6 on the whole text at once, as plainly as they can be said.

use super::vectors::Heard;

/// What a stream says that is given whole.
pub(crate) fn read(bytes: &[u8]) -> Heard {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What follows the last line end is not a line.
    lines.pop();
    let mut heard = Heard::default();
    let (mut data, mut event, mut id) = (Vec::new(), String::new(), String::new());
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" if line.is_empty() => {
                heard.id.clone_from(&id);
                if !data.is_empty() {
                    let name = if event.is_empty() { "message" } else { event.as_str() };
                    heard.events.push((name.to_owned(), data.join("\n"), id.clone()));
                }
                data.clear();
                event.clear();
            }
            "data" => data.push(value),
            "event" => event = value.to_owned(),
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                heard.retry.push(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }
    heard
}
