//! What must be true of streams, whatever happens. It knows what the server said, and what the apps heard.

use std::collections::BTreeSet;

use rejoin::stream::parser::Message;

use super::server::{Event, Server};

/// What an app has heard of the server's events.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    /// Events by their number in the server's log.
    had: BTreeSet<usize>,
    /// The last one since the app opened the stream.
    last: Option<usize>,
    /// Those that the server forgot before.
    forgotten: BTreeSet<usize>,
}

#[derive(Debug, Default)]
pub struct Oracle {
    pub ears: Vec<Ear>,
    pub broken: Option<String>,
    pub heard: u64,
}

impl Oracle {
    /// Fails with a claim, if there is one.
    pub fn claim(&mut self, claim: Option<String>) {
        if let Some(claim) = claim {
            self.broken.get_or_insert(claim);
        }
    }

    pub fn fail(&mut self, claim: String) {
        self.claim(Some(claim));
    }

    /// An app opens its stream: what a server tells a newcomer it may have had before.
    pub fn opened(&mut self, stream: usize) {
        self.ears[stream].last = None;
    }

    /// The server has forgotten something.
    pub fn forgotten(&mut self, server: &Server) {
        for ear in &mut self.ears {
            let gone = (0..server.kept_from).filter(|event| !ear.had.contains(event));
            let gone: Vec<usize> = gone.collect();
            ear.forgotten.extend(gone);
        }
    }

    /// E1: whole, as it was said. E2: once, and in order. E3: with nothing missing before it that the server still knew.
    pub fn heard(&mut self, stream: usize, server: &Server, message: &Message) {
        self.heard += 1;
        let number = message.data.split('\n').next().and_then(|word| word.parse().ok());
        let said = number.and_then(|number: usize| Some((number, server.log.get(number)?)));
        let Some((number, _)) = said.filter(|(_, event)| is_same(event, message)) else {
            return self.fail(format!("E1: stream {stream} told {message:?}, which nobody said"));
        };
        let ear = &mut self.ears[stream];
        if ear.last.is_some_and(|last| number <= last) || ear.had.contains(&number) {
            let last = ear.last;
            return self.fail(format!("E2: stream {stream} told event {number} behind {last:?}"));
        }
        let from = ear.last.map_or(0, |last| last + 1);
        if let Some(missing) = (from..number).find(|event| ear.lacks(*event, server)) {
            return self.fail(format!("E3: stream {stream} told event {number} without {missing}"));
        }
        ear.last = Some(number);
        ear.had.insert(number);
    }

    /// E4: the first event that a stream should have had by now.
    pub fn lacking(&self, stream: usize, server: &Server) -> Option<usize> {
        (0..server.log.len()).find(|event| self.ears[stream].lacks(*event, server))
    }

    /// T2: what was told is the beginning of what the model wrote. T3: where it is told as done, all of it.
    pub fn read(&mut self, stream: usize, text: &str, whole: &str, done: bool) {
        if !whole.starts_with(text) {
            let at = text.bytes().zip(whole.bytes()).take_while(|(a, b)| a == b).count();
            self.fail(format!(
                "T2: stream {stream} told {text:?}, other than written from {at} on"
            ));
        } else if done && text != whole {
            let (told, all) = (text.len(), whole.len());
            self.fail(format!("T3: stream {stream} is told as done with {told} of {all} bytes"));
        }
    }
}

impl Ear {
    fn lacks(&self, event: usize, server: &Server) -> bool {
        !self.had.contains(&event)
            && !self.forgotten.contains(&event)
            && server.log.get(event).is_some_and(|said| !said.id.is_empty())
    }
}

fn is_same(event: &Event, message: &Message) -> bool {
    let id = if event.id.is_empty() { !message.own_id } else { message.id == event.id };
    id && event.name == message.event && event.data == message.data
}
