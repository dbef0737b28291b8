//! What an app answers to the questions of a link.

use super::manner::{Ruling, VerdictRequest};
use super::{Connection, Context, EndpointAnswer, EndpointFailure};
use crate::io::EndpointRequest;

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A URL and a token.
    Endpoint(EndpointAnswer<'a>),
    /// None can be had, and why.
    Failure(EndpointFailure, &'a str),
    /// What a close means.
    Ruling(Ruling),
}

impl Connection {
    /// Takes the answer to the question of that number; a late one changes nothing.
    pub fn answer(&mut self, cx: &mut Context<'_>, request: u32, answer: Answer<'_>) {
        match answer {
            Answer::Endpoint(given) => self.provide_endpoint(cx, EndpointRequest(request), given),
            Answer::Failure(failure, message) => {
                self.refuse_endpoint(cx, EndpointRequest(request), failure, message);
            }
            Answer::Ruling(ruling) => self.provide_ruling(cx, VerdictRequest(request), ruling),
        }
    }
}
