//! What a dead instance would leave behind: listeners that call into it, open sockets, held locks.
//!
//! After a trap no Rust runs any more, so whatever must be undone then is kept as plain JavaScript functions in a set
//! that the choke point in TypeScript holds from the start.

use js_sys::{Function, Reflect, Set};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, AbortSignal};

/// The set of functions to call when the instance is dead, and the signal all listeners hang on.
#[derive(Clone, Debug)]
pub struct Remains {
    undo: Set,
    listeners: Option<AbortController>,
}

impl Remains {
    /// An empty set with a fresh signal.
    pub fn new() -> Self {
        let undo = Set::new(&JsValue::UNDEFINED);
        let listeners = AbortController::new().ok();
        if let Some(abort) = listeners.as_ref().and_then(|controller| method(controller, "abort")) {
            undo.add(&abort);
        }
        Self { undo, listeners }
    }

    /// The set itself, for TypeScript.
    pub fn as_set(&self) -> &Set {
        &self.undo
    }

    /// Aborted when the instance is dead.
    pub fn signal(&self) -> Option<AbortSignal> {
        self.listeners.as_ref().map(AbortController::signal)
    }

    /// Has `undo` called should the instance die before the returned value is dropped.
    pub fn keep(&self, undo: Option<Function>) -> Remnant {
        if let Some(undo) = &undo {
            self.undo.add(undo);
        }
        Remnant { set: self.undo.clone(), undo }
    }
}

impl Default for Remains {
    fn default() -> Self {
        Self::new()
    }
}

/// One entry of [`Remains`], taken out when dropped.
#[derive(Debug)]
#[must_use = "dropping it takes the entry out again"]
pub struct Remnant {
    set: Set,
    undo: Option<Function>,
}

impl Drop for Remnant {
    fn drop(&mut self) {
        if let Some(undo) = &self.undo {
            self.set.delete(undo);
        }
    }
}

/// The method `name` of `object`, bound to it.
pub fn method(object: &JsValue, name: &str) -> Option<Function> {
    let function: Function = Reflect::get(object, &name.into()).ok()?.dyn_into().ok()?;
    Some(function.bind0(object))
}
