//! Meshes over servers of y-webrtc: among themselves, with a stock client played by hand, and with who means harm.

mod hostile;

use serde_json::{Value, json};

use super::Dialect;
use super::Window;
use crate::connection::Context;
use crate::io::{
    ChannelId, Channels, Environment, PeerConnectionId, PeerInput, PeerOutput, PeerState,
};
use crate::mesh::event::MeshEvent;
use crate::mesh::link::LinkState;
use crate::mesh::options::MeshOptions;
use crate::mesh::tests::world::World;
use crate::mesh::{Channel, Mesh, MeshAction};
use crate::time::Instant;

fn options(sealed: bool) -> MeshOptions {
    MeshOptions { dialect: Dialect::YWebrtc { sealed }, epoch: 1_000_000, ..MeshOptions::default() }
}

fn world(seed: u64, count: usize, sealed: bool) -> World {
    World::new(seed, count, &options(sealed))
}

#[test]
fn our_own_clients_link_whichever_comes_first_with_and_without_a_password() {
    for (seed, sealed) in [(1, false), (2, true), (3, false), (4, true)] {
        let mut world = world(seed, 3, sealed);
        for at in 0..3 {
            world.open(at, 1);
            world.run(2_000);
        }
        world.until(5_000, |w| w.are_up(0, 1) && w.are_up(1, 2) && w.are_up(0, 2));
        assert_eq!(world.connections_made, 6);
        world.send(0, 2, Channel::Message, b"hello");
        world.until(100, |world| world.pages[2].heard(Channel::Message) == [b"hello"]);
        assert!(world.pages.iter().all(|page| page.errors.is_empty()));
    }
}

#[test]
fn what_comes_by_several_servers_counts_once() {
    let mut world = world(5, 2, false);
    for (at, server) in [(0, 1), (0, 2), (1, 2), (1, 1)] {
        world.open(at, server);
    }
    world.until(5_000, |world| world.are_up(0, 1));
    let offers = |page: usize, kind: &str| {
        world.pages[page].published.iter().filter(|text| text.contains(kind)).count()
    };
    assert_eq!(offers(0, "\"offer\"") + offers(1, "\"offer\""), 1);
    assert_eq!(offers(0, "\"answer\"") + offers(1, "\"answer\""), 1);
}

#[test]
fn links_live_on_without_servers_and_a_newcomer_joins_once_one_is_back() {
    let mut world = world(6, 3, false);
    world.open(0, 1);
    world.open(1, 1);
    world.until(5_000, |world| world.are_up(0, 1));
    world.shut(1);
    world.run(60_000);
    assert!(world.are_up(0, 1));
    for at in 0..3 {
        world.open(at, 1);
    }
    world.until(5_000, |world| world.are_up(0, 2) && world.are_up(1, 2));
    assert!(world.are_up(0, 1));
    assert_eq!(world.connections_made, 6);
}

#[test]
fn who_has_another_password_is_told_of_once_and_tried_never() {
    let mut world = world(7, 2, true);
    world.pages[1].password = vec![2];
    for at in [0, 1, 0, 1] {
        world.open(at, 1);
        world.run(10_000);
    }
    assert_eq!(world.connections_made, 0);
    for page in &world.pages {
        assert_eq!(page.errors, ["E_FORBIDDEN"]);
        let published = page.published.len();
        assert!(published <= 4, "it answers what it cannot read: {published}");
    }
}

#[test]
fn one_with_and_one_without_a_password_are_told_so() {
    let sealed = options(true);
    let mut world = world(8, 2, false);
    world.replace(1, sealed);
    world.open(0, 1);
    world.open(1, 1);
    world.run(1_000);
    assert_eq!(world.pages[0].errors, ["E_FORBIDDEN"]);
    world.open(0, 1);
    world.run(1_000);
    assert_eq!(world.pages[1].errors, ["E_FORBIDDEN"]);
}

#[test]
fn a_page_that_dies_is_forgotten_and_called_no_more() {
    let mut world = world(9, 2, false);
    world.open(0, 1);
    world.open(1, 1);
    world.until(5_000, |world| world.are_up(0, 1));
    world.kill(1);
    world.until(80_000, |world| world.state(0, 1) == Some(LinkState::Gone));
    assert_eq!(world.network.open_connections(0), 0);
    let said = world.pages[0].published.len();
    world.run(120_000);
    assert!(world.pages[0].published.len() <= said + 2, "it goes on calling");
}

