//! Runs inputs one after the other, on a stack as small as that of WebAssembly, under the eye of a watch.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::target::Target;

/// The main stack of the built modules is of one MiB.
const STACK: usize = 1 << 20;
/// An input that takes longer never ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which target.
    pub target: &'static str,
    /// The input.
    pub input: Vec<u8>,
    /// What did not hold.
    pub what: String,
}

/// Feeds inputs of a target by number until `done` says so; stops at the first finding.
pub fn run(
    target: Target,
    seed: u64,
    from: u64,
    done: impl Fn(u64) -> bool + Send + 'static,
) -> (u64, Option<Finding>) {
    let watch = Arc::new(Watch::default());
    let seen = Arc::clone(&watch);
    let work = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let inputs = target.inputs();
        let mut number = from;
        while !done(number) {
            let input = inputs.get(seed, number);
            seen.begin(&input);
            if let Err(what) = target.run(&input) {
                return (number, Some(Finding { target: target.name, input, what }));
            }
            number += 1;
        }
        (number, None)
    });
    let work = work.expect("a thread");
    while !work.is_finished() {
        std::thread::park_timeout(Duration::from_millis(5));
        if let Some(input) = watch.overdue() {
            return (
                from,
                Some(Finding { target: target.name, input, what: "it never ends".into() }),
            );
        }
    }
    work.join().expect("panics are caught")
}

/// Makes a finding smaller while it stays one: halves, then single bytes, are left out.
pub fn shrink(target: Target, finding: Finding) -> Finding {
    if finding.what == "it never ends" {
        return finding;
    }
    let work = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut best = finding;
        let mut length = best.input.len().div_ceil(2);
        while length > 0 {
            let mut at = 0;
            while at < best.input.len() {
                let mut input = best.input.clone();
                input.drain(at..(at + length).min(best.input.len()));
                match target.run(&input) {
                    Err(what) => best = Finding { input, what, ..best },
                    Ok(()) => at += length,
                }
            }
            length /= 2;
        }
        best
    });
    work.expect("a thread").join().expect("panics are caught")
}

/// The input that is being fed, and since when.
#[derive(Debug, Default)]
struct Watch {
    current: Mutex<Option<(Vec<u8>, Instant)>>,
}

impl Watch {
    fn begin(&self, input: &[u8]) {
        if let Ok(mut current) = self.current.lock() {
            *current = Some((input.to_vec(), Instant::now()));
        }
    }

    fn overdue(&self) -> Option<Vec<u8>> {
        let current = self.current.lock().ok()?;
        current
            .as_ref()
            .filter(|(_, since)| since.elapsed() > PATIENCE)
            .map(|(input, _)| input.clone())
    }
}
