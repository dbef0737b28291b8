//! One browser `RTCPeerConnection` (WebRTC 1.0 §4) and its data channels.

/// One connection to one peer. Another try is a new id; inputs of an old id are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerConnectionId(pub u32);

/// One data channel of a connection: its negotiated id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u8);

impl ChannelId {
    /// The channel told in-band that this side made.
    pub const OWN: Self = Self(0);
    /// The first channel told in-band that the other side made.
    pub const THEIRS: Self = Self(1);
}

/// A place for one track over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// Sound.
    Microphone,
    /// Picture of the user.
    Camera,
    /// Picture of a screen or a window.
    Screen,
}

impl Slot {
    /// All of them, in the order in which connections have them.
    pub const ALL: [Self; 3] = [Self::Microphone, Self::Camera, Self::Screen];

    /// Its place in that order.
    pub fn place(self) -> usize {
        self as usize
    }

    /// The name in events and calls.
    pub fn name(self) -> &'static str {
        match self {
            Self::Microphone => "mic",
            Self::Camera => "camera",
            Self::Screen => "screen",
        }
    }
}

/// One network address proposed by a side (`RTCIceCandidateInit`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The candidate line.
    pub candidate: String,
    /// Media section by name.
    pub mid: Option<String>,
    /// Media section by place.
    pub line: Option<u16>,
    /// ICE user name of the description it belongs to, if the browser says it.
    pub ufrag: Option<String>,
}

/// What a browser does with descriptions: one at a time for each connection, answered by [`PeerInput::Done`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `setLocalDescription()` where nothing is pending: makes an offer.
    Offer,
    /// `setLocalDescription()` with an offer of the other side pending: makes an answer.
    Answer,
    /// `setRemoteDescription` with an offer. One's own pending offer is rolled back.
    TakeOffer(String),
    /// `setRemoteDescription` with an answer.
    TakeAnswer(String),
    /// `addIceCandidate`.
    AddCandidate(Candidate),
}

/// One ICE server (`RTCIceServer`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:`, `turn:` and `turns:` URLs.
    pub urls: Vec<String>,
    /// User name of a TURN server.
    pub username: Option<String>,
    /// Credential of a TURN server.
    pub credential: Option<String>,
}

/// How a connection is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerConfig {
    /// STUN and TURN servers.
    pub servers: Vec<IceServer>,
    /// Whether only relayed candidates may be used.
    pub relay_only: bool,
}

/// A data channel that both sides make by themselves with the same id (`negotiated: true`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPlan {
    /// Its id.
    pub id: ChannelId,
    /// Its label, for tools.
    pub label: &'static str,
    /// Whether what is lost is sent again, in order.
    pub reliable: bool,
    /// Bytes buffered by the browser below which [`PeerInput::Drained`] is told.
    pub low_water: u32,
}

/// The data channels of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Both sides make these by themselves.
    Negotiated(Vec<ChannelPlan>),
    /// Whoever makes one tells the other in-band (RFC 8832): reliable and in order. That of this side is
    /// [`ChannelId::OWN`], the first of the other side [`ChannelId::THEIRS`].
    InBand {
        /// Label of the one to make, if this side makes one.
        label: Option<String>,
        /// As of a [`ChannelPlan`].
        low_water: u32,
    },
}

/// Where a connection stands (`RTCPeerConnectionState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// On its way.
    Connecting,
    /// Both transports work.
    Connected,
    /// Nothing is heard; it may come back by itself.
    Disconnected,
    /// Nothing was heard for long; it may still come back.
    Failed,
    /// Over.
    Closed,
}

/// What a connection reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerInput {
    /// A description is to be exchanged (`negotiationneeded`).
    Needed,
    /// The operation ended: with the local description, if it made one, or in the browser's words.
    Done(Result<Option<String>, String>),
    /// A candidate of this side.
    Candidate(Candidate),
    /// A server could not be asked (`icecandidateerror`, WebRTC 1.0 §4.8.3).
    CandidateError {
        /// The server's URL.
        url: String,
        /// STUN error code, or 701 where the server was not reached.
        code: u16,
        /// The server's words.
        text: String,
    },
    /// The connection's state changed.
    State(PeerState),
    /// A channel is open.
    Opened {
        /// Which one.
        channel: ChannelId,
        /// Largest message the other side takes, in bytes.
        max_message: u32,
    },
    /// A message came.
    Message {
        /// On which channel.
        channel: ChannelId,
        /// What it holds.
        bytes: Vec<u8>,
    },
    /// The browser's buffer of a channel fell below its low water.
    Drained {
        /// Which channel.
        channel: ChannelId,
        /// Bytes still buffered.
        buffered: u32,
    },
    /// The browser did not take a message.
    Unsent {
        /// On which channel.
        channel: ChannelId,
        /// The message.
        bytes: Vec<u8>,
        /// Whether it is too large; else the buffer is full.
        too_large: bool,
    },
    /// A channel ended.
    ChannelClosed(ChannelId),
    /// The other side has a track for this slot; the driver keeps it.
    Track(Slot),
    /// Answer to [`PeerOutput::FindPath`]: whether the bytes go through a TURN server.
    Path {
        /// `true` through a server.
        relayed: bool,
    },
    /// The browser made no connection.
    Refused {
        /// Why.
        refusal: Refusal,
        /// What it said.
        words: String,
    },
    /// The browser took no other servers, and said so; the connection goes on with those it has.
    Unconfigured(String),
}

/// Why a browser makes no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There are too many.
    TooMany,
    /// It cannot make anything of the ICE servers (WebRTC 1.0 §4.4.1.6).
    Configuration,
    /// There is no such API, or no network.
    Unavailable,
}

/// What to do with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerOutput {
    /// Make it, with these channels.
    Create {
        /// Servers and policy.
        config: PeerConfig,
        /// Channels.
        channels: Channels,
    },
    /// Servers and policy from now on (`setConfiguration`).
    Configure(PeerConfig),
    /// Do this with descriptions.
    Do(Operation),
    /// The next offer restarts ICE.
    RestartIce,
    /// Send a message.
    Send {
        /// On which channel.
        channel: ChannelId,
        /// What it holds.
        bytes: Vec<u8>,
    },
    /// Send what the driver has for this slot, or nothing any more.
    Publish {
        /// Number of the mesh whose track it is.
        source: u32,
        /// Which.
        slot: Slot,
    },
    /// Tell whether the bytes go through a TURN server.
    FindPath,
    /// Close it and forget it.
    Close,
}
