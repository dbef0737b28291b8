//! Writing JSON text piece by piece, and how deep it goes.

#[cfg(feature = "documents")]
mod depth;

pub mod halves;

use serde::Serialize;
use serde_json::Value;

#[cfg(feature = "documents")]
pub use depth::depth;

/// A JSON text in the making. Commas come by themselves.
#[derive(Debug, Default)]
pub struct JsonText {
    bytes: Vec<u8>,
}

impl JsonText {
    /// The text of a finished value.
    pub fn finish(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_default()
    }

    /// An object; `members` writes into it.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.begin(b'{');
        members(self);
        self.bytes.push(b'}');
    }

    /// An array; `items` writes into it.
    pub fn list(&mut self, items: impl FnOnce(&mut Self)) {
        self.begin(b'[');
        items(self);
        self.bytes.push(b']');
    }

    /// A member that is an array of what `item` writes for each of `items`.
    pub fn array<T>(&mut self, name: &str, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.key(name);
        self.list(|json| items.iter().for_each(|value| item(json, value)));
    }

    /// A member that is a text.
    pub fn word(&mut self, name: &str, text: &str) {
        self.key(name);
        self.text(text);
    }

    /// A member that is a whole number.
    pub fn count(&mut self, name: &str, number: u64) {
        self.key(name);
        self.number(number);
    }

    /// The name of a member; its value follows.
    pub fn key(&mut self, name: &str) {
        self.text(name);
        self.bytes.push(b':');
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.serialize(text);
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) {
        self.serialize(&number);
    }

    /// `true` or `false`.
    pub fn flag(&mut self, flag: bool) {
        self.serialize(&flag);
    }

    /// `null`.
    pub fn null(&mut self) {
        self.serialize(&());
    }

    /// What `write` writes of a value, or `null` where there is none.
    pub fn or_null<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// Any value.
    pub fn value(&mut self, value: &Value) {
        self.serialize(value);
    }

    /// Writing to memory does not fail.
    fn serialize<T: Serialize + ?Sized>(&mut self, value: &T) {
        self.separate();
        serde_json::to_writer(&mut self.bytes, value).ok();
    }

    fn begin(&mut self, bracket: u8) {
        self.separate();
        self.bytes.push(bracket);
    }

    /// A value never ends in one of these bytes, so one that does not follow them follows a value.
    fn separate(&mut self) {
        if !matches!(self.bytes.last(), None | Some(b'{' | b'[' | b':')) {
            self.bytes.push(b',');
        }
    }
}

/// The text of a value. Unlike `to_string`, which brings a second writer of JSON along.
pub fn text_of(value: &Value) -> String {
    let mut json = JsonText::default();
    json.value(value);
    json.finish()
}

/// A text in quotes, for messages. As JSON: how Rust shows one takes tables of Unicode.
pub fn quoted(text: &str) -> String {
    let mut json = JsonText::default();
    json.text(text);
    json.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_parted_by_commas_and_brackets_in_strings_do_no_harm() {
        let mut json = JsonText::default();
        json.object(|json| {
            json.array("a{", &["x[", ":", "\"", ""], |json, text| json.text(text));
            json.key("b");
            json.object(|_| {});
            json.array::<u64>("c", &[], |json, number| json.number(*number));
            json.key("d");
            json.value(&json!({"k": [1.5, null]}));
            json.key("e");
            json.flag(true);
            json.key("f");
            json.null();
            json.count("g", 7);
            json.word("h", "i");
        });
        assert_eq!(
            json.finish(),
            r#"{"a{":["x[",":","\"",""],"b":{},"c":[],"d":{"k":[1.5,null]},"e":true,"f":null,"g":7,"h":"i"}"#
        );
    }
}