#[test]
fn a_long_blackhole_heals_on_the_same_connection_as_long_as_signaling_goes() {
    let mut world = world(10, 2, false);
    world.open(0, 1);
    world.open(1, 1);
    world.until(5_000, |world| world.are_up(0, 1));
    let connection = world.connection(0, 1);
    world.network.cut(0, 1);
    world.run(30_000);
    world.network.heal();
    world.until(20_000, |world| world.are_up(0, 1));
    assert_eq!(world.connection(0, 1), connection);
}

#[test]
fn who_leaves_is_gone_at_once_and_a_forged_goodbye_ends_no_link_that_works() {
    let mut world = world(11, 2, false);
    world.open(0, 1);
    world.open(1, 1);
    world.until(5_000, |world| world.are_up(0, 1));
    let name = world.pages[1].name.clone();
    let bye = json!({"type": "bye", "from": name, "x": {"v": 1, "inst": name}});
    world.publish(1, &published("r", &bye));
    world.run(1_000);
    assert!(world.are_up(0, 1));
    world.with(1, |mesh, cx| mesh.close(cx));
    world.until(100, |world| world.state(0, 1) == Some(LinkState::Gone));
}

#[test]
fn who_goes_before_there_is_a_link_is_not_waited_for() {
    let mut world = world(12, 2, false);
    world.open(0, 1);
    let gone = json!({"type": "announce", "from": "zz", "x": {"v": 1, "inst": "zz"}});
    world.publish(1, &published("r", &gone));
    world.until(5_000, |world| world.network.open_connections(0) == 1);
    let bye = json!({"type": "bye", "from": "zz", "x": {"v": 1, "inst": "zz"}});
    world.publish(1, &published("r", &bye));
    world.until(100, |world| world.network.open_connections(0) == 0);
}

#[test]
fn a_page_that_is_hidden_for_good_calls_nobody() {
    let mut world = world(13, 2, false);
    world.open(0, 1);
    world.open(1, 1);
    world.until(5_000, |world| world.are_up(0, 1));
    world.environment(1, Environment::PageHide { persisted: true });
    let said = world.pages[1].published.len();
    world.run(60_000);
    assert_eq!(world.pages[1].published.len(), said);
    world.shut(1);
    world.environment(1, Environment::PageShow { persisted: true });
    world.open(0, 1);
    world.open(1, 1);
    world.until(20_000, |world| world.are_up(0, 1));
}

#[test]
fn a_window_knows_what_has_come() {
    let mut window = Window::default();
    for (number, new) in [(1, true), (1, false), (3, true), (2, true), (2, false), (3, false)] {
        assert_eq!(window.is_new(number), new, "{number}");
    }
    assert!(window.is_new(100) && !window.is_new(100) && window.is_new(99) && !window.is_new(99));
    assert!(!window.is_new(3), "far behind");
    assert!(window.is_new(u64::MAX) && !window.is_new(0));
}

/// As a server of y-webrtc brings it.
fn published(room: &str, data: &Value) -> String {
    json!({"type": "publish", "topic": room, "data": data, "clients": 2}).to_string()
}

/// One mesh, and the browser and the servers played by hand.
struct Rig {
    now: u64,
    rng: fastrand::Rng,
    last_id: u32,
    mesh: Mesh,
    outputs: Vec<(u32, PeerOutput)>,
    said: Vec<Value>,
    states: Vec<(LinkState, Option<u32>)>,
    frames: Vec<Vec<u8>>,
    errors: Vec<&'static str>,
    peer: u32,
}

impl Rig {
    fn new() -> Self {
        Self::with_key(None)
    }

    fn with_key(key: Option<&str>) -> Self {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut last_id = 0;
        let options = MeshOptions {
            room: "r".into(),
            instance: Some("me".into()),
            key: key.map(str::to_owned),
            jitter: 0,
            ..options(false)
        };
        let mut cx = Context { now: Instant::default(), rng: &mut rng, last_id: &mut last_id };
        let mesh = Mesh::new(&mut cx, options);
        let mut rig = Self {
            now: 0,
            rng,
            last_id,
            mesh,
            outputs: Vec::new(),
            said: Vec::new(),
            states: Vec::new(),
            frames: Vec::new(),
            errors: Vec::new(),
            peer: 0,
        };
        rig.with(|mesh, cx| mesh.server_up(cx, 1));
        rig
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Mesh, &mut Context<'_>) -> T) -> T {
        let now = Instant::from_millis(self.now);
        let mut cx = Context { now, rng: &mut self.rng, last_id: &mut self.last_id };
        let result = act(&mut self.mesh, &mut cx);
        while let Some(action) = self.mesh.poll_action() {
            match action {
                MeshAction::Peer(id, output) => self.outputs.push((id.0, output)),
                MeshAction::Tell(MeshEvent::Publish { bytes, .. }) => {
                    let mut frame: Value = serde_json::from_slice(&bytes).unwrap();
                    self.said.push(frame["data"].take());
                }
                MeshAction::Tell(MeshEvent::Peer { peer, status, limit, .. }) => {
                    self.peer = peer;
                    self.states.push((status.state, limit));
                }
                MeshAction::Tell(MeshEvent::Frame { bytes, .. }) => self.frames.push(bytes),
                MeshAction::Tell(MeshEvent::Error(problem)) => {
                    self.errors.push(problem.code.as_str());
                }
                MeshAction::Tell(_) => {}
            }
        }
        result
    }

