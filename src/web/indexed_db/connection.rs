//! One open connection to one database, and how it comes and goes.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use js_sys::{Reflect, global};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbDatabase, IdbFactory, IdbObjectStoreParameters, IdbOpenDbRequest};

use crate::io::StorageError;
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

/// How a transaction ended.
pub(super) type End = Reply<Result<(), JsValue>>;

/// An open connection; dropped, it is closed once its transactions are done.
pub struct Connection {
    database: IdbDatabase,
    loss: Rc<Loss>,
    _listeners: Vec<Listener>,
    _remnant: Remnant,
}

impl Connection {
    /// Opens the database, making it if need be; `on_lost` hears when it is closed under us.
    ///
    /// # Errors
    /// [`StorageError::Blocked`] if it took too long, or what the browser said.
    pub async fn open(
        host: &Host,
        name: &str,
        on_lost: impl Fn() + 'static,
    ) -> Result<Self, StorageError> {
        let remains = host.remains();
        let mut opening = Opening::start(remains, name)?;
        match within(PATIENCE, &mut opening.outcome).await {
            Some(outcome) => Ok(Self::new(remains, outcome?, on_lost)),
            None => {
                spawn_local(opening.close_when_open());
                Err(StorageError::Blocked)
            }
        }
    }

    fn new(remains: &Remains, database: IdbDatabase, on_lost: impl Fn() + 'static) -> Self {
        let loss = Rc::new(Loss::default());
        let (handle, happened) = (database.clone(), Rc::clone(&loss));
        let on_event = Rc::new(move |_| {
            handle.close();
            happened.happen();
            on_lost();
        });
        // Somebody deletes the database or wants a newer version of it; the browser closed it.
        let listeners = ["versionchange", "close"].map(|kind| {
            let on_event = Rc::clone(&on_event);
            Listener::new(remains, &database, kind, move |event| on_event(event))
        });
        let remnant = remains.keep(method(&database, "close"));
        Self {
            database,
            loss,
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
        self.loss.happened.get()
    }

    /// Has this transaction fail when the connection is lost.
    pub(super) fn ends(&self, transaction: &End) {
        self.loss.under_way.set(Some(transaction.clone()));
    }

    /// Takes the connection for lost. A write that is being committed cannot be taken back: it comes before all that follows, or never.
    pub(super) fn abandon(&self) {
        self.database.close();
        self.loss.happen();
    }
}

/// That a connection was closed under us, and what has to end with it: of a transaction that was just being committed when the
/// browser closed the database, Chromium tells neither `complete` nor `abort`.
#[derive(Default)]
struct Loss {
    happened: Cell<bool>,
    under_way: Cell<Option<End>>,
}

impl Loss {
    fn happen(&self) {
        self.happened.set(true);
        if let Some(transaction) = self.under_way.take() {
            transaction.settle(Err(JsValue::NULL));
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("lost", &self.is_lost()).finish_non_exhaustive()
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
