//! Two machines over a browser that refuses what WebRTC refuses, in random order.

use fastrand::Rng;

use super::*;

mod browser;

use browser::Browser;

/// A side: the machine, its browser, what it was asked to do, and what is on its way to it.
struct Side {
    machine: Negotiation,
    browser: Browser,
    running: Option<Operation>,
    inbox: VecDeque<Message>,
    failed: bool,
}

impl Side {
    fn new(role: Role, name: &'static str) -> Self {
        Self {
            machine: Negotiation::new(role),
            browser: Browser::new(name),
            running: None,
            inbox: VecDeque::new(),
            failed: false,
        }
    }
}

/// What the network does to signaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    Fair,
    Stormy,
}

struct World {
    rng: Rng,
    sides: [Side; 2],
    weather: Weather,
}

impl World {
    fn new(seed: u64, weather: Weather) -> Self {
        let sides = [Side::new(Role::Polite, "a"), Side::new(Role::Impolite, "b")];
        Self { rng: Rng::with_seed(seed), sides, weather }
    }

    fn drain(&mut self, at: usize) {
        while let Some(action) = self.sides[at].machine.poll_action() {
            match action {
                Action::Do(operation) => {
                    assert!(self.sides[at].running.is_none(), "one operation at a time");
                    self.sides[at].running = Some(operation);
                }
                Action::Send(message) => self.post(1 - at, message),
                Action::Failed(_) => self.sides[at].failed = true,
                Action::Foreign => panic!("nobody forges here"),
            }
        }
    }

    fn post(&mut self, to: usize, message: Message) {
        let copies = match self.weather {
            Weather::Fair => 1,
            Weather::Stormy => [0, 1, 1, 1, 2][self.rng.usize(..5)],
        };
        for _ in 0..copies {
            self.sides[to].inbox.push_back(message.clone());
        }
    }

    fn deliver(&mut self, to: usize) {
        let late = self.weather == Weather::Stormy && self.rng.u8(..4) == 0;
        let side = &mut self.sides[to];
        let at = if late && side.inbox.len() > 1 { self.rng.usize(..side.inbox.len()) } else { 0 };
        if let Some(message) = side.inbox.remove(at) {
            side.machine.handle_message(message);
        }
    }

    fn finish(&mut self, at: usize) {
        let side = &mut self.sides[at];
        let Some(operation) = side.running.take() else { return };
        let result = side.browser.perform(&operation);
        side.machine.handle_done(Ok(result));
        while let Some(candidate) = side.browser.found.pop_front() {
            side.machine.handle_candidate(candidate);
        }
    }

    fn step(&mut self) {
        let at = self.rng.usize(..2);
        match self.rng.u8(..12) {
            0 => self.sides[at].browser.want(),
            1 => self.sides[at].browser.restart(),
            2..6 => self.deliver(at),
            6 if self.weather == Weather::Stormy => self.sides[at].machine.repeat(),
            _ => self.finish(at),
        }
        self.settle(at);
    }

    /// `negotiationneeded` is told while nothing is pending.
    fn settle(&mut self, at: usize) {
        let side = &mut self.sides[at];
        if side.running.is_none() && side.browser.tells_needed() {
            side.machine.handle_needed();
        }
        self.drain(at);
    }

    /// Signaling works again: everything ends by itself.
    fn calm(&mut self) {
        self.weather = Weather::Fair;
        for _ in 0..40 {
            for _ in 0..200 {
                let busy = |side: &Side| side.running.is_some() || !side.inbox.is_empty();
                if !self.sides.iter().any(busy) {
                    break;
                }
                for at in 0..2 {
                    self.deliver(at);
                    self.settle(at);
                    self.finish(at);
                    self.settle(at);
                }
            }
            if self.sides.iter().all(|side| side.machine.is_settled() && side.browser.is_content())
            {
                return;
            }
            for at in 0..2 {
                self.sides[at].machine.repeat();
                self.settle(at);
            }
        }
    }

    fn check(&self, seed: u64) {
        let [a, b] = &self.sides;
        for side in [a, b] {
            assert!(!side.failed, "seed {seed}: given up");
            assert!(side.machine.is_settled(), "seed {seed}: {:?}", side.machine);
            assert!(side.browser.is_content(), "seed {seed}: {:?}", side.browser);
        }
        assert_eq!(a.browser.local(), b.browser.remote(), "seed {seed}");
        assert_eq!(b.browser.local(), a.browser.remote(), "seed {seed}");
        let (own, other) = a.machine.fingerprints().unwrap();
        assert_eq!((own, other), ("sha-256 a", "sha-256 b"));
    }
}

fn run(seed: u64, weather: Weather) -> World {
    let mut world = World::new(seed, weather);
    let at = world.rng.usize(..2);
    world.sides[at].browser.want();
    world.settle(at);
    for _ in 0..world.rng.usize(1..50) {
        world.step();
    }
    world.calm();
    world.check(seed);
    world
}

#[test]
fn a_hundred_thousand_orders_of_events_end_in_agreement_with_every_address_known() {
    for seed in 0..100_000 {
        let world = run(seed, Weather::Fair);
        for side in &world.sides {
            let other = &world.sides[usize::from(std::ptr::eq(side, &world.sides[0]))];
            assert!(other.browser.knows_addresses_of(&side.browser), "seed {seed}");
        }
    }
}

