//! The loop between the browser and the core.
//!
//! Rust never calls user code, and no borrow is alive when anything outside Rust is called: inputs and outputs wait in
//! queues, only the outermost [`Driver::pump`] works them off, and a call that comes in meanwhile just enqueues.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::error::Misuse;
use crate::io::{Environment, Input, Output};
use crate::machine::Machine;
use crate::time::Instant;
#[cfg(feature = "documents")]
use crate::web::adapter::Adapter;
use crate::web::clock;
use crate::web::convert::internal;
use crate::web::environment;
#[cfg(any(feature = "documents", feature = "links"))]
use crate::web::fetch::Fetches;
use crate::web::host::Host;
#[cfg(feature = "documents")]
use crate::web::indexed_db::{Durability, Storage, Vault};
use crate::web::listener::Listener;
#[cfg(feature = "peers")]
use crate::web::peer_connection::PeerConnections;
use crate::web::remains::Remains;
use crate::web::timer::Timer;
#[cfg(any(feature = "documents", feature = "links"))]
use crate::web::web_socket::Sockets;

/// What only the browser's side of a core can be told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What makes sockets, if not the browser's own `WebSocket`.
    #[cfg(any(feature = "documents", feature = "links"))]
    pub sockets: Option<Function>,
    /// How sure a transaction must be before it counts.
    #[cfg(feature = "documents")]
    pub durability: Durability,
    /// What seals records before they are written.
    #[cfg(feature = "documents")]
    pub vault: Option<Vault>,
    /// Where records are kept, if not in IndexedDB.
    #[cfg(feature = "documents")]
    pub adapter: Option<Adapter>,
}

/// Runs one core in a browser.
#[derive(Debug)]
pub struct Driver<M: Machine> {
    machine: RefCell<M>,
    inputs: RefCell<VecDeque<Input>>,
    effects: RefCell<VecDeque<Output<M::Event>>>,
    events: RefCell<Vec<M::Event>>,
    pumping: Cell<bool>,
    wake: Function,
    /// Whether the app has been woken since it last took the events.
    woken: Cell<bool>,
    epoch_offset: Cell<f64>,
    host: Host,
    #[cfg(any(feature = "documents", feature = "links"))]
    sockets: Sockets,
    #[cfg(any(feature = "documents", feature = "links"))]
    fetches: Fetches,
    #[cfg(feature = "peers")]
    peers: PeerConnections,
    #[cfg(feature = "documents")]
    storage: Storage,
    timer: Timer,
    page: RefCell<Vec<Listener>>,
}

