//! A Web Lock, held while this value lives.

use gloo_timers::callback::Timeout;
use js_sys::{Function, Object, Promise, Reflect, global};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortController;

use crate::io::StorageError;
use crate::web::convert::error_name;
use crate::web::remains::{Remains, Remnant};
use crate::web::reply::Reply;

/// How long another tab may hold the lock before we give up.
const PATIENCE: u32 = 3_000;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        granted: &Function,
    ) -> Result<Promise, JsValue>;
}

/// A held lock, or nothing where this browser has no locks.
#[derive(Debug)]
#[must_use = "dropping it releases the lock"]
pub struct Lock {
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    release: Option<Function>,
    granted: Closure<dyn Fn(JsValue) -> JsValue>,
    refused: Closure<dyn FnMut(JsValue)>,
    _remnant: Remnant,
}

impl Lock {
    /// Waits for the exclusive lock `name`.
    ///
    /// # Errors
    /// [`StorageError::Blocked`] if another tab held it too long.
    pub async fn acquire(remains: &Remains, name: &str) -> Result<Self, StorageError> {
        let Some(manager) = manager() else { return Ok(Self { held: None }) };
        let controller = AbortController::new().ok();
        let (held, outcome) = Held::new(remains);
        if held.request(&manager, name, controller.as_ref()).is_err() {
            return Ok(Self { held: None });
        }
        let _patience = Timeout::new(PATIENCE, move || {
            if let Some(controller) = controller {
                controller.abort();
            }
        });
        match outcome.await {
            Grant::Held => Ok(Self { held: Some(held) }),
            Grant::TooLate => Err(StorageError::Blocked),
            Grant::NoLocks => Ok(Self { held: None }),
        }
    }

    /// Whether there is a lock at all.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }
}

enum Grant {
    Held,
    TooLate,
    NoLocks,
}

impl Held {
    fn new(remains: &Remains) -> (Self, Reply<Grant>) {
        let outcome = Reply::new();
        let mut release = None;
        let released =
            Promise::new(&mut |resolve: Function, _reject: Function| release = Some(resolve));
        let (yes, no) = (outcome.clone(), outcome.clone());
        let granted = Closure::<dyn Fn(JsValue) -> JsValue>::new(move |_lock: JsValue| {
            yes.settle(Grant::Held);
            JsValue::from(released.clone())
        });
        let refused = Closure::<dyn FnMut(JsValue)>::new(move |thrown: JsValue| {
            no.settle(if error_name(&thrown) == "AbortError" {
                Grant::TooLate
            } else {
                Grant::NoLocks
            });
        });
        let remnant = remains.keep(release.clone());
        (Self { release, granted, refused, _remnant: remnant }, outcome)
    }

    fn request(
        &self,
        manager: &LockManager,
        name: &str,
        limit: Option<&AbortController>,
    ) -> Result<(), JsValue> {
        let options = Object::new();
        if let Some(limit) = limit {
            Reflect::set(&options, &"signal".into(), &limit.signal())?;
        }
        let promise = manager.request(name, &options, self.granted.as_ref().unchecked_ref())?;
        drop(promise.catch(&self.refused));
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            release.call0(&JsValue::UNDEFINED).ok();
        }
    }
}

fn manager() -> Option<LockManager> {
    let navigator = Reflect::get(&global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}
