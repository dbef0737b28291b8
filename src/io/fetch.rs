//! One HTTP request whose answer is read piece by piece (Fetch §5, Streams §4).

/// One HTTP request. Another attempt is a new id; inputs of an old id are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub u32);

/// What a request reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchInput {
    /// The answer's head. The body waits for [`FetchOutput::Read`].
    Response {
        /// HTTP status.
        status: u16,
        /// The readable headers, names in lower case.
        headers: Vec<(String, String)>,
    },
    /// One piece of the body, asked for by [`FetchOutput::Read`].
    Chunk(Vec<u8>),
    /// The body ended as it should.
    End,
    /// No answer, or one that broke off.
    Failed {
        /// The browser's words; they tell little, and nothing across origins.
        message: String,
    },
}

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchOutput {
    /// Send it. Method, body and credentials are those the app gave for `source`, if it gave any.
    Open {
        /// Number of the stream or room that asks.
        source: u32,
        /// `http:` or `https:` URL.
        url: String,
        /// Headers on top of the app's.
        headers: Vec<(String, String)>,
    },
    /// Send a request of the core's own, with cookies as a WebSocket handshake has them: a `GET`, or with a body a `POST`.
    Send {
        /// `http:` or `https:` URL.
        url: String,
        /// Headers.
        headers: Vec<(String, String)>,
        /// Body of a `POST`.
        body: Option<Vec<u8>>,
        /// Whether it is to arrive also when the page goes away now; then its answer does not matter.
        outlives: bool,
    },
    /// Read one piece of the body: nothing is read unasked, which is the backpressure.
    Read,
    /// Stop it and forget it; nothing of it is heard any more.
    Abort,
}
