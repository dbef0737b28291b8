use super::*;

/// A tunnel with a clock, and what it asked for.
struct Rig {
    tunnel: Tunnel,
    now: u64,
    last_id: u32,
    requests: Vec<(FetchId, FetchOutput)>,
    told: Vec<SocketInput>,
}

impl Rig {
    fn open() -> Self {
        let mut last_id = 0;
        let terms = Terms { rng: &mut Rng::with_seed(1), max_frame: 1_000 };
        let url = "wss://server/room?v=1".to_owned();
        let tunnel = Tunnel::open(Instant::default(), &mut last_id, terms, url, Some("secret"));
        let mut rig = Self { tunnel, now: 0, last_id, requests: Vec::new(), told: Vec::new() };
        rig.drain();
        rig
    }

    fn opened() -> Self {
        let mut rig = Self::open();
        rig.stream(b"event:open\ndata:name\n\n");
        rig.requests.clear();
        rig
    }

    fn drain(&mut self) {
        while let Some(output) = self.tunnel.poll_output() {
            match output {
                TunnelOutput::Fetch(id, output) => self.requests.push((id, output)),
                TunnelOutput::Socket(input) => self.told.push(input),
            }
        }
    }

    fn hear(&mut self, fetch: FetchId, input: FetchInput) {
        let now = Instant::from_millis(self.now);
        self.tunnel.handle_fetch(now, &mut self.last_id, fetch, input);
        self.drain();
    }

    fn down(&self) -> FetchId {
        self.tunnel.down.fetch().expect("a request for events")
    }

    fn status(&mut self, fetch: FetchId, status: u16) {
        let kind = ("content-type".to_owned(), "text/event-stream; charset=utf-8".to_owned());
        let wait = ("retry-after".to_owned(), "2".to_owned());
        self.hear(fetch, FetchInput::Response { status, headers: vec![kind, wait] });
    }

    fn stream(&mut self, bytes: &[u8]) {
        self.status(self.down(), 200);
        self.hear(self.down(), FetchInput::Chunk(bytes.to_vec()));
    }

    fn send(&mut self, frame: &[u8]) {
        self.tunnel.send(Instant::from_millis(self.now), &mut self.last_id, frame.to_vec());
        self.drain();
    }

    /// Lets time pass until the next deadline; how long that took.
    fn pass(&mut self) -> u64 {
        let due = self.tunnel.poll_timeout().expect("a deadline").at.as_millis();
        let wait = due.saturating_sub(self.now);
        self.now = due;
        self.tunnel.handle_timeout(Instant::from_millis(due), &mut self.last_id);
        self.drain();
        wait
    }

    /// Lets time pass until the stream is asked for again, while `upload` is under way.
    fn down_or_wait(&mut self, upload: FetchId) -> FetchId {
        let before = self.tunnel.down.fetch();
        while self.tunnel.down.fetch().is_none() || self.tunnel.down.fetch() == before {
            self.pass();
            assert_eq!(self.tunnel.up.flight(), Some(upload));
        }
        self.down()
    }

    fn urls(&self) -> Vec<&str> {
        let sent = self.requests.iter().filter_map(|(_, output)| match output {
            FetchOutput::Send { url, .. } => Some(url.as_str()),
            _ => None,
        });
        sent.collect()
    }

    fn closed(&self) -> Option<u16> {
        match self.told.last() {
            Some(SocketInput::Closed { code, .. }) => Some(*code),
            _ => None,
        }
    }
}

#[test]
fn the_token_opens_the_session_and_its_name_stands_for_it_from_then_on() {
    let mut rig = Rig::open();
    let Some((_, FetchOutput::Send { url, headers, body, .. })) = rig.requests.first() else {
        panic!("no request")
    };
    assert_eq!((url.as_str(), body), ("https://server/room?v=1&tunnel=new", &None));
    assert!(headers.contains(&("authorization".to_owned(), "Bearer secret".to_owned())));
    rig.stream(b"event:open\ndata:name\n\n");
    assert!(matches!(rig.told[..], [SocketInput::Opened { .. }]));
    rig.requests.clear();
    rig.send(b"a");
    let (_, FetchOutput::Send { url, headers, .. }) = &rig.requests[0] else {
        panic!("no request")
    };
    assert_eq!((url.as_str(), headers.len()), ("https://server/room?v=1&tunnel=name", 0));
}

#[test]
fn what_a_proxy_keeps_back_is_asked_for_answer_by_answer() {
    let mut rig = Rig::open();
    assert_eq!(rig.pass(), STREAM_PATIENCE);
    let poll = "https://server/room?v=1&tunnel=new&poll=1";
    assert_eq!(rig.urls().last(), Some(&poll));
    rig.stream(b"event:open\ndata:n\n\n");
    rig.requests.clear();
    rig.hear(rig.down(), FetchInput::End);
    assert_eq!(rig.urls(), ["https://server/room?v=1&tunnel=n&poll=1"]);
}