    fn hear(&mut self, data: &Value) {
        let text = published("r", data);
        self.with(|mesh, cx| mesh.handle_server(cx, 1, &text));
    }

    fn announce(&mut self, from: &str) {
        self.hear(&json!({"type": "announce", "from": from}));
    }

    fn signal(&mut self, from: &str, token: f64, signal: &Value) {
        self.hear(
            &json!({"type": "signal", "from": from, "to": "me", "token": token, "signal": signal}),
        );
    }

    fn offer(&mut self, from: &str, token: f64, fingerprint: &str) {
        let sdp = format!("a=ice-ufrag:x\na=fingerprint:sha-256 {fingerprint}\n");
        self.signal(from, token, &json!({"type": "offer", "sdp": sdp}));
    }

    fn feed(&mut self, input: PeerInput) {
        let id = PeerConnectionId(self.connection());
        self.with(|mesh, cx| mesh.handle_peer(cx, id, input));
    }

    fn done(&mut self, made: Option<&str>) {
        self.feed(PeerInput::Done(Ok(made.map(str::to_owned))));
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
        self.with(Mesh::handle_timeout);
    }

    /// Number of the last connection made.
    fn connection(&self) -> u32 {
        let made = |(_, output): &&(u32, PeerOutput)| matches!(output, PeerOutput::Create { .. });
        self.outputs.iter().rev().find(made).unwrap().0
    }

    fn created(&self) -> usize {
        self.outputs
            .iter()
            .filter(|(_, output)| matches!(output, PeerOutput::Create { .. }))
            .count()
    }

    fn label(&self) -> Option<String> {
        self.outputs.iter().rev().find_map(|(_, output)| match output {
            PeerOutput::Create { channels: Channels::InBand { label, .. }, .. } => {
                Some(label.clone())
            }
            _ => None,
        })?
    }

    fn state(&self) -> Option<LinkState> {
        self.states.last().map(|(state, _)| *state)
    }

    /// Answers the stock client's offer, as far as the browser does.
    fn answer(&mut self) {
        self.done(None);
        self.done(Some("v=0 answer"));
    }

    fn open(&mut self, channel: ChannelId) {
        self.feed(PeerInput::Opened { channel, max_message: 1_000 });
    }
}

#[test]
fn an_announcement_is_answered_by_an_offer_with_a_channel_as_simple_peer_makes_it() {
    let mut rig = Rig::new();
    rig.announce("u");
    let label = rig.label().unwrap();
    assert!(label.len() == 40 && label.bytes().all(|byte| byte.is_ascii_hexdigit()), "{label}");
    rig.feed(PeerInput::Needed);
    rig.done(Some("v=0 offer"));
    let offer = rig.said.last().unwrap();
    assert_eq!((&offer["to"], &offer["signal"]["type"]), (&json!("u"), &json!("offer")));
    let token = offer["token"].as_f64().unwrap();
    assert!((1_000_000.0..1_000_001.0).contains(&token), "{token}");
    rig.signal("u", 1.0, &json!({"type": "answer", "sdp": "v=0"}));
    rig.done(None);
    assert_eq!(rig.state(), Some(LinkState::Connecting));
    rig.open(ChannelId::OWN);
    assert_eq!(rig.states.last(), Some(&(LinkState::Up, Some(1_000))));
    rig.feed(PeerInput::Message { channel: ChannelId::OWN, bytes: vec![0, 0, 1, 0] });
    rig.feed(PeerInput::Message { channel: ChannelId::OWN, bytes: vec![] });
    assert_eq!(rig.frames, [[0, 0, 1, 0]]);
    let peer = rig.peer;
    rig.with(|mesh, cx| mesh.send(cx, peer, Channel::Sync, vec![7; 1_000])).unwrap();
    assert!(rig.outputs.iter().any(
        |(_, output)| matches!(output, PeerOutput::Send { bytes, .. } if *bytes == [7; 1_000])
    ));
    let error =
        rig.with(|mesh, cx| mesh.send(cx, peer, Channel::Sync, vec![7; 1_001])).unwrap_err();
    assert_eq!(error.code.as_str(), "E_PEER_LIMIT");
    let error = rig.with(|mesh, cx| mesh.send(cx, peer, Channel::Message, vec![7])).unwrap_err();
    assert_eq!(error.code.as_str(), "E_UNSUPPORTED");
}

