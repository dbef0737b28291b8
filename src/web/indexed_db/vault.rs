//! Records that the app seals before they reach the disk.

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::io::StorageError;

/// Which way records go through a [`Vault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To the disk.
    Seal,
    /// From the disk.
    Open,
}

/// `(name of the database, whether to open, records)` → a promise of as many records; one that was damaged comes back empty.
#[derive(Clone, Debug)]
pub struct Vault(Function);

impl From<Function> for Vault {
    fn from(function: Function) -> Self {
        Self(function)
    }
}

impl Vault {
    /// The records after they went through it. Nothing is read or written if it refuses: what is there may be another key's.
    pub(super) async fn pass<R: AsRef<[u8]>>(
        &self,
        database: &str,
        way: Way,
        records: &[R],
    ) -> Result<Vec<Vec<u8>>, StorageError> {
        let list: Array = records.iter().map(|record| Uint8Array::from(record.as_ref())).collect();
        let passed = self.ask(database, way, &list).await.map_err(|_| StorageError::Unavailable)?;
        let passed: Vec<Vec<u8>> = Array::from(&passed)
            .iter()
            .map(|record| {
                record.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()
            })
            .collect();
        if passed.len() == records.len() { Ok(passed) } else { Err(StorageError::Unavailable) }
    }

    async fn ask(&self, database: &str, way: Way, list: &Array) -> Result<JsValue, JsValue> {
        let open = JsValue::from(way == Way::Open);
        let answer = self.0.call3(&JsValue::UNDEFINED, &database.into(), &open, list)?;
        JsFuture::from(Promise::resolve(&answer)).await
    }
}