#[test]
fn answers_that_end_empty_at_once_are_not_asked_for_in_a_loop() {
    let mut rig = Rig::opened();
    rig.hear(rig.down(), FetchInput::End);
    let mut asked = 0;
    while rig.now < 20_000 {
        rig.status(rig.down(), 200);
        rig.hear(rig.down(), FetchInput::End);
        asked += 1;
        rig.pass();
    }
    assert!((10..=60).contains(&asked), "{asked} requests in 20 s");
}

#[test]
fn a_refused_opening_tells_the_status_and_a_lost_session_the_code() {
    let mut rig = Rig::open();
    rig.status(rig.down(), 401);
    let shown = Shown::Everything;
    let refused = SocketInput::HttpStatus { status: 401, retry_after: Some(2_000), shown };
    assert_eq!(rig.told, [refused]);
    for (status, code) in [(410, 1_006), (401, 4_401), (403, 4_403), (413, 1_009), (409, 1_002)] {
        let mut rig = Rig::opened();
        rig.send(b"a");
        rig.status(rig.tunnel.up.flight().expect("a request"), status);
        assert_eq!(rig.closed(), Some(code), "{status}");
        assert!(rig.tunnel.is_over() && rig.tunnel.poll_timeout().is_none());
    }
}

#[test]
fn html_instead_of_events_is_no_tunnel() {
    let mut rig = Rig::open();
    let kind = ("content-type".to_owned(), "text/html".to_owned());
    rig.hear(rig.down(), FetchInput::Response { status: 200, headers: vec![kind] });
    let shown = Shown::Everything;
    let refused = SocketInput::HttpStatus { status: 200, retry_after: None, shown };
    assert_eq!(rig.told, [refused]);
}

#[test]
fn what_makes_no_sense_ends_it() {
    for nonsense in [
        "id:2\ndata:YQ==\n\n".to_owned(),
        "id:1\ndata:***\n\n".to_owned(),
        format!("id:1\ndata:{}", "A".repeat(3_000)),
    ] {
        let mut rig = Rig::opened();
        rig.hear(rig.down(), FetchInput::Chunk(nonsense.into_bytes()));
        assert_eq!(rig.closed(), Some(1_002));
    }
}

#[test]
fn an_event_without_an_id_or_of_the_future_is_skipped() {
    let mut rig = Rig::opened();
    let events = b"data:YQ==\n\nevent:new\ndata:x\n\nid:1\ndata:YQ==\n\n";
    rig.hear(rig.down(), FetchInput::Chunk(events.to_vec()));
    assert_eq!(rig.told.last(), Some(&SocketInput::Frame(b"a".to_vec())));
}

#[test]
fn the_end_that_the_server_announces_has_its_code() {
    let mut rig = Rig::opened();
    rig.hear(
        rig.down(),
        FetchInput::Chunk(b"event:close\ndata:1012 the server restarts\n\n".to_vec()),
    );
    let reason = "the server restarts".to_owned();
    assert_eq!(rig.told.last(), Some(&SocketInput::Closed { code: 1012, reason, clean: true }));
}

#[test]
fn a_ping_is_answered_though_there_is_nothing_to_send() {
    let mut rig = Rig::opened();
    rig.hear(rig.down(), FetchInput::Chunk(b"event:ping\ndata\n\n".to_vec()));
    let Some((_, FetchOutput::Send { body: Some(body), .. })) = rig.requests.last() else {
        panic!("no answer: {:?}", rig.requests)
    };
    assert_eq!(body::Body::decode(body).map(|body| body.items.len()), Ok(0));
}

#[test]
fn one_request_is_under_way_and_what_waits_goes_together() {
    let mut rig = Rig::opened();
    for frame in [b"a", b"b", b"c"] {
        rig.send(frame);
    }
    assert_eq!(rig.urls().len(), 1);
    rig.status(rig.tunnel.up.flight().expect("a request"), 204);
    let bodies = rig.requests.iter().filter_map(|(_, output)| match output {
        FetchOutput::Send { body: Some(body), .. } => body::Body::decode(body).ok(),
        _ => None,
    });
    let shape: Vec<_> = bodies.map(|body| (body.first, body.items.len())).collect();
    assert_eq!(shape, [(1, 1), (2, 2)]);
}

#[test]
fn a_farewell_takes_along_what_waits_and_may_outlive_the_page() {
    let mut rig = Rig::opened();
    rig.send(b"a");
    rig.send(b"bye");
    rig.requests.clear();
    rig.tunnel.close(&mut rig.last_id, 4901, "");
    rig.drain();
    let Some((_, FetchOutput::Send { body: Some(body), outlives: true, .. })) = rig.requests.last()
    else {
        panic!("no farewell: {:?}", rig.requests)
    };
    let items = vec![
        body::Item::Frame(b"a"),
        body::Item::Frame(b"bye"),
        body::Item::Close { code: 4901, reason: "" },
    ];
    assert_eq!(body::Body::decode(body), Ok(body::Body { received: 0, first: 1, items }));
    assert!(rig.told.len() == 1 && rig.tunnel.is_over());
}