#[test]
fn an_offer_is_answered_and_the_channel_of_the_other_side_is_used() {
    let mut rig = Rig::new();
    rig.offer("u", 5.0, "aa");
    assert_eq!(rig.label(), None);
    rig.answer();
    let answer = rig.said.last().unwrap();
    assert_eq!(answer["signal"], json!({"type": "answer", "sdp": "v=0 answer"}));
    rig.open(ChannelId::THEIRS);
    assert_eq!(rig.state(), Some(LinkState::Up));
    assert!(rig.with(|mesh, _| mesh.guests_up()) == ["u"]);
}

#[test]
fn of_two_offers_the_one_with_the_greater_token_stands() {
    let mut rig = Rig::new();
    rig.announce("u");
    rig.feed(PeerInput::Needed);
    rig.done(Some("v=0 offer"));
    rig.offer("u", 5.0, "aa");
    assert_eq!(rig.created(), 1, "ours is newer");
    rig.signal("u", 6.0, &json!({"type": "answer", "sdp": "v=0"}));
    rig.done(None);
    rig.open(ChannelId::OWN);
    assert_eq!(rig.state(), Some(LinkState::Connecting), "it listens to its own channel only");
    rig.open(ChannelId::THEIRS);
    assert_eq!(rig.state(), Some(LinkState::Up));

    let mut rig = Rig::new();
    rig.announce("u");
    rig.feed(PeerInput::Needed);
    rig.done(Some("v=0 offer"));
    rig.offer("u", 2_000_000.0, "aa");
    assert_eq!((rig.created(), rig.label()), (2, None), "theirs is newer");
    rig.answer();
    rig.open(ChannelId::THEIRS);
    assert_eq!(rig.state(), Some(LinkState::Up));
}

#[test]
fn a_new_connection_of_the_same_client_takes_the_place_of_the_old_one_and_a_restart_does_not() {
    let mut rig = Rig::new();
    rig.offer("u", 5.0, "aa");
    rig.answer();
    rig.open(ChannelId::THEIRS);
    rig.wait(60_000);
    rig.offer("u", 6.0, "aa");
    assert_eq!((rig.created(), rig.state()), (1, Some(LinkState::Up)));
    rig.answer();
    rig.offer("u", 7.0, "bb");
    assert_eq!((rig.created(), rig.state()), (2, Some(LinkState::Connecting)));
    rig.answer();
    rig.open(ChannelId::THEIRS);
    assert_eq!(rig.state(), Some(LinkState::Up));
}

#[test]
fn a_stock_client_that_falls_silent_is_suspect_then_gone_and_is_called_once() {
    let mut rig = Rig::new();
    rig.offer("u", 5.0, "aa");
    rig.answer();
    rig.open(ChannelId::THEIRS);
    rig.feed(PeerInput::State(PeerState::Disconnected));
    assert_eq!(rig.state(), Some(LinkState::Suspect));
    rig.feed(PeerInput::State(PeerState::Connected));
    assert_eq!(rig.state(), Some(LinkState::Up));
    rig.feed(PeerInput::State(PeerState::Failed));
    assert_eq!(rig.state(), Some(LinkState::Gone));
    let announced = |rig: &Rig| rig.said.iter().filter(|said| said["type"] == "announce").count();
    assert_eq!(announced(&rig), 1);
    rig.wait(5_000);
    rig.wait(60_000);
    assert_eq!(announced(&rig), 2);
    rig.announce("u");
    assert_eq!(rig.created(), 2, "it is there again");
}

#[test]
fn an_announcement_of_a_client_whose_link_is_suspect_begins_anew() {
    let mut rig = Rig::new();
    rig.offer("u", 5.0, "aa");
    rig.answer();
    rig.open(ChannelId::THEIRS);
    rig.announce("u");
    assert_eq!((rig.created(), rig.state()), (1, Some(LinkState::Up)));
    rig.feed(PeerInput::State(PeerState::Disconnected));
    rig.announce("u");
    assert_eq!((rig.created(), rig.state()), (2, Some(LinkState::Connecting)));
}

#[test]
fn in_a_room_with_a_key_stock_clients_get_no_link_and_that_is_told() {
    let mut rig = Rig::with_key(Some("key"));
    rig.announce("u");
    rig.offer("u", 5.0, "aa");
    assert_eq!((rig.created(), rig.errors.as_slice()), (0, &["E_FORBIDDEN"][..]));
}
