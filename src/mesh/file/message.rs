//! What two peers say about files on the control channel.

use serde_json::Value;

use super::FileInfo;
use crate::json::JsonText;

/// Longest hash taken, in bytes of text.
const MAX_HASH: usize = 64;

/// A message about a transfer, by the number that its sender gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileMessage {
    /// The sender has a file.
    Offer {
        /// Number.
        id: u32,
        /// What it is.
        info: FileInfo,
    },
    /// The receiver wants it.
    Take {
        /// Number.
        id: u32,
        /// From this byte on.
        from: u64,
        /// Hash of what it has already.
        hash: String,
    },
    /// The sender has sent all.
    End {
        /// Number.
        id: u32,
        /// Hash of the whole file.
        hash: String,
    },
    /// The receiver has all, and it is what was sent.
    Got {
        /// Number.
        id: u32,
    },
    /// One side ends it.
    Stop {
        /// Number.
        id: u32,
        /// Whether it is the speaker's file.
        mine: bool,
        /// Whether the receiver did not want it at all.
        rejected: bool,
    },
}

impl FileMessage {
    /// Its sender ends a transfer.
    pub fn withdrawal(id: u32) -> Self {
        Self::Stop { id, mine: true, rejected: false }
    }

    /// Writes the members of its object.
    pub fn write(&self, json: &mut JsonText) {
        let (kind, id) = match self {
            Self::Offer { id, .. } => ("file", id),
            Self::Take { id, .. } => ("take", id),
            Self::End { id, .. } => ("end", id),
            Self::Got { id } => ("got", id),
            Self::Stop { id, .. } => ("stop", id),
        };
        json.word("t", kind);
        json.count("id", (*id).into());
        match self {
            Self::Offer { info, .. } => {
                json.word("name", &info.name);
                json.count("size", info.size);
                json.word("mime", &info.mime);
            }
            Self::Take { from, hash, .. } => {
                json.count("from", *from);
                json.word("hash", hash);
            }
            Self::End { hash, .. } => json.word("hash", hash),
            Self::Got { .. } => {}
            Self::Stop { mine, rejected, .. } => {
                json.key("mine");
                json.flag(*mine);
                json.key("rejected");
                json.flag(*rejected);
            }
        }
    }

    /// Reads a message of this kind: `None` for what makes no sense.
    pub fn read(kind: &str, json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
        let hash = || text("hash").filter(|hash| hash.len() <= MAX_HASH);
        let flag = |name: &str| json.get(name).and_then(Value::as_bool).unwrap_or(false);
        let id = u32::try_from(json.get("id")?.as_u64()?).ok()?;
        match kind {
            "file" => {
                let size = json.get("size")?.as_u64()?;
                let info = FileInfo { name: text("name")?, size, mime: text("mime")? };
                info.is_sensible().then_some(Self::Offer { id, info })
            }
            "take" => Some(Self::Take { id, from: json.get("from")?.as_u64()?, hash: hash()? }),
            "end" => Some(Self::End { id, hash: hash()? }),
            "got" => Some(Self::Got { id }),
            "stop" => Some(Self::Stop { id, mine: flag("mine"), rejected: flag("rejected") }),
            _ => None,
        }
    }
}
