//! One open connection to one database, and how it comes and goes.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Reflect, global};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbDatabase, IdbFactory, IdbObjectStoreParameters, IdbOpenDbRequest};

use crate::io::{Input, StorageError};
use crate::web::host::Host;
use crate::web::indexed_db::failure;
use crate::web::listener::Listener;
use crate::web::remains::{Remains, Remnant, method};
use crate::web::reply::{Reply, within};

/// Name of the only object store: bytes under keys that the database hands out.
pub const STORE: &str = "log";

const VERSION: u32 = 1;

/// How long opening may take before another tab is taken to block it. An open request waits behind a blocked deletion
/// without a word, and WebKit sometimes forgets the first one.
const PATIENCE: u32 = 3_000;

/// An open connection; dropped, it is closed once its transactions are done.
#[derive(Debug)]
pub struct Connection {
    database: IdbDatabase,
    lost: Rc<Cell<bool>>,
    _listeners: Vec<Listener>,
    _remnant: Remnant,
}

impl Connection {
    /// Opens the database, making it if need be.
    ///
    /// # Errors
    /// [`StorageError::Blocked`] if it took too long, or what the browser said.
    pub async fn open(host: &Host, name: &str) -> Result<Self, StorageError> {
        let remains = host.remains();
        let mut opening = Opening::start(remains, name)?;
        match within(PATIENCE, &mut opening.outcome).await {
            Some(outcome) => Ok(Self::new(host, name, outcome?)),
            None => {
                spawn_local(opening.close_when_open());
                Err(StorageError::Blocked)
            }
        }
    }

    fn new(host: &Host, name: &str, database: IdbDatabase) -> Self {
        let remains = host.remains();
        let lost = Rc::new(Cell::new(false));
        let gone = [Rc::clone(&lost), Rc::clone(&lost)];
        let [by_upgrade, by_browser] = gone;
        let handle = database.clone();
        let (inbox, name) = (host.clone(), name.to_owned());
        let listeners = [
            Listener::new(remains, &database, "versionchange", move |_| {
                by_upgrade.set(true);
                handle.close();
            }),
            Listener::new(remains, &database, "close", move |_| {
                by_browser.set(true);
                inbox.feed(Input::StorageLost(name.clone()));
            }),
        ];
        let remnant = remains.keep(method(&database, "close"));
        Self {
            database,
            lost,
            _listeners: listeners.into_iter().flatten().collect(),
            _remnant: remnant,
        }
    }

    /// The browser's handle.
    pub(super) fn database(&self) -> &IdbDatabase {
        &self.database
    }

    /// Whether it was closed under us.
    pub fn is_lost(&self) -> bool {
        self.lost.get()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.close();
    }
}

/// An open request under way.
struct Opening {
    outcome: Reply<Result<IdbDatabase, StorageError>>,
    _listeners: [Listener; 3],
}

impl Opening {
    fn start(remains: &Remains, name: &str) -> Result<Self, StorageError> {
        let request =
            factory()?.open_with_u32(name, VERSION).map_err(|thrown| failure::of_open(&thrown))?;
        let outcome = Reply::new();
        let listeners =
            listen(remains, &request, &outcome).map_err(|_| StorageError::Unavailable)?;
        Ok(Self { outcome, _listeners: listeners })
    }

    async fn close_when_open(self) {
        if let Ok(database) = self.outcome.await {
            database.close();
        }
    }
}

fn factory() -> Result<IdbFactory, StorageError> {
    let factory =
        Reflect::get(&global(), &"indexedDB".into()).map_err(|_| StorageError::Unavailable)?;
    if factory.is_object() { Ok(factory.unchecked_into()) } else { Err(StorageError::Unavailable) }
}

fn listen(
    remains: &Remains,
    request: &IdbOpenDbRequest,
    outcome: &Reply<Result<IdbDatabase, StorageError>>,
) -> Result<[Listener; 3], JsValue> {
    let (new, done, failed) = (request.clone(), request.clone(), request.clone());
    let (on_done, on_failed) = (outcome.clone(), outcome.clone());
    Ok([
        // A failure aborts the upgrade, which the request then reports as its error.
        Listener::new(remains, request, "upgradeneeded", move |_| create_store(&new))?,
        Listener::new(remains, request, "success", move |_| on_done.settle(opened(&done)))?,
        Listener::new(remains, request, "error", move |event| {
            event.unchecked_into::<web_sys::Event>().prevent_default();
            let error = failed.error().ok().flatten();
            on_failed
                .settle(Err(error.map_or(StorageError::Aborted, |error| failure::of_open(&error))));
        })?,
    ])
}

fn opened(request: &IdbOpenDbRequest) -> Result<IdbDatabase, StorageError> {
    let result = request.result().map_err(|thrown| failure::of_open(&thrown))?;
    Ok(result.unchecked_into())
}

fn create_store(request: &IdbOpenDbRequest) {
    let Ok(database) = opened(request) else { return };
    let options = IdbObjectStoreParameters::new();
    options.set_auto_increment(true);
    if database.create_object_store_with_optional_parameters(STORE, &options).is_err() {
        request.transaction().and_then(|upgrade| upgrade.abort().ok());
    }
}
