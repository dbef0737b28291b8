//! A value that a browser callback hands to a waiting future, once.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use gloo_timers::callback::Timeout;

/// A future of one value; the first one settled wins, later ones are ignored.
#[derive(Debug)]
pub struct Reply<T>(Rc<RefCell<State<T>>>);

#[derive(Debug)]
enum State<T> {
    Waiting(Option<Waker>),
    Settled(T),
    Taken,
}

impl<T> Reply<T> {
    /// A reply nobody has given yet.
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(State::Waiting(None))))
    }

    /// Gives the value, if none was given before.
    pub fn settle(&self, value: T) {
        let Ok(mut state) = self.0.try_borrow_mut() else { return };
        let State::Waiting(waker) = &mut *state else { return };
        let waker = waker.take();
        *state = State::Settled(value);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Default for Reply<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Reply<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Future for Reply<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Ok(mut state) = self.0.try_borrow_mut() else { return Poll::Pending };
        if let State::Waiting(waker) = &mut *state {
            *waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Settled(value) => Poll::Ready(value),
            State::Waiting(_) | State::Taken => Poll::Pending,
        }
    }
}

/// The output of `future`, or `None` if it takes longer than `millis`; the future may then be asked again.
pub async fn within<F: Future + Unpin>(millis: u32, future: &mut F) -> Option<F::Output> {
    let mut late = Reply::new();
    let bell = late.clone();
    let _timeout = Timeout::new(millis, move || bell.settle(()));
    poll_fn(|context| match Pin::new(&mut *future).poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Pin::new(&mut late).poll(context).map(|()| None),
    })
    .await
}
