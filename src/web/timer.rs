//! One `setTimeout`, armed to the core's next deadline.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;

use crate::io::Input;
use crate::time::Instant;
use crate::web::host::Host;

/// Longest wait `setTimeout` takes; a longer one would fire at once.
const LONGEST: u64 = i32::MAX as u64;

/// The driver's only timer.
#[derive(Debug)]
pub struct Timer {
    host: Host,
    armed: Rc<RefCell<Option<Armed>>>,
}

#[derive(Debug)]
struct Armed {
    at: Instant,
    _timeout: Timeout,
}

impl Timer {
    /// A timer that is not armed.
    pub fn new(host: Host) -> Self {
        Self { host, armed: Rc::default() }
    }

    /// Arms the timer to `at`, or disarms it. Does nothing while the deadline stays the same.
    pub fn arm(&self, now: Instant, at: Option<Instant>) {
        let armed = self.armed.try_borrow().map(|armed| armed.as_ref().map(|armed| armed.at));
        if armed.is_ok_and(|armed| armed == at) {
            return;
        }
        let next = at.map(|at| Armed { at, _timeout: self.timeout(at.since(now)) });
        drop(self.armed.try_borrow_mut().map(|mut armed| std::mem::replace(&mut *armed, next)));
    }

    fn timeout(&self, wait: u64) -> Timeout {
        let (host, armed) = (self.host.clone(), Rc::downgrade(&self.armed));
        Timeout::new(wait.min(LONGEST) as u32, move || {
            let spent = armed
                .upgrade()
                .and_then(|armed| armed.try_borrow_mut().ok().and_then(|mut armed| armed.take()));
            host.feed(Input::Timeout);
            drop(spent);
        })
    }
}
