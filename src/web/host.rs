//! What every browser object of a driver is given: where its inputs go, and what outlives it.

use std::fmt;
use std::rc::Rc;

use crate::io::Input;
use crate::web::remains::Remains;

/// Shared by all browser objects of one driver.
#[derive(Clone)]
pub struct Host {
    inbox: Rc<dyn Fn(Input)>,
    remains: Remains,
}

impl Host {
    /// A host whose inputs go to `inbox`, a function that may be called at any time, also from within itself.
    pub fn new(inbox: impl Fn(Input) + 'static) -> Self {
        Self { inbox: Rc::new(inbox), remains: Remains::new() }
    }

    /// Hands one input to the driver. No borrow may be alive.
    pub fn feed(&self, input: Input) {
        (self.inbox)(input);
    }

    /// What must be undone without us should this instance die.
    pub fn remains(&self) -> &Remains {
        &self.remains
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("remains", &self.remains).finish_non_exhaustive()
    }
}
