//! What happens to the page reaches the core.

use rejoin::io::{Environment, Input};
use rejoin::web::environment;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Probe, page};

#[wasm_bindgen_test]
fn the_life_of_the_page_is_told() {
    let probe = Probe::new();
    let listeners = environment::listen(&probe.host);
    for (target, kind) in [
        ("window", "online"),
        ("window", "offline"),
        ("document", "freeze"),
        ("document", "resume"),
    ] {
        page::dispatch(target, kind, false);
    }
    page::dispatch("window", "pagehide", true);
    page::dispatch("window", "pageshow", false);
    page::dispatch("document", "visibilitychange", false);
    let expected = [
        Environment::Online,
        Environment::Offline,
        Environment::Freeze,
        Environment::Resume,
        Environment::PageHide { persisted: true },
        Environment::PageShow { persisted: false },
        Environment::Visible,
    ];
    assert_eq!(probe.heard(), expected.map(Input::Environment));
    drop(listeners);
    page::dispatch("window", "online", false);
    assert_eq!(probe.heard(), []);
}

#[wasm_bindgen_test]
fn a_page_that_is_seen_and_online_starts_without_news() {
    assert_eq!(environment::initial(), []);
}
