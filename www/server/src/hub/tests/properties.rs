//! Whatever members and the disk do.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A member types, and sends it.
    Type { who: usize, at: u32, text: String },
    /// A member deletes, and sends it.
    Delete { who: usize, at: u32 },
    /// A member takes the next frame off its socket.
    Receive { who: usize },
    /// The disk does its next task.
    Commit,
    /// A member's link is lost, with all that was on it, and it comes back.
    Reconnect { who: usize },
    /// The server is killed: memory and the disk's unfinished tasks are gone. It comes back.
    Crash,
    /// Time passes.
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let who = || 0..3_usize;
    prop_oneof![
        5 => (who(), 0..40_u32, "[a-zé語]{1,3}").prop_map(|(who, at, text)| Event::Type { who, at, text }),
        2 => (who(), 0..40_u32).prop_map(|(who, at)| Event::Delete { who, at }),
        8 => who().prop_map(|who| Event::Receive { who }),
        5 => Just(Event::Commit),
        1 => who().prop_map(|who| Event::Reconnect { who }),
        1 => Just(Event::Crash),
        1 => (1..3_000_u64).prop_map(Event::Wait),
    ]
}

/// Three stock clients around a hub.
struct Story {
    world: World,
    config: HubConfig,
    docs: Vec<Doc>,
    links: Vec<MemberId>,
    inboxes: BTreeMap<MemberId, VecDeque<Vec<u8>>>,
    joined: u64,
}

impl Story {
    fn new(config: HubConfig) -> Self {
        let docs = (1..=3).map(client).collect();
        let world = World::with(config.clone());
        let mut story = Self {
            world,
            config,
            docs,
            links: vec![MemberId(0); 3],
            inboxes: BTreeMap::new(),
            joined: 0,
        };
        (0..3).for_each(|who| story.connect(who));
        story
    }

    fn play(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Type { who, at, text } => {
                let at = at.min(self.length(who));
                let update = type_at(&self.docs[who], at, &text);
                self.send(who, encode::update(&update));
            }
            Event::Delete { who, at } if at < self.length(who) => {
                let update = delete_at(&self.docs[who], at, 1);
                self.send(who, encode::update(&update));
            }
            Event::Delete { .. } => {}
            Event::Receive { who } => self.receive(who),
            Event::Commit => drop(self.world.disk_step()),
            Event::Reconnect { who } => {
                let member = self.links[who];
                self.world.input(HubInput::Leave { member });
                self.connect(who);
            }
            Event::Crash => self.crash(),
            Event::Wait(millis) => {
                self.world.now += millis;
                self.world.input(HubInput::Timeout);
            }
        }
        self.collect()
    }

    /// Everything that waits happens, until nothing does.
    fn finish(&mut self) -> Result<(), String> {
        for _ in 0..50 {
            self.world.settle();
            self.world.pass(2_000);
            self.collect()?;
            for who in 0..3 {
                while self.inboxes.get(&self.links[who]).is_some_and(|inbox| !inbox.is_empty()) {
                    self.receive(who);
                }
            }
            self.collect()?;
        }
        Ok(())
    }

    fn connect(&mut self, who: usize) {
        self.joined += 1;
        let member = MemberId(self.joined);
        self.links[who] = member;
        self.world.input(HubInput::Join {
            member,
            room: RoomName::from(ROOM),
            permission: Permission::Write,
        });
        let question = encode::sync_step_1(&state_vector(&self.docs[who]));
        self.send(who, question);
    }

    fn crash(&mut self) {
        let records = std::mem::take(&mut self.world.disk.records);
        let now = self.world.now;
        self.world = World::with(self.config.clone());
        self.world.disk.records = records;
        self.world.now = now;
        (0..3).for_each(|who| self.connect(who));
    }

    fn send(&mut self, who: usize, frame: Vec<u8>) {
        self.world.frame(self.links[who], frame);
    }

    /// Takes what the hub sent; fails if any of it shows what the disk does not have.
    fn collect(&mut self) -> Result<(), String> {
        let stored = self.world.stored().transact().state_vector();
        for (member, frames) in std::mem::take(&mut self.world.got) {
            for frame in frames {
                shows_only(&frame, &stored)?;
                self.inboxes.entry(member).or_default().push_back(frame);
            }
        }
        Ok(())
    }

    fn receive(&mut self, who: usize) {
        let Some(frame) = self.inboxes.get_mut(&self.links[who]).and_then(VecDeque::pop_front)
        else {
            return;
        };
        for message in messages(&frame) {
            match message {
                Message::SyncStep1(theirs) => {
                    let missing = diff(&self.docs[who], theirs);
                    self.send(who, encode::sync_step_2(&missing));
                }
                Message::SyncStep2(update) | Message::Update(update) => {
                    apply(&self.docs[who], update)
                }
                _ => {}
            }
        }
    }

    fn length(&self, who: usize) -> u32 {
        let doc = &self.docs[who];
        let text = doc.get_or_insert_text("text");
        text.len(&doc.transact())
    }
}

