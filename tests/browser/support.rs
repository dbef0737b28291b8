//! A host that writes down its inputs, and the page's own way to databases and locks.

#[path = "support/seat.rs"]
pub(crate) mod seat;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use rejoin::io::{Input, StorageError, StorageReply, StorageTask, TaskId};
use rejoin::web::host::Host;
use rejoin::web::indexed_db::{Durability, Storage, Vault};
use rejoin::web::reply::Reply;

/// How often an input is looked for; a browser makes at least four milliseconds of each.
const PATIENCE: u32 = 2_000;

/// The inputs of one host, in order.
pub(crate) struct Probe {
    pub(crate) host: Host,
    inputs: Rc<RefCell<VecDeque<Input>>>,
}

impl Probe {
    pub(crate) fn new() -> Self {
        let inputs = Rc::new(RefCell::new(VecDeque::new()));
        let inbox = Rc::clone(&inputs);
        Self { host: Host::new(move |input| inbox.borrow_mut().push_back(input)), inputs }
    }

    /// The next input, waited for.
    pub(crate) async fn next(&self) -> Input {
        for _ in 0..PATIENCE {
            if let Some(input) = self.inputs.borrow_mut().pop_front() {
                return input;
            }
            sleep(1).await;
        }
        panic!("no input came");
    }

    /// What came by now.
    pub(crate) fn heard(&self) -> Vec<Input> {
        self.inputs.borrow_mut().drain(..).collect()
    }
}

/// One database of its own, deleted at the start.
pub(crate) struct Log {
    pub(crate) probe: Probe,
    pub(crate) storage: Storage,
    pub(crate) name: String,
    tasks: Cell<u32>,
}

pub(crate) type Answer = Result<StorageReply, StorageError>;

impl Log {
    pub(crate) async fn new(name: &str) -> Self {
        let log = Self::reopen(&format!("rejoin/test/{name}"));
        page::delete_database(&log.name).await;
        log
    }

    /// Another tab's view of the same database.
    pub(crate) fn reopen(name: &str) -> Self {
        Self::sealed(name, None)
    }

    /// The same behind a vault.
    pub(crate) fn sealed(name: &str, vault: Option<Vault>) -> Self {
        let probe = Probe::new();
        let storage = Storage::new(probe.host.clone(), Durability::default(), vault, None);
        Self { probe, storage, name: name.to_owned(), tasks: Cell::new(0) }
    }

    /// Starts a task; the answer is the probe's to tell.
    pub(crate) fn start(&self, task: StorageTask) -> TaskId {
        let id = TaskId(self.tasks.replace(self.tasks.get() + 1));
        self.storage.perform(id, task);
        id
    }

    pub(crate) async fn run(&self, task: StorageTask) -> Answer {
        let id = self.start(task);
        self.answer(id).await
    }

    pub(crate) async fn answer(&self, id: TaskId) -> Answer {
        match self.probe.next().await {
            Input::Storage(answered, answer) => {
                assert_eq!(answered, id);
                answer
            }
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    pub(crate) async fn load(&self) -> Answer {
        self.run(StorageTask::Load { database: self.name.clone() }).await
    }

    pub(crate) async fn append(&self, records: &[&[u8]]) -> Answer {
        self.run(self.appending(records)).await
    }

    pub(crate) fn appending(&self, records: &[&[u8]]) -> StorageTask {
        let records = records.iter().map(|record| record.to_vec()).collect();
        StorageTask::Append { database: self.name.clone(), records }
    }

    /// The bytes of all records, in key order.
    pub(crate) async fn records(&self) -> Vec<Vec<u8>> {
        match self.load().await {
            Ok(StorageReply::Loaded(records)) => {
                records.into_iter().map(|(_, bytes)| bytes).collect()
            }
            other => panic!("could not load: {other:?}"),
        }
    }
}

pub(crate) async fn sleep(millis: u32) {
    let done = Reply::new();
    let bell = done.clone();
    let _timeout = Timeout::new(millis, move || bell.settle(()));
    done.await;
}

/// What a page does without us.
pub(crate) mod page {
    use js_sys::Function;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen(module = "/tests/browser/page.js")]
    extern "C" {
        #[wasm_bindgen(js_name = deleteDatabase)]
        pub(crate) async fn delete_database(name: &str);

        /// Number of records, and -1 if there is no database.
        #[wasm_bindgen(js_name = countRecords)]
        async fn count_records_js(name: &str) -> JsValue;

        /// Whether a newer version of the database could be made.
        #[wasm_bindgen(js_name = upgrade)]
        async fn upgrade_js(name: &str) -> JsValue;

        /// A function that gives the lock back.
        #[wasm_bindgen(js_name = holdLock)]
        async fn hold_lock_js(name: &str) -> JsValue;

        /// Opens the database and does not close it when asked to.
        #[wasm_bindgen(js_name = openStubbornly)]
        async fn open_stubbornly_js(name: &str) -> JsValue;

        /// Begins a transaction that does not end until the function that is returned is called.
        #[wasm_bindgen(js_name = occupy)]
        async fn occupy_js(name: &str) -> JsValue;

        /// Starts a deletion that others may block.
        #[wasm_bindgen(js_name = startDeletion)]
        pub(crate) fn start_deletion(name: &str);

        /// Makes a method throw an error of this name; the function that is returned makes it whole again.
        #[wasm_bindgen(js_name = sabotage)]
        pub(crate) fn sabotage(class: &str, method: &str, error: &str) -> Function;

        /// Has the next transaction lose its database in its commit.
        #[wasm_bindgen(js_name = closeInCommit)]
        pub(crate) fn close_in_commit();

        /// Hides a global; the function that is returned brings it back.
        #[wasm_bindgen(js_name = hide)]
        pub(crate) fn hide(global: &str) -> Function;

        /// Has `new WebSocket` call back before it fails; the function that is returned undoes it.
        #[wasm_bindgen(js_name = replaceSocket)]
        pub(crate) fn replace_socket(callback: &JsValue) -> Function;

        /// Counts errors that nobody catches; the function that is returned ends the count and tells it.
        #[wasm_bindgen(js_name = countUncaught)]
        pub(crate) fn count_uncaught() -> Function;

        #[wasm_bindgen(js_name = dispatch)]
        pub(crate) fn dispatch(target: &str, kind: &str, persisted: bool);
    }

    pub(crate) async fn count_records(name: &str) -> f64 {
        count_records_js(name).await.as_f64().unwrap()
    }

    pub(crate) async fn upgrade(name: &str) -> bool {
        upgrade_js(name).await.as_bool().unwrap()
    }

    pub(crate) async fn hold_lock(name: &str) -> Function {
        hold_lock_js(name).await.into()
    }

    pub(crate) async fn open_stubbornly(name: &str) -> Function {
        open_stubbornly_js(name).await.into()
    }

    pub(crate) async fn occupy(name: &str) -> Function {
        occupy_js(name).await.into()
    }

    pub(crate) fn counted(count: &Function) -> f64 {
        count.call0(&JsValue::UNDEFINED).unwrap().as_f64().unwrap()
    }

    pub(crate) fn call(function: &Function) {
        function.call0(&JsValue::UNDEFINED).unwrap();
    }
}
