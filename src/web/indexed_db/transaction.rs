//! One transaction on the log.

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbObjectStore, IdbRequest, IdbTransaction};

use crate::io::{RecordKey, StorageError, StorageReply};
use crate::web::indexed_db::connection::{Connection, End, STORE};
use crate::web::indexed_db::{Durability, failure};
use crate::web::listener::Listener;
use crate::web::remains::method;
use crate::web::reply::Reply;

#[wasm_bindgen]
extern "C" {
    /// `IDBDatabase` with the durability option, which web-sys has only among its unstable APIs.
    type Database;

    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &Database,
        store: &str,
        mode: &str,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;
}

/// Why a step of a transaction did not come about; the transaction is then aborted.
type Step<T> = Result<T, StorageError>;

/// Every record, in key order. Reads only.
pub(super) async fn load(connection: &Connection) -> Step<Vec<(RecordKey, Vec<u8>)>> {
    let transaction = Transaction::begin(connection, "readonly", Durability::Relaxed)?;
    let keys = step(transaction.store.get_all_keys())?;
    let values = step(transaction.store.get_all())?;
    transaction.complete(connection).await?;
    let (keys, values) = (array_of(&keys)?, array_of(&values)?);
    let records =
        keys.iter().zip(values.iter()).map(|(key, value)| (key_of(&key), bytes_of(&value)));
    Ok(records.collect())
}

/// Adds the records, in order.
pub(super) async fn append(
    connection: &Connection,
    durability: Durability,
    records: &[Vec<u8>],
) -> Step<StorageReply> {
    write(connection, durability, records, &[]).await
}

/// Adds one record and deletes others, or does nothing.
pub(super) async fn replace(
    connection: &Connection,
    durability: Durability,
    record: &[u8],
    remove: &[RecordKey],
) -> Step<StorageReply> {
    write(connection, durability, &[record], remove).await
}

/// One record.
pub(super) async fn read(connection: &Connection, key: RecordKey) -> Step<Option<Vec<u8>>> {
    let transaction = Transaction::begin(connection, "readonly", Durability::Relaxed)?;
    let request = step(transaction.store.get(&js_key(key)))?;
    transaction.complete(connection).await?;
    let value = result_of(&request)?;
    Ok((!value.is_undefined()).then(|| bytes_of(&value)))
}

async fn write<R: AsRef<[u8]>>(
    connection: &Connection,
    durability: Durability,
    records: &[R],
    remove: &[RecordKey],
) -> Step<StorageReply> {
    let transaction = Transaction::begin(connection, "readwrite", durability)?;
    let requests = transaction.fill(records, remove)?;
    transaction.commit();
    transaction.complete(connection).await?;
    let keys: Step<Vec<_>> =
        requests.iter().map(|request| Ok(key_of(&result_of(request)?))).collect();
    Ok(StorageReply::Written(keys?))
}

/// A transaction that has not ended yet.
struct Transaction {
    browser: IdbTransaction,
    store: IdbObjectStore,
    outcome: End,
    _listeners: [Listener; 2],
}

impl Transaction {
    fn begin(connection: &Connection, mode: &str, durability: Durability) -> Step<Self> {
        let options = Object::new();
        if durability == Durability::Strict {
            Reflect::set(&options, &"durability".into(), &"strict".into()).ok();
        } else {
            Reflect::set(&options, &"durability".into(), &"relaxed".into()).ok();
        }
        let database: &Database = connection.database().unchecked_ref();
        let browser = step(database.transaction(STORE, mode, &options))?;
        let store = step(browser.object_store(STORE))?;
        let outcome = Reply::new();
        let listeners = step(listen(&browser, &outcome))?;
        connection.ends(&outcome);
        Ok(Self { browser, store, outcome, _listeners: listeners })
    }

    /// Makes all requests at once; if one is refused the whole transaction is taken back.
    fn fill<R: AsRef<[u8]>>(&self, records: &[R], remove: &[RecordKey]) -> Step<Vec<IdbRequest>> {
        let added: Step<Vec<_>> = records
            .iter()
            .map(|record| step(self.store.add(&Uint8Array::from(record.as_ref()))))
            .collect();
        let removed =
            remove.iter().try_for_each(|key| step(self.store.delete(&js_key(*key))).map(drop));
        let requests = added.and_then(|requests| removed.map(|()| requests));
        if requests.is_err() {
            self.browser.abort().ok();
        }
        requests
    }

    /// Without this the browser would first wait for a turn without a new request. For writes only: of a reader that was told to
    /// commit Chromium never gives out values that it keeps in files of their own, as it does with large ones after a restart.
    fn commit(&self) {
        if let Some(commit) = method(&self.browser, "commit") {
            commit.call0(&JsValue::UNDEFINED).ok();
        }
    }

    /// Waits for the end.
    async fn complete(self, connection: &Connection) -> Step<()> {
        let outcome = self.outcome.await;
        outcome.map_err(|error| {
            if connection.is_lost() {
                StorageError::Closed
            } else {
                failure::of_transaction(&error)
            }
        })
    }
}

fn listen(browser: &IdbTransaction, outcome: &End) -> Result<[Listener; 2], JsValue> {
    let (completed, aborted, transaction) = (outcome.clone(), outcome.clone(), browser.clone());
    Ok([
        Listener::passing(browser, "complete", move |_| completed.settle(Ok(())))?,
        Listener::passing(browser, "abort", move |_| {
            aborted.settle(Err(transaction.error().map_or(JsValue::NULL, JsValue::from)));
        })?,
    ])
}

fn step<T>(result: Result<T, JsValue>) -> Step<T> {
    result.map_err(|thrown| failure::of_transaction(&thrown))
}

fn result_of(request: &IdbRequest) -> Step<JsValue> {
    step(request.result())
}

fn array_of(request: &IdbRequest) -> Step<Array> {
    Ok(result_of(request)?.unchecked_into())
}

/// Keys are whole numbers that the database handed out.
fn key_of(key: &JsValue) -> RecordKey {
    RecordKey(key.as_f64().unwrap_or_default() as u64)
}

fn js_key(key: RecordKey) -> JsValue {
    JsValue::from_f64(key.0 as f64)
}

/// Something else than bytes is read as an empty record, which the core sets aside as damaged.
fn bytes_of(value: &JsValue) -> Vec<u8> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()
}