fn shows_only(frame: &[u8], stored: &StateVector) -> Result<(), String> {
    for message in messages(frame) {
        let shown = match message {
            Message::SyncStep1(vector) => StateVector::decode_v1(vector).expect("a state vector"),
            Message::SyncStep2(update) | Message::Update(update) => {
                Update::decode_v1(update).expect("an update").state_vector()
            }
            _ => continue,
        };
        if let Some((client, clock)) =
            shown.iter().find(|(client, clock)| stored.get(client) < **clock)
        {
            return Err(format!("{client:?} at {clock} was shown before it was stored"));
        }
    }
    Ok(())
}

fn run(config: HubConfig, events: Vec<Event>) -> Result<Story, String> {
    let mut story = Story::new(config);
    for event in events {
        story.play(event)?;
    }
    story.finish()?;
    Ok(story)
}

fn small() -> HubConfig {
    HubConfig { compact_records: 10, ..HubConfig::default() }
}

/// The same cases in each run; `PROPTEST_CASES` asks for more, `PROPTEST_RNG_SEED` for others.
fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|value: String| value.parse().ok());
    ProptestConfig {
        cases: number("PROPTEST_CASES").map_or(200, |cases| cases as u32),
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(1)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn members_and_the_disk_agree_and_nothing_was_shown_before_it_was_stored(
        events in vec(event(), 1..120)
    ) {
        let story = run(small(), events).map_err(TestCaseError::fail)?;
        let expected = text_of(&story.world.stored());
        for doc in &story.docs {
            prop_assert_eq!(text_of(doc), expected.clone());
        }
        prop_assert!(story.world.closed.is_empty());
    }

    #[test]
    fn garbage_never_panics_and_reaches_nobody(
        frames in vec(vec(any::<u8>(), 0..60), 1..30),
        kind in 0..4_u8,
    ) {
        let mut world = World::new();
        let (mallory, bob) = (world.join(1), world.join(2));
        world.got.clear();
        for mut frame in frames {
            let length = frame.len() as u8;
            let head = if kind < 3 { vec![0, kind, length] } else { vec![1, length] };
            frame.splice(0..0, head);
            world.say(mallory, frame);
        }
        let heard = world.take(bob);
        let shown = client(13);
        updates(&heard).iter().for_each(|update| apply(&shown, update));
        prop_assert!(people(&heard).is_empty());
        let update = type_at(&client(11), 0, "hi");
        world.say(bob, encode::update(&update));
        prop_assert!(world.take(bob).contains(&encode::update(&update)), "the room goes on");
    }

    #[test]
    fn a_damaged_frame_never_hurts_the_room(
        place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut world = World::new();
        let (alice, bob, doc) = (world.join(1), world.join(2), client(11));
        world.say(alice, encode::update(&type_at(&doc, 0, "hello")));
        let mut frame = encode::update(&type_at(&doc, 5, " world"));
        let at = place.index(frame.len());
        frame[at] = byte;
        frame.truncate(cut.index(frame.len() + 1));
        world.say(alice, frame);
        let shown = client(12);
        updates(&world.take(bob)).iter().for_each(|update| apply(&shown, update));
        prop_assert_eq!(text_of(&shown), text_of(&world.stored()), "what is shown is what is stored");
    }
}

#[test]
fn the_check_notices_a_server_that_shows_before_it_stores() {
    let broken = Broken { show_before_commit: true, ..Broken::default() };
    let events = vec![Event::Commit, Event::Type { who: 0, at: 0, text: "a".to_owned() }];
    assert!(run(small(), events.clone()).is_ok());
    assert!(run(HubConfig { broken, ..small() }, events).is_err());
}
