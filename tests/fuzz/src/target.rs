//! What is fed, with what, and what must hold afterwards.

use crate::allocation::peak_of;
use crate::mutate::mutated;
use crate::support::random::Rng;

/// Bytes that one byte of input may cost.
const PER_BYTE: usize = 64;
/// Bytes that any input may cost.
const BASE: usize = 4 << 20;

/// One reader of bytes from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its folder of findings.
    pub name: &'static str,
    /// What its inputs are made of.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// Makes some of its inputs from nothing.
    pub(crate) generate: Option<fn(&mut Rng) -> Vec<u8>>,
    /// Longest input.
    pub(crate) longest: usize,
    /// Feeds it; says what did not hold.
    pub(crate) feed: fn(&[u8]) -> Outcome,
}

/// What did not hold, in words.
pub type Outcome = Result<(), String>;

impl Target {
    /// All inputs of this target, made from these seeds.
    pub fn inputs(self) -> Inputs {
        Inputs { target: self, seeds: (self.seeds)() }
    }

    /// Feeds an input; a panic is a finding like any other.
    pub fn run(self, input: &[u8]) -> Outcome {
        let feed = std::panic::AssertUnwindSafe(|| (self.feed)(input));
        std::panic::catch_unwind(feed).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("panic: {}", text.unwrap_or("without words")))
        })
    }
}

/// The inputs of a target, by number.
#[derive(Debug)]
pub struct Inputs {
    target: Target,
    seeds: Vec<Vec<u8>>,
}

impl Inputs {
    /// The input of this number: first the seeds as they are, then what is made of them.
    pub fn get(&self, seed: u64, number: u64) -> Vec<u8> {
        let as_it_is = usize::try_from(number).ok().and_then(|at| self.seeds.get(at));
        if let Some(input) = as_it_is {
            return input.clone();
        }
        let mut rng = Rng(seed
            .wrapping_mul(0x9e37_79b9)
            .wrapping_add(number)
            .wrapping_mul(0x2545_f491_4f6c_dd1d));
        let chosen = self.seeds[rng.below(self.seeds.len())].clone();
        match self.target.generate {
            Some(generate) if rng.percent(50) => {
                let made = generate(&mut rng);
                if rng.percent(70) {
                    made
                } else {
                    mutated(&mut rng, &made, &self.seeds, self.target.longest)
                }
            }
            _ => mutated(&mut rng, &chosen, &self.seeds, self.target.longest),
        }
    }
}

/// Does what the product does with `size` bytes of input, in as much memory as they may cost.
pub(crate) fn bounded<T>(what: &str, size: usize, work: impl FnOnce() -> T) -> Result<T, String> {
    let (result, peak) = peak_of(work);
    let limit = size * PER_BYTE + BASE;
    if peak > limit {
        return Err(format!("{what}: {size} bytes cost {peak} of at most {limit}"));
    }
    Ok(result)
}

/// Says what is not so.
pub(crate) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(what()) }
}
