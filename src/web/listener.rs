//! One listener on one browser object, removed when dropped.

use std::borrow::Cow;

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, AddEventListenerOptions, EventTarget};

use crate::web::remains::Remains;

/// A listener that lives as long as this value.
#[derive(Debug)]
#[must_use = "dropping it removes the listener"]
pub struct Listener {
    target: EventTarget,
    kind: Cow<'static, str>,
    callback: Closure<dyn Fn(JsValue)>,
}

impl Listener {
    /// Has `handle` called with each `kind` event of `target`. It may drop this very listener.
    ///
    /// # Errors
    /// What `addEventListener` threw, for instance because `target` is no event target.
    pub fn new(
        remains: &Remains,
        target: &EventTarget,
        kind: impl Into<Cow<'static, str>>,
        handle: impl Fn(JsValue) + 'static,
    ) -> Result<Self, JsValue> {
        Self::attach(remains.signal(), target, kind.into(), Closure::new(handle))
    }

    /// The same for something of which there are many, as transactions and sockets: it hangs on no signal, since some browsers keep what
    /// they note of a listener there until the signal is aborted (whatwg/dom#1346), and Node warns of more than ten. In a dead instance
    /// it does nothing.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn passing(
        target: &EventTarget,
        kind: impl Into<Cow<'static, str>>,
        handle: impl Fn(JsValue) + 'static,
    ) -> Result<Self, JsValue> {
        Self::attach(None, target, kind.into(), Closure::new(handle))
    }

    fn attach(
        signal: Option<AbortSignal>,
        target: &EventTarget,
        kind: Cow<'static, str>,
        callback: Closure<dyn Fn(JsValue)>,
    ) -> Result<Self, JsValue> {
        let options = AddEventListenerOptions::new();
        if let Some(signal) = signal {
            options.set_signal(&signal);
        }
        let function: &Function = callback.as_ref().unchecked_ref();
        target.add_event_listener_with_callback_and_add_event_listener_options(
            &kind, function, &options,
        )?;
        Ok(Self { target: target.clone(), kind, callback })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function: &Function = self.callback.as_ref().unchecked_ref();
        self.target.remove_event_listener_with_callback(&self.kind, function).ok();
    }
}
