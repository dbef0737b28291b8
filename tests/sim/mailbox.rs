//! What must be true of messages, whatever happens: delivered is what was sent, in the order of each sender, once.

use std::collections::{BTreeMap, BTreeSet};

use rejoin::event::{Message, MessageEvent};
use rejoin::protocol::Reader;
use rejoin::protocol::messages::Envelope;

use crate::oracle::Broken;

/// Messages on the server's disk, by number.
pub type Durable = BTreeMap<u64, Vec<u8>>;

/// Remembers what users wrote, heard and were told.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// Messages reported `saved`.
    saved: BTreeSet<String>,
    /// Messages whose author was told that this device cannot save them.
    unsaved: BTreeSet<String>,
    /// Messages reported `sent`.
    sent: BTreeSet<String>,
    seats: BTreeMap<usize, Seat>,
    pub written: u64,
}

/// One run of a tab.
#[derive(Debug, Default)]
struct Seat {
    /// Messages written in this run.
    written: Vec<String>,
    /// Numbers and messages heard, in order.
    heard: Vec<(u64, String)>,
}

impl Mailbox {
    /// A tab was opened.
    pub fn started(&mut self, host: usize) {
        self.seats.insert(host, Seat::default());
    }

    pub fn wrote(&mut self, host: usize, data: String) {
        self.written += 1;
        self.seats.entry(host).or_default().written.push(data);
    }

    pub fn told_saved(&mut self, host: usize) {
        self.saved.extend(self.seats.entry(host).or_default().written.iter().cloned());
    }

    pub fn told_unavailable(&mut self, host: usize) {
        self.unsaved.extend(self.seats.entry(host).or_default().written.iter().cloned());
    }

    /// A tab heard something.
    pub fn heard(
        &mut self,
        host: usize,
        event: MessageEvent,
        durable: &Durable,
    ) -> Result<(), Broken> {
        match event {
            MessageEvent::Received { reset, messages, .. } => {
                let seat = self.seats.entry(host).or_default();
                if reset {
                    seat.heard.clear();
                }
                messages.into_iter().try_for_each(|message| hear(host, seat, message, durable))
            }
            MessageEvent::Sent { id, seq } => match read(durable, seq) {
                Some((stored, data)) if stored == id => {
                    self.sent.insert(data);
                    Ok(())
                }
                _ => {
                    Err(format!("M1: host {host} was told that {id} is stored; the disk lacks it"))
                }
            },
            MessageEvent::State { recovered: Some(false), .. } => {
                Err(format!("M4: host {host} was told that messages are lost; none are"))
            }
            MessageEvent::Refused { id, problem } => {
                Err(format!("M2: {id} of host {host} was refused: {problem:?}"))
            }
            _ => Ok(()),
        }
    }

    /// After healing everything promised is on the server, once and in order, and every tab has heard it.
    pub fn check_end(&self, durable: &Durable) -> Result<(), Broken> {
        let log: Vec<(u64, String)> = durable
            .keys()
            .map(|seq| (*seq, read(durable, *seq).map(|(_, data)| data).unwrap_or_default()))
            .collect();
        let there: BTreeSet<&String> = log.iter().map(|(_, data)| data).collect();
        if there.len() < log.len() {
            return Err(format!("M2: the server has messages twice: {log:?}"));
        }
        let lost: Vec<&String> =
            self.saved.union(&self.sent).filter(|data| !there.contains(*data)).collect();
        if !lost.is_empty() {
            return Err(format!("M2: promised messages are lost: {lost:?}"));
        }
        self.check_order(&log)?;
        for (host, seat) in &self.seats {
            let first = seat.heard.first().map_or(0, |(seq, _)| *seq);
            let expected: Vec<_> = log.iter().filter(|(seq, _)| *seq >= first).collect();
            if seat.heard.iter().collect::<Vec<_>>() != expected {
                return Err(format!("M3: host {host} heard {:?} of {expected:?}", seat.heard));
            }
        }
        Ok(())
    }

    /// Each sender's messages are in the order they were written. What could not be saved may come late: its author's
    /// next run does not know of it.
    fn check_order(&self, log: &[(u64, String)]) -> Result<(), Broken> {
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for (_, data) in log.iter().filter(|(_, data)| !self.unsaved.contains(data)) {
            let (sender, number) = sender(data);
            if last.insert(sender.clone(), number).is_some_and(|before| before > number) {
                return Err(format!("M2: messages of {sender} are out of order: {log:?}"));
            }
        }
        Ok(())
    }
}

/// What a host writes: JSON, unique, with its place in the host's order.
pub fn draft(host: usize, number: u64) -> String {
    format!("[{host},{number}]")
}

fn sender(data: &str) -> (String, u64) {
    let (host, number) = data.trim_matches(['[', ']']).split_once(',').expect("a draft");
    (host.to_owned(), number.parse().expect("a number"))
}

/// What is heard is on the server's disk, and follows what was heard before.
fn hear(host: usize, seat: &mut Seat, message: Message, durable: &Durable) -> Result<(), Broken> {
    let Message { seq, id, data, .. } = message;
    if read(durable, seq) != Some((id, data.clone())) {
        return Err(format!("M1: host {host} heard {data} before it was stored"));
    }
    if seat.heard.last().is_some_and(|(last, _)| *last + 1 != seq) {
        return Err(format!("M3: host {host} heard {seq} after {:?}", seat.heard.last()));
    }
    seat.heard.push((seq, data));
    Ok(())
}

fn read(durable: &Durable, seq: u64) -> Option<(String, String)> {
    let envelope = Envelope::read(&mut Reader::new(durable.get(&seq)?)).ok()?;
    Some((envelope.id.to_owned(), envelope.data.to_owned()))
}
