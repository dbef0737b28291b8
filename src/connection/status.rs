//! The public view of the state, published only when it changed.

use super::state::{Park, State};
use super::{Action, Connection};
use crate::status::{ConnectionState, Reason, Status};

impl Connection {
    /// The public view of the state.
    pub fn status(&self) -> ConnectionState {
        let connected = matches!(self.state, State::Online { .. });
        ConnectionState {
            status: self.public_status(),
            transport: self.state.socket().map(|_| self.transport()),
            attempt: if connected { 0 } else { self.backoff.attempt() },
            next_retry_at: self.next_retry_at(),
            reason: self.public_reason(),
            rtt: self.history.rtt,
            error: self.history.error.clone(),
        }
    }

    pub(super) fn publish(&mut self) {
        let status = self.status();
        if self.last_status.as_ref() != Some(&status) {
            self.last_status = Some(status.clone());
            self.actions.push_back(Action::Status(status));
        }
    }

    fn public_status(&self) -> Status {
        match self.state {
            State::Idle => Status::Idle,
            State::Online { .. } => Status::Connected,
            State::Parked { .. } | State::Closed | State::Failed => Status::Disconnected,
            _ if self.history.connected_once => Status::Reconnecting,
            _ => Status::Connecting,
        }
    }

    fn next_retry_at(&self) -> Option<u64> {
        match self.state {
            State::Backoff { until } => Some(until.as_millis()),
            State::Parked { retry_at, .. } => retry_at.map(|at| at.as_millis()),
            _ => None,
        }
    }

    fn public_reason(&self) -> Option<Reason> {
        match self.state {
            State::Parked { why: Park::Offline, .. } => Some(Reason::Offline),
            State::Parked { why: Park::Suspended, .. } => Some(Reason::Suspended),
            _ => self.history.reason.clone(),
        }
    }
}