#[test]
fn a_silent_stream_is_asked_for_again_and_four_failures_in_a_row_end_it() {
    let mut rig = Rig::opened();
    assert_eq!(rig.pass(), 30_000);
    for _ in 0..3 {
        if rig.tunnel.down.fetch().is_none() {
            rig.pass();
        }
        rig.hear(rig.down(), FetchInput::Failed { message: String::new() });
    }
    assert_eq!(rig.closed(), Some(1_006));
    assert!(rig.now < 40_000, "{}", rig.now);
}

#[test]
fn a_large_frame_has_the_time_that_a_slow_line_takes() {
    let mut rig = Rig::opened();
    rig.stream(b":\n\n");
    rig.requests.clear();
    rig.send(&vec![0; 1_000_000]);
    let fetch = rig.requests.first().expect("a request").0;
    let mut left = Vec::new();
    for _ in 0..20 {
        rig.now += 10_000;
        rig.stream(b":\n\n");
        rig.tunnel.handle_timeout(Instant::from_millis(rig.now), &mut rig.last_id);
        rig.tunnel.measure(Instant::from_millis(rig.now));
        rig.drain();
        let Some(SocketInput::Buffered(bytes)) = rig.told.last() else { panic!("{:?}", rig.told) };
        left.push(*bytes);
    }
    assert!(left.is_sorted_by(|a, b| a > b), "{left:?}");
    rig.status(fetch, 204);
    rig.tunnel.measure(Instant::from_millis(rig.now));
    rig.drain();
    assert_eq!(rig.told.last(), Some(&SocketInput::Buffered(0)));
    let posts = rig
        .requests
        .iter()
        .filter(|(_, output)| matches!(output, FetchOutput::Send { body: Some(_), .. }));
    assert_eq!((posts.count(), rig.closed()), (1, None));
}

#[test]
fn a_request_that_takes_longer_than_the_slowest_line_is_made_again() {
    let mut rig = Rig::opened();
    rig.send(&[0; 40_000]);
    let began = rig.now;
    while rig.requests.iter().filter(|(_, output)| *output == FetchOutput::Abort).count() == 0 {
        rig.pass();
    }
    assert_eq!(rig.now - began, 15_000 + 10_000);
}

#[test]
fn an_upload_on_a_connection_that_died_goes_again_once_the_stream_is_back() {
    for dies in ["breaks off", "falls silent"] {
        let mut rig = Rig::opened();
        rig.send(&[7; 100_000]);
        let upload = rig.tunnel.up.flight().expect("an upload");
        if dies == "breaks off" {
            rig.hear(rig.down(), FetchInput::Failed { message: String::new() });
        }
        let first = rig.down_or_wait(upload);
        assert_ne!(first, upload);
        rig.requests.clear();
        rig.stream(b": hello\n\n");
        assert!(rig.requests.contains(&(upload, FetchOutput::Abort)), "it {dies}");
        assert_eq!(rig.tunnel.waiting_bytes(Instant::from_millis(rig.now)), 100_000);
        rig.requests.clear();
        rig.pass();
        let again = rig.tunnel.up.flight().expect("the upload again");
        assert!(again != upload && rig.urls() == ["https://server/room?v=1&tunnel=name"]);
        assert_eq!(rig.closed(), None);
    }
}

#[test]
fn an_upload_that_went_again_is_left_alone_however_often_the_stream_breaks_off() {
    let mut rig = Rig::opened();
    rig.send(&[7; 1_000_000]);
    let first = rig.tunnel.up.flight().expect("an upload");
    rig.hear(rig.down(), FetchInput::Failed { message: String::new() });
    rig.down_or_wait(first);
    rig.stream(b": hello\n\n");
    rig.pass();
    let again = rig.tunnel.up.flight().expect("the upload again");
    for _ in 0..8 {
        rig.now += 5_000;
        rig.hear(rig.down(), FetchInput::Failed { message: String::new() });
        rig.down_or_wait(again);
        rig.stream(b": hello\n\n");
        assert_eq!((rig.tunnel.up.flight(), rig.closed()), (Some(again), None));
    }
}

#[test]
fn an_upload_that_began_behind_the_loss_of_the_stream_goes_on() {
    let mut rig = Rig::opened();
    rig.now += 1;
    rig.hear(rig.down(), FetchInput::Failed { message: String::new() });
    rig.now += 1;
    rig.send(b"a");
    let upload = rig.tunnel.up.flight();
    rig.pass();
    rig.stream(b": hello\n\n");
    assert_eq!(rig.tunnel.up.flight(), upload);
}
