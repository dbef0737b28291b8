//! Large answers that clients have not read yet, over all of them: each counts once, however many wait for it, and until the last one
//! has it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;

/// Smaller ones are bounded well enough by what may wait for each client.
const LARGE: usize = 64 << 10;

/// What may be unread at a time, and what is.
#[derive(Debug)]
pub(crate) struct Unread {
    most: usize,
    bytes: Arc<AtomicUsize>,
    held: Vec<Weak<Held>>,
}

/// A frame that counts.
#[derive(Debug)]
struct Held {
    frame: Bytes,
    bytes: Arc<AtomicUsize>,
}

/// One client's hold of it.
struct Share(Arc<Held>);

impl Unread {
    /// Nothing yet.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, bytes: Arc::default(), held: Vec::new() }
    }

    /// The same frame, counted until all that is made of it is dropped. `None` if that is too much.
    pub(crate) fn hold(&mut self, frame: Bytes) -> Option<Bytes> {
        if frame.len() < LARGE {
            return Some(frame);
        }
        self.held.retain(|held| held.strong_count() > 0);
        let mut alive = self.held.iter().filter_map(Weak::upgrade);
        let is_same = |held: &Arc<Held>| held.frame.as_ptr() == frame.as_ptr();
        if let Some(held) = alive.find(is_same) {
            return Some(Bytes::from_owner(Share(held)));
        }
        let unread = self.bytes.load(Ordering::Relaxed);
        // One may be larger than the bound.
        if unread > 0 && unread + frame.len() > self.most {
            return None;
        }
        self.bytes.fetch_add(frame.len(), Ordering::Relaxed);
        let held = Arc::new(Held { frame, bytes: Arc::clone(&self.bytes) });
        self.held.push(Arc::downgrade(&held));
        Some(Bytes::from_owner(Share(held)))
    }
}

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        &self.0.frame
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.frame.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_wait_for_counts_once_and_until_the_last_of_them_has_it() {
        let mut unread = Unread::new(3 * LARGE);
        let (one, other) = (Bytes::from(vec![1; 2 * LARGE]), Bytes::from(vec![2; 2 * LARGE]));
        let held: Vec<_> = (0..100).filter_map(|_| unread.hold(one.clone())).collect();
        assert_eq!((held.len(), &held[0]), (100, &one));
        assert_eq!(unread.hold(other.clone()), None);
        let last = held[99].clone();
        drop(held);
        assert_eq!(unread.hold(other.clone()), None);
        drop(last);
        assert_eq!(unread.hold(other.clone()), Some(other));
        let small = Bytes::from_static(b"small");
        assert_eq!(unread.hold(small.clone()), Some(small), "whatever else is unread");
    }
}
