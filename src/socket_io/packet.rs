//! Packets of Socket.IO's protocol 5: `<kind>[<attachments>-][<namespace>,][<id>][<json>]`.

use serde_json::Value;

use crate::json::halves;

/// Largest number of an acknowledgement: what JavaScript counts exactly.
const MAX_ID: u64 = (1 << 53) - 1;
/// Names an event may not have: they are the client's own.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Joins a namespace, or says that it was joined.
    Connect,
    /// Leaves a namespace.
    Disconnect,
    /// Something happened.
    Event,
    /// Answers an event.
    Ack,
    /// A namespace may not be joined.
    ConnectError,
    /// An event with bytes.
    BinaryEvent,
    /// An answer with bytes.
    BinaryAck,
}

/// The text of one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it is for.
    pub kind: Kind,
    /// How many binary messages follow.
    pub attachments: usize,
    /// Its namespace; `/` is the main one.
    pub namespace: String,
    /// Number under which it is or wants to be answered.
    pub id: Option<u64>,
    /// JSON text.
    pub data: Option<String>,
}

/// Why something is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

impl Packet {
    /// A packet without attachments, number and data.
    pub fn new(kind: Kind, namespace: &str) -> Self {
        Self { kind, attachments: 0, namespace: namespace.to_owned(), id: None, data: None }
    }

    /// Its text.
    pub fn encode(&self) -> String {
        let mut text = String::from(self.kind.digit());
        if self.kind.is_binary() {
            text.push_str(&self.attachments.to_string());
            text.push('-');
        }
        if self.namespace != "/" {
            text.push_str(&self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            text.push_str(&id.to_string());
        }
        text.push_str(self.data.as_deref().unwrap_or_default());
        text
    }

    /// Reads a packet and checks that its data fit its kind.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(text: &str) -> Result<Self, Fault> {
        let mut chars = text.chars();
        let kind = chars.next().and_then(Kind::of).ok_or(Fault("of no known kind"))?;
        let mut rest = chars.as_str();
        let mut packet = Self::new(kind, "/");
        if kind.is_binary() {
            let (count, after) = rest.split_once('-').ok_or(Fault("without a count of bytes"))?;
            packet.attachments =
                number(count).and_then(|count| usize::try_from(count).ok()).ok_or(COUNT)?;
            rest = after;
        }
        if rest.starts_with('/') {
            // A namespace alone needs no comma.
            let (namespace, after) = rest.split_once(',').unwrap_or((rest, ""));
            packet.namespace = namespace.to_owned();
            rest = after;
        }
        let digits = rest.len() - rest.trim_start_matches(|char: char| char.is_ascii_digit()).len();
        let (id, data) = rest.split_at_checked(digits).unwrap_or(("", rest));
        if !id.is_empty() {
            packet.id = Some(number(id).ok_or(Fault("with an odd number"))?);
        }
        packet.data = (!data.is_empty()).then(|| data.to_owned());
        packet.check()?;
        Ok(packet)
    }

    fn check(&self) -> Result<(), Fault> {
        let data = match &self.data {
            Some(data) => Some(halves::parse(data).map_err(|_| Fault("that is no JSON"))?),
            None => None,
        };
        let fits = match (self.kind, &data) {
            (Kind::Connect, None | Some(Value::Object(_))) => true,
            (Kind::Disconnect, None) => true,
            (Kind::ConnectError, Some(Value::String(_) | Value::Object(_))) => true,
            (Kind::Event | Kind::BinaryEvent, Some(Value::Array(items))) => {
                items.first().is_some_and(is_name)
            }
            (Kind::Ack | Kind::BinaryAck, Some(Value::Array(_))) => self.id.is_some(),
            _ => false,
        };
        if !fits {
            return Err(Fault("whose data do not fit its kind"));
        }
        let most = if self.kind.is_binary() { self.attachments } else { 0 };
        let holes = data.as_ref().map_or(Ok(0), |data| holes(data, most, self.kind.is_binary()))?;
        if holes == most { Ok(()) } else { Err(Fault("whose bytes do not fit their places")) }
    }

    /// The last item of its data, if that is a text: where the server's memory of this session is.
    pub fn offset(&self) -> Option<String> {
        let data = halves::parse(self.data.as_deref()?).ok()?;
        let items = data.as_array()?;
        if items.len() < 2 {
            return None;
        }
        items.last()?.as_str().map(str::to_owned)
    }
}

const COUNT: Fault = Fault("with an odd count of bytes");

impl Kind {
    const ALL: [Self; 7] = [
        Self::Connect,
        Self::Disconnect,
        Self::Event,
        Self::Ack,
        Self::ConnectError,
        Self::BinaryEvent,
        Self::BinaryAck,
    ];

