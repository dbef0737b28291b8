//! What a mesh tells the app.

use super::file::FileEvent;
use super::ice::IceReason;
use super::lane::Channel;
use super::link::{Blocked, LinkStatus};
use crate::io::Slot;
use crate::json::JsonText;
use crate::machine::AppEvent;
use crate::status::Problem;
use crate::time::WallClock;

/// One event of one mesh. In JSON `{ type, mesh, … }` with camelCase names.
#[derive(Clone, Debug, PartialEq)]
pub struct PeersEvent {
    /// Number of the mesh.
    pub mesh: u32,
    /// What happened.
    pub kind: MeshEvent,
}

/// What happened in a mesh.
#[derive(Clone, Debug, PartialEq)]
pub enum MeshEvent {
    /// Where a link stands has changed.
    Peer {
        /// Number of the peer.
        peer: u32,
        /// Its instance.
        instance: String,
        /// Who it is, in the server's words.
        user: Option<String>,
        /// Largest frame it takes, of a stock client of y-webrtc; 0 before there is a link.
        limit: Option<u32>,
        /// Where the link stands.
        status: LinkStatus,
    },
    /// Whom a peer has links with.
    Neighbours {
        /// Number of the peer.
        peer: u32,
        /// Their instances.
        instances: Vec<String>,
    },
    /// No connection comes about.
    Blocked {
        /// Number of the peer.
        peer: u32,
        /// Why.
        reason: Blocked,
    },
    /// A message came.
    Frame {
        /// Number of the peer.
        peer: u32,
        /// On this channel.
        channel: Channel,
        /// The message.
        bytes: Vec<u8>,
    },
    /// This text is to be sent over the room's socket.
    Signal(String),
    /// This is to be said by a server of y-webrtc, or by all that are open.
    Publish {
        /// Number of the server.
        server: Option<u32>,
        /// Whether it is to be encrypted; what `seal` makes of that is the text then.
        sealed: bool,
        /// The text, or what is to be encrypted.
        bytes: Vec<u8>,
    },
    /// A server of y-webrtc brought this, which is to be decrypted.
    Unseal {
        /// Number of the server.
        server: u32,
        /// Nonce and ciphertext.
        parts: [Vec<u8>; 2],
    },
    /// The app is to answer with ICE servers.
    Ice {
        /// Number of the question.
        request: u32,
        /// Why it is asked.
        reason: IceReason,
    },
    /// The peer has a track for this slot.
    Track {
        /// Number of the peer.
        peer: u32,
        /// Which.
        slot: Slot,
    },
    /// Something about a file.
    File(FileEvent),
    /// Something went wrong.
    Error(Problem),
}

impl AppEvent for PeersEvent {
    fn write(&self, json: &mut JsonText, _: WallClock) {
        json.object(|json| {
            json.word("type", self.kind.name());
            json.count("mesh", self.mesh.into());
            self.kind.write(json);
        });
    }

    fn attachments(&self) -> &[Vec<u8>] {
        match &self.kind {
            MeshEvent::Frame { bytes, .. }
            | MeshEvent::Publish { bytes, .. }
            | MeshEvent::File(FileEvent::Chunk { bytes, .. }) => std::slice::from_ref(bytes),
            MeshEvent::Unseal { parts, .. } => parts,
            _ => &[],
        }
    }
}

impl MeshEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Peer { .. } => "peer",
            Self::Neighbours { .. } => "neighbours",
            Self::Blocked { .. } => "blocked",
            Self::Frame { .. } => "frame",
            Self::Signal(_) => "signal",
            Self::Publish { .. } => "publish",
            Self::Unseal { .. } => "unseal",
            Self::Ice { .. } => "ice",
            Self::Track { .. } => "track",
            Self::File(FileEvent::Progress { .. }) => "file",
            Self::File(FileEvent::Want { .. }) => "want",
            Self::File(FileEvent::Chunk { .. }) => "chunk",
            Self::Error(_) => "error",
        }
    }

    fn write(&self, json: &mut JsonText) {
        match self {
            Self::Peer { peer, instance, user, limit, status } => {
                json.count("peer", (*peer).into());
                json.word("instance", instance);
                json.key("user");
                json.or_null(user.as_deref(), JsonText::text);
                json.key("limit");
                json.or_null(limit.map(u64::from), JsonText::number);
                status.write(json);
            }
            Self::Neighbours { peer, instances } => {
                json.count("peer", (*peer).into());
                json.array("instances", instances, |json, instance| json.text(instance));
            }
            Self::Blocked { peer, reason } => {
                json.count("peer", (*peer).into());
                json.word("reason", reason.name());
            }
            Self::Frame { peer, channel, .. } => {
                json.count("peer", (*peer).into());
                json.word("channel", channel.name());
            }
            Self::Signal(text) => json.word("text", text),
            Self::Publish { server, sealed, .. } => {
                json.key("server");
                json.or_null(server.map(u64::from), JsonText::number);
                json.key("sealed");
                json.flag(*sealed);
            }
            Self::Unseal { server, .. } => json.count("server", (*server).into()),
            Self::Ice { request, reason } => {
                json.count("request", (*request).into());
                json.word("reason", reason.name());
            }
            Self::Track { peer, slot } => {
                json.count("peer", (*peer).into());
                json.word("slot", slot.name());
            }
            Self::File(event) => event.write(json),
            Self::Error(problem) => problem.write(json),
        }
    }
}

impl FileEvent {
    fn write(&self, json: &mut JsonText) {
        match self {
            Self::Progress { transfer, peer, incoming, info, status, transferred, reason } => {
                json.count("transfer", (*transfer).into());
                json.count("peer", (*peer).into());
                json.word("direction", if *incoming { "in" } else { "out" });
                json.word("name", &info.name);
                json.count("size", info.size);
                json.word("mime", &info.mime);
                json.word("status", status.name());
                json.count("transferred", *transferred);
                json.key("reason");
                json.or_null(*reason, JsonText::text);
            }
            Self::Want { transfer, offset, length } => {
                json.count("transfer", (*transfer).into());
                json.count("offset", *offset);
                json.count("length", (*length).into());
            }
            Self::Chunk { transfer, offset, .. } => {
                json.count("transfer", (*transfer).into());
                json.count("offset", *offset);
            }
        }
    }
}

impl LinkStatus {
    fn write(&self, json: &mut JsonText) {
        json.word("state", self.state.name());
        json.key("path");
        let path = self.relayed.map(|relayed| if relayed { "relayed" } else { "direct" });
        json.or_null(path, JsonText::text);
        json.key("reason");
        json.or_null(self.reason, JsonText::text);
    }
}