#[test]
fn a_hundred_thousand_more_with_lost_doubled_and_late_signaling_end_in_agreement_too() {
    for seed in 0..100_000 {
        run(seed, Weather::Stormy);
    }
}

fn pending_offer(machine: &mut Negotiation) {
    machine.handle_needed();
    assert_eq!(machine.poll_action(), Some(Action::Do(Operation::Offer)));
    machine.handle_done(Ok(Some("own".into())));
    assert!(matches!(machine.poll_action(), Some(Action::Send(Message::Offer { id: 1, .. }))));
}

#[test]
fn the_impolite_side_drops_a_colliding_offer_and_its_candidates() {
    let mut machine = Negotiation::new(Role::Impolite);
    pending_offer(&mut machine);
    let candidate = |ufrag: &str| Candidate {
        candidate: "c".into(),
        mid: None,
        line: None,
        ufrag: Some(ufrag.into()),
    };
    machine.handle_message(Message::Candidate(candidate("theirs")));
    machine.handle_message(Message::Offer { id: 1, sdp: "a=ice-ufrag:theirs\n".into() });
    assert_eq!(machine.poll_action(), None);
    machine.handle_message(Message::Answer { id: 1, sdp: "a=ice-ufrag:answer\n".into() });
    assert!(matches!(machine.poll_action(), Some(Action::Do(Operation::TakeAnswer(_)))));
    machine.handle_done(Ok(None));
    assert_eq!(machine.poll_action(), None, "the dropped offer's candidate is not added");
    machine.handle_message(Message::Candidate(candidate("answer")));
    assert!(matches!(machine.poll_action(), Some(Action::Do(Operation::AddCandidate(_)))));
}

#[test]
fn an_answer_to_another_offer_is_ignored() {
    let mut machine = Negotiation::new(Role::Polite);
    pending_offer(&mut machine);
    machine.handle_message(Message::Answer { id: 7, sdp: "forged".into() });
    assert_eq!(machine.poll_action(), None);
    assert!(machine.is_waiting());
}

#[test]
fn of_another_certificate_no_description_is_taken_even_if_it_waited_while_the_first_was() {
    let sdp = |name| format!("a=fingerprint:sha-256 {name}\n");
    let mut machine = Negotiation::new(Role::Polite);
    machine.handle_message(Message::Offer { id: 1, sdp: sdp("own") });
    assert!(matches!(machine.poll_action(), Some(Action::Do(Operation::TakeOffer(_)))));
    machine.handle_message(Message::Offer { id: 2, sdp: sdp("other") });
    machine.handle_done(Ok(None));
    machine.handle_done(Ok(Some("answer".into())));
    let after: Vec<Action> = std::iter::from_fn(|| machine.poll_action()).collect();
    let answer = Message::Answer { id: 1, sdp: "answer".into() };
    assert_eq!(after, [Action::Do(Operation::Answer), Action::Send(answer), Action::Foreign]);
    pending_offer(&mut machine);
    machine.handle_message(Message::Answer { id: 1, sdp: sdp("other") });
    assert_eq!(machine.poll_action(), None, "and it is told once");
    machine.handle_message(Message::Answer { id: 1, sdp: sdp("OWN") });
    assert!(matches!(machine.poll_action(), Some(Action::Do(Operation::TakeAnswer(_)))));
}

#[test]
fn an_offer_that_is_replayed_gets_the_same_answer_and_an_older_one_none() {
    let mut machine = Negotiation::new(Role::Polite);
    machine.handle_message(Message::Offer { id: 4, sdp: "offer".into() });
    assert!(matches!(machine.poll_action(), Some(Action::Do(Operation::TakeOffer(_)))));
    machine.handle_done(Ok(None));
    assert_eq!(machine.poll_action(), Some(Action::Do(Operation::Answer)));
    machine.handle_done(Ok(Some("answer".into())));
    let answer = Some(Action::Send(Message::Answer { id: 4, sdp: "answer".into() }));
    assert_eq!(machine.poll_action(), answer);
    for _ in 0..3 {
        machine.handle_message(Message::Offer { id: 4, sdp: "offer".into() });
        assert_eq!(machine.poll_action(), answer);
    }
    machine.handle_message(Message::Offer { id: 3, sdp: "older".into() });
    assert_eq!(machine.poll_action(), None);
}

#[test]
fn ten_thousand_candidates_cost_no_more_than_sixty_four_and_are_counted() {
    let mut machine = Negotiation::new(Role::Polite);
    for number in 0..10_000 {
        let candidate = format!("candidate:{number} ufrag x{number}");
        machine.handle_message(Message::Candidate(Candidate {
            candidate,
            mid: None,
            line: None,
            ufrag: None,
        }));
    }
    assert_eq!((machine.early.len(), machine.excess()), (64, 10_000 - 64));
}

#[test]
fn a_description_that_the_browser_refuses_three_times_ends_the_connection() {
    let mut machine = Negotiation::new(Role::Polite);
    for _ in 0..3 {
        machine.handle_message(Message::Offer { id: 1, sdp: "nonsense".into() });
        assert!(matches!(machine.poll_action(), Some(Action::Do(Operation::TakeOffer(_)))));
        machine.handle_done(Err("no".into()));
    }
    assert_eq!(machine.poll_action(), Some(Action::Failed("no".into())));
    machine.handle_message(Message::Offer { id: 2, sdp: "nonsense".into() });
    assert_eq!(machine.poll_action(), None, "and nothing more is tried");
}