    fn of(digit: char) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.digit() == digit)
    }

    fn digit(self) -> char {
        match self {
            Self::Connect => '0',
            Self::Disconnect => '1',
            Self::Event => '2',
            Self::Ack => '3',
            Self::ConnectError => '4',
            Self::BinaryEvent => '5',
            Self::BinaryAck => '6',
        }
    }

    /// Whether binary messages follow.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }
}

/// An event's name: a text that is not reserved, or a number.
fn is_name(value: &Value) -> bool {
    match value {
        Value::String(name) => !RESERVED.contains(&name.as_str()),
        Value::Number(_) => true,
        _ => false,
    }
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number <= MAX_ID)
}

/// Counts the places for bytes; each has a number of its own below `most`, and text packets have none.
fn holes(data: &Value, most: usize, binary: bool) -> Result<usize, Fault> {
    let mut seen = vec![false; most.min(MOST_PLACES)];
    if binary {
        mark(data, &mut seen)?;
    }
    Ok(if seen.len() == most { seen.into_iter().filter(|seen| *seen).count() } else { usize::MAX })
}

/// More attachments than this are refused before they are counted.
pub const MOST_PLACES: usize = 1_024;

fn mark(value: &Value, seen: &mut [bool]) -> Result<(), Fault> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| mark(item, seen)),
        Value::Object(members) if members.get("_placeholder") == Some(&Value::Bool(true)) => {
            let number = members.get("num").and_then(Value::as_u64);
            let place = number.and_then(|number| seen.get_mut(usize::try_from(number).ok()?));
            let place = place.ok_or(Fault("with a place for bytes that do not come"))?;
            *place = true;
            Ok(())
        }
        Value::Object(members) => members.values().try_for_each(|member| mark(member, seen)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &str) -> Packet {
        Packet { data: Some(data.into()), ..Packet::new(Kind::Event, "/") }
    }

    #[test]
    fn packets_are_written_as_the_protocol_shows_them() {
        // The examples of the protocol's own page, in other words.
        let admin = |kind| Packet::new(kind, "/admin");
        for (packet, text) in [
            (Packet::new(Kind::Connect, "/"), "0"),
            (
                Packet { data: Some(r#"{"sid":"a"}"#.into()), ..admin(Kind::Connect) },
                r#"0/admin,{"sid":"a"}"#,
            ),
            (admin(Kind::Disconnect), "1/admin,"),
            (event(r#"["hello",1]"#), r#"2["hello",1]"#),
            (Packet { id: Some(456), ..event(r#"["x"]"#) }, r#"2456["x"]"#),
            (Packet { id: Some(13), data: Some("[]".into()), ..admin(Kind::Ack) }, "3/admin,13[]"),
            (
                Packet {
                    attachments: 1,
                    data: Some(r#"["b",{"_placeholder":true,"num":0}]"#.into()),
                    ..admin(Kind::BinaryEvent)
                },
                r#"51-/admin,["b",{"_placeholder":true,"num":0}]"#,
            ),
        ] {
            assert_eq!(packet.encode(), text);
            assert_eq!(Packet::decode(text), Ok(packet), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in [
            "",
            "7",
            "9[]",
            "x",
            "2",
            "2{}",
            "2[]",
            "2[{}]",
            "2[null]",
            r#"2["connect"]"#,
            r#"2["disconnect"]"#,
            r#"2["a""#,
            "3[]",
            "3{}",
            "31{}",
            "1[]",
            "0[]",
            "0\"x\"",
            "4",
            "45",
            "5",
            "5[]",
            "5-[]",
            "51[]",
            "5x-[]",
            r#"51-["a"]"#,
            r#"51-["a",{"_placeholder":true,"num":1}]"#,
            r#"51-["a",{"_placeholder":true}]"#,
            r#"52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
            r#"51-["a",{"_placeholder":true,"num":-1}]"#,
            r#"599999999999-["a"]"#,
            r#"299999999999999999999["a"]"#,
            "2é",
            "5é-[]",
            "2/é",
        ] {
            assert!(Packet::decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_with_half_a_character_is_taken_as_it_came() {
        let packet = event(r#"["m","\ud83d"]"#);
        assert_eq!(Packet::decode(r#"2["m","\ud83d"]"#), Ok(packet));
        assert_eq!(event(r#"["m","\ud83d","zz"]"#).offset(), Some("zz".into()));
    }

    #[test]
    fn a_namespace_alone_needs_no_comma_and_one_with_a_query_is_kept() {
        assert_eq!(Packet::decode("1/admin"), Ok(Packet::new(Kind::Disconnect, "/admin")));
        assert_eq!(Packet::decode("0/a?x=1,"), Ok(Packet::new(Kind::Connect, "/a?x=1")));
    }

    #[test]
    fn the_offset_is_the_last_item_if_it_is_a_text_and_not_the_name() {
        assert_eq!(event(r#"["a",1,"zz"]"#).offset(), Some("zz".into()));
        assert_eq!(event(r#"["a",1]"#).offset(), None);
        assert_eq!(event(r#"["a"]"#).offset(), None);
    }
}