impl<M: Machine + 'static> Driver<M> {
    /// Starts driving `machine`.
    pub fn start(machine: M, wake: Function, settings: Settings) -> Rc<Self> {
        let driver = Rc::new_cyclic(|driver| Self::new(driver, machine, wake, settings));
        if let Ok(mut page) = driver.page.try_borrow_mut() {
            *page = environment::listen(&driver.host);
        }
        for environment in environment::initial() {
            driver.feed(Input::Environment(environment));
        }
        driver
    }

    fn new(driver: &Weak<Self>, machine: M, wake: Function, settings: Settings) -> Self {
        let Settings {
            #[cfg(any(feature = "documents", feature = "links"))]
            sockets,
            #[cfg(feature = "documents")]
            durability,
            #[cfg(feature = "documents")]
            vault,
            #[cfg(feature = "documents")]
            adapter,
        } = settings;
        let driver = Weak::clone(driver);
        let host = Host::new(move |input| {
            if let Some(driver) = driver.upgrade() {
                driver.feed(input);
            }
        });
        Self {
            machine: RefCell::new(machine),
            inputs: RefCell::default(),
            effects: RefCell::default(),
            events: RefCell::default(),
            pumping: Cell::new(false),
            wake,
            woken: Cell::new(false),
            epoch_offset: Cell::new(clock::epoch_offset()),
            #[cfg(any(feature = "documents", feature = "links"))]
            sockets: Sockets::new(host.clone(), sockets),
            #[cfg(any(feature = "documents", feature = "links"))]
            fetches: Fetches::new(host.clone()),
            #[cfg(feature = "peers")]
            peers: PeerConnections::new(host.clone()),
            #[cfg(feature = "documents")]
            storage: Storage::new(host.clone(), durability, vault, adapter),
            timer: Timer::new(host.clone()),
            host,
            page: RefCell::default(),
        }
    }

    /// Takes in what a browser callback has to tell.
    pub fn feed(&self, input: Input) {
        if let Ok(mut inputs) = self.inputs.try_borrow_mut() {
            inputs.push_back(input);
        }
        self.pump();
    }

    /// A command of the app: changes the core, then does what follows from it.
    ///
    /// # Errors
    /// What the core says, or an internal error.
    pub fn command<T>(
        &self,
        command: impl FnOnce(&mut M, Instant) -> Result<T, Misuse>,
    ) -> Result<T, Misuse> {
        let (mut command, mut result) = (Some(command), None);
        let done = self.advance(&mut |machine, now| {
            result = command.take().map(|command| command(machine, now));
        });
        self.pump();
        done?;
        result.unwrap_or_else(|| Err(internal("the command did not run")))
    }

    /// Reads the core without changing it.
    ///
    /// # Errors
    /// What the core says, or an internal error.
    pub fn read<T>(&self, read: impl FnOnce(&M) -> Result<T, Misuse>) -> Result<T, Misuse> {
        let machine = self.machine.try_borrow().map_err(|_| internal("the core is busy"))?;
        read(&machine)
    }

    /// The events since the last call. An instrumented object of the browser may have the app ask within a pump.
    ///
    /// # Errors
    /// An internal error if a change of the core was begun and never ended: an exception went through it.
    pub fn take_events(&self) -> Result<Vec<M::Event>, Misuse> {
        self.woken.set(false);
        let mut events = self.events.try_borrow_mut().map_err(|_| internal("the core is busy"))?;
        Ok(std::mem::take(&mut *events))
    }

    /// The requests, for the app's part of them.
    #[cfg(any(feature = "documents", feature = "links"))]
    pub fn fetches(&self) -> &Fetches {
        &self.fetches
    }

    /// What must be undone in JavaScript should this instance die.
    pub fn remains(&self) -> &Remains {
        self.host.remains()
    }

    /// The connections to peers, for the app's tracks.
    #[cfg(feature = "peers")]
    pub fn peers(&self) -> &PeerConnections {
        &self.peers
    }

    /// The browser's sockets, for asking.
    #[cfg(any(feature = "documents", feature = "links"))]
    pub fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// Stops listening to the page. What is under way still ends.
    pub fn leave_page(&self) {
        let listeners = self.page.try_borrow_mut().map(|mut page| std::mem::take(&mut *page));
        drop(listeners);
    }

    fn pump(&self) {
        if self.pumping.replace(true) {
            return;
        }
        self.notice_sleep();
        loop {
            if let Some(output) = pop(&self.effects) {
                self.perform(output);
            } else if let Some(input) = pop(&self.inputs) {
                #[cfg(any(feature = "documents", feature = "links"))]
                self.fetches.settle(&input);
                let mut input = Some(input);
                self.advance(&mut |machine, now| {
                    if let Some(input) = input.take() {
                        machine.handle_input(now, input);
                    }
                })
                .ok();
            } else {
                break;
            }
        }
        self.arm_timer();
        self.pumping.set(false);
        self.wake_app();
    }

    /// One borrow of the core: a change, and the complete drain after it. Not generic: every export would have a copy.
    fn advance(&self, change: &mut dyn FnMut(&mut M, Instant)) -> Result<(), Misuse> {
        let now = clock::now();
        let busy = |_| internal("the core is busy");
        let mut machine = self.machine.try_borrow_mut().map_err(busy)?;
        let mut effects = self.effects.try_borrow_mut().map_err(busy)?;
        let mut events = self.events.try_borrow_mut().map_err(busy)?;
        change(&mut machine, now);
        while let Some(output) = machine.poll_output() {
            match output {
                Output::Event(event) => events.push(event),
                effect => effects.push_back(effect),
            }
        }
        Ok(())
    }

    fn perform(&self, output: Output<M::Event>) {
        match output {
            #[cfg(any(feature = "documents", feature = "links"))]
            Output::Socket(id, output) => self.sockets.perform(id, output),
            #[cfg(any(feature = "documents", feature = "links"))]
            Output::Fetch(id, output) => self.fetches.perform(id, output),
            #[cfg(feature = "documents")]
            Output::Storage(id, task) => self.storage.perform(id, task),
            #[cfg(feature = "documents")]
            Output::AbandonStorage(database) => self.storage.abandon(&database),
            #[cfg(feature = "peers")]
            Output::Peer(id, output) => self.peers.perform(id, output),
            Output::Event(event) => {
                if let Ok(mut events) = self.events.try_borrow_mut() {
                    events.push(event);
                }
            }
        }
    }

    fn notice_sleep(&self) {
        let offset = clock::epoch_offset();
        if clock::jumped(self.epoch_offset.replace(offset), offset)
            && let Ok(mut inputs) = self.inputs.try_borrow_mut()
        {
            inputs.push_front(Input::Environment(Environment::ClockJump));
        }
    }

    fn arm_timer(&self) {
        let deadline = self.machine.try_borrow().ok().and_then(|machine| machine.poll_timeout());
        self.timer.arm(clock::now(), deadline.map(|deadline| deadline.at));
    }

    /// Only schedules a drain; should it throw all the same, nothing of ours is half done.
    fn wake_app(&self) {
        let waiting = self.events.try_borrow().is_ok_and(|events| !events.is_empty());
        if waiting && !self.woken.replace(true) {
            self.wake.call0(&JsValue::UNDEFINED).ok();
        }
    }
}

fn pop<T>(queue: &RefCell<VecDeque<T>>) -> Option<T> {
    queue.try_borrow_mut().ok().and_then(|mut queue| queue.pop_front())
}
