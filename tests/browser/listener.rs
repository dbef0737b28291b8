//! Listeners come and go with their values, and go when their instance is dead.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Reflect};
use rejoin::web::listener::Listener;
use rejoin::web::remains::Remains;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventTarget};

use crate::support::page;

#[wasm_bindgen_test]
fn a_dropped_listener_hears_nothing() {
    let (target, heard) = (EventTarget::new().unwrap(), Rc::new(Cell::new(0)));
    let listener = counting(&Remains::new(), &target, &heard);
    dispatch(&target);
    drop(listener);
    let uncaught = page::count_uncaught();
    dispatch(&target);
    assert_eq!(heard.get(), 1);
    assert_eq!(page::counted(&uncaught), 0.0, "the target still calls into a closure that is gone");
}

#[wasm_bindgen_test]
fn a_listener_may_drop_itself_while_it_is_called() {
    let (target, heard) = (EventTarget::new().unwrap(), Rc::new(Cell::new(0)));
    let own: Rc<RefCell<Option<Listener>>> = Rc::default();
    let (inner, count) = (Rc::downgrade(&own), Rc::clone(&heard));
    let listener = Listener::new(&Remains::new(), &target, "ping", move |_| {
        let gone = inner.upgrade().and_then(|own| own.borrow_mut().take());
        drop(gone);
        count.set(count.get() + 1);
    });
    own.replace(listener.ok());
    dispatch(&target);
    dispatch(&target);
    assert_eq!(heard.get(), 1);
}

#[wasm_bindgen_test]
fn a_listener_may_be_called_while_it_runs() {
    let (target, heard) = (EventTarget::new().unwrap(), Rc::new(Cell::new(0)));
    let (again, count) = (target.clone(), Rc::clone(&heard));
    let _listener = Listener::new(&Remains::new(), &target, "ping", move |_| {
        count.set(count.get() + 1);
        if count.get() < 5 {
            dispatch(&again);
        }
    });
    dispatch(&target);
    assert_eq!(heard.get(), 5);
}

#[wasm_bindgen_test]
fn plain_javascript_can_take_all_listeners_away_when_no_rust_runs_any_more() {
    let (target, heard) = (EventTarget::new().unwrap(), Rc::new(Cell::new(0)));
    let remains = Remains::new();
    let _listener = counting(&remains, &target, &heard);
    for undo in remains.as_set().values() {
        let undo: Function = undo.unwrap().unchecked_into();
        undo.call0(&JsValue::UNDEFINED).unwrap();
    }
    dispatch(&target);
    assert_eq!(heard.get(), 0);
}

#[wasm_bindgen_test]
fn a_passing_listener_hangs_on_no_signal_and_hears_as_long_as_it_lives() {
    let (target, heard) = (EventTarget::new().unwrap(), Rc::new(Cell::new(0)));
    let signals = Rc::new(Cell::new(0));
    let noted = Rc::clone(&signals);
    // As much as a browser would read of the options.
    let add = Closure::<dyn Fn(JsValue, JsValue, JsValue)>::new(move |_, _, options| {
        let signal = Reflect::get(&options, &"signal".into()).unwrap();
        noted.set(noted.get() + u32::from(!signal.is_undefined()));
    });
    let odd = EventTarget::new().unwrap();
    Reflect::set(&odd, &"addEventListener".into(), add.as_ref()).unwrap();
    let _kept = Listener::new(&Remains::new(), &odd, "ping", |_| {}).unwrap();
    assert_eq!(signals.get(), 1);
    let _passing = Listener::passing(&odd, "ping", |_| {}).unwrap();
    assert_eq!(signals.get(), 1);
    let count = Rc::clone(&heard);
    let listener = Listener::passing(&target, "ping", move |_| count.set(count.get() + 1));
    dispatch(&target);
    drop(listener);
    dispatch(&target);
    assert_eq!(heard.get(), 1);
}

#[wasm_bindgen_test]
fn what_is_no_event_target_is_an_error_and_no_panic() {
    let target: EventTarget = JsValue::from(js_sys::Object::new()).unchecked_into();
    assert!(Listener::new(&Remains::new(), &target, "ping", |_| {}).is_err());
}

fn counting(remains: &Remains, target: &EventTarget, heard: &Rc<Cell<u32>>) -> Option<Listener> {
    let heard = Rc::clone(heard);
    Listener::new(remains, target, "ping", move |_| heard.set(heard.get() + 1)).ok()
}

fn dispatch(target: &EventTarget) {
    target.dispatch_event(&Event::new("ping").unwrap()).unwrap();
}
