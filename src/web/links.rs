//! The exported class of streams and sockets, in a module of its own without the document engine.

mod sessions;
mod sockets;
mod streams;

use std::rc::Rc;

use js_sys::{Function, Set};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::web::clock;
use crate::web::convert::events_to_js;
use crate::web::driver::{Driver, Settings};
use crate::web::thrown;

/// One running set of links. Links and questions are numbers, so nothing but this needs `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Links {
    driver: Rc<Driver<crate::links::Links>>,
}

#[wasm_bindgen]
impl Links {
    /// Starts without links. `wake` is called without arguments when there are events; it may only schedule a microtask.
    #[wasm_bindgen(constructor)]
    pub fn new(wake: Function) -> Self {
        let links = crate::links::Links::new(clock::seed());
        Self { driver: Driver::start(links, wake, Settings::default()) }
    }

    /// The events since the last call, as plain objects; bytes are in the member `attachments`.
    ///
    /// # Errors
    /// `E_INTERNAL` if this instance is broken.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&self) -> Result<JsValue, JsValue> {
        events_to_js(&thrown(self.driver.take_events())?, clock::wall())
    }

    /// Lets go of a link; nothing more is heard of it.
    ///
    /// # Errors
    /// Only for a bug of ours.
    pub fn leave(&self, link: u32) -> Result<(), JsValue> {
        self.driver.fetches().forget(link);
        thrown(self.driver.command(|links, now| {
            links.leave(now, link);
            Ok(())
        }))
    }

    /// Lets go of all links.
    ///
    /// # Errors
    /// Only for a bug of ours.
    pub fn close(&self) -> Result<(), JsValue> {
        self.driver.leave_page();
        thrown(self.driver.command(|links, now| {
            links.close(now);
            Ok(())
        }))
    }

    /// Functions to call, in any order, if this instance has trapped: they close its sockets and requests and take its
    /// listeners away. Ask for the set at the start; it changes by itself.
    pub fn remains(&self) -> Set {
        self.driver.remains().as_set().clone()
    }

    /// Traps on purpose, so that tests can see what an app sees then.
    #[wasm_bindgen(js_name = crashForTest)]
    pub fn crash_for_test(&self) {
        std::process::abort();
    }
}
