//! Storage of the app's own, in the place of IndexedDB.

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::io::{Input, RecordKey, StorageError, StorageReply, StorageTask, TaskId};
use crate::web::convert::error_name;
use crate::web::host::Host;

/// `(name of the database)` → a promise of `[key, record]` of each record, in order; `(name, records to add, keys to delete)`,
/// all or nothing → a promise of the keys of those that were added.
#[derive(Clone, Debug)]
pub struct Adapter(Function);

impl From<Function> for Adapter {
    fn from(function: Function) -> Self {
        Self(function)
    }
}

impl Adapter {
    /// Does a task; it is answered with [`Input::Storage`].
    pub fn perform(&self, host: &Host, id: TaskId, task: StorageTask) {
        let (adapter, host) = (self.clone(), host.clone());
        spawn_local(async move {
            let answer = adapter.answer(task).await;
            host.feed(Input::Storage(id, answer));
        });
    }

    async fn answer(&self, task: StorageTask) -> Result<StorageReply, StorageError> {
        match task {
            StorageTask::Load { database } => Ok(StorageReply::Loaded(self.read(&database).await?)),
            StorageTask::Read { database, key } => {
                let records = self.read(&database).await?;
                let found = records.into_iter().find(|(known, _)| *known == key);
                Ok(StorageReply::Record(found.map(|(_, record)| record)))
            }
            StorageTask::Append { database, records } => self.write(&database, &records, &[]).await,
            StorageTask::Replace { database, record, remove } => {
                self.write(&database, &[record], &remove).await
            }
            StorageTask::Close { .. } => Ok(StorageReply::Closed),
        }
    }

    async fn read(&self, database: &str) -> Result<Vec<(RecordKey, Vec<u8>)>, StorageError> {
        let stored = self.ask(&Array::of1(&database.into())).await?;
        let records = stored.iter().map(|entry| {
            let entry = Array::from(&entry);
            let bytes = entry.get(1);
            let record = bytes.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
            (key_of(&entry.get(0)), record.unwrap_or_default())
        });
        Ok(records.collect())
    }

    async fn write(
        &self,
        database: &str,
        records: &[Vec<u8>],
        remove: &[RecordKey],
    ) -> Result<StorageReply, StorageError> {
        let records: Array = records.iter().map(|record| Uint8Array::from(&record[..])).collect();
        let remove: Array = remove.iter().map(|key| JsValue::from_f64(key.0 as f64)).collect();
        let keys = self.ask(&Array::of3(&database.into(), &records, &remove)).await?;
        Ok(StorageReply::Written(keys.iter().map(|key| key_of(&key)).collect()))
    }

    async fn ask(&self, given: &Array) -> Result<Array, StorageError> {
        let failed = |thrown: JsValue| match error_name(&thrown).as_str() {
            "QuotaExceededError" => StorageError::Quota,
            _ => StorageError::Aborted,
        };
        let answer = self.0.apply(&JsValue::UNDEFINED, given).map_err(failed)?;
        let settled = JsFuture::from(Promise::resolve(&answer)).await.map_err(failed)?;
        Ok(settled.unchecked_into())
    }
}

/// Keys are whole numbers; TypeScript sees to that.
fn key_of(key: &JsValue) -> RecordKey {
    RecordKey(key.as_f64().unwrap_or_default() as u64)
}
