//! Meshes of one page, with real connections between them and the room's server played by the test.

#[path = "peers/room.rs"]
mod room;

use room::Room;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn two_peers_connect_and_a_message_of_a_megabyte_arrives_whole() {
    let mut room = Room::new(&[r#"{"room":"r","instance":"a"}"#, r#"{"room":"r","instance":"b"}"#]);
    room.open();
    room.until("both are up", |room| room.is_up(0, 1) && room.is_up(1, 0)).await;
    let document: Vec<u8> = (0..1_000_000u32).map(|at| (at * 31) as u8).collect();
    room.send(0, 1, "sync", &document);
    room.send(1, 0, "presence", b"here");
    room.until("both have heard", |room| {
        room.heard(1, "sync") == [document.clone()]
            && room.heard(0, "presence") == [b"here".to_vec()]
    })
    .await;
    room.until("the way is known", |room| room.path(0, 1) == "direct").await;
    assert_eq!(room.errors(), Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn both_begin_at_once_and_end_with_one_link() {
    let options = |name| format!(r#"{{"room":"r","instance":"{name}","jitter":0,"courtesy":0}}"#);
    let mut room = Room::new(&[&options("a"), &options("b")]);
    room.open();
    room.until("both are up", |room| room.is_up(0, 1) && room.is_up(1, 0)).await;
    room.send(0, 1, "msg", b"once");
    room.until("it arrives", |room| room.heard(1, "msg") == [b"once".to_vec()]).await;
}

#[wasm_bindgen_test]
async fn peers_with_one_key_connect_and_one_without_is_kept_out() {
    let keyed = |name, key| format!(r#"{{"room":"r","instance":"{name}","key":"{key}"}}"#);
    let mut room = Room::new(&[&keyed("a", "k"), &keyed("b", "k"), &keyed("c", "other")]);
    room.open();
    room.until("those with the key are up", |room| room.is_up(0, 1) && room.is_up(1, 0)).await;
    room.until("the third is told off", |room| {
        room.errors().iter().filter(|code| *code == "E_FORBIDDEN").count() >= 2
    })
    .await;
    assert!(!room.is_up(0, 2) && !room.is_up(1, 2));
}

#[wasm_bindgen_test]
async fn a_link_goes_on_without_signaling_and_a_goodbye_is_heard_at_once() {
    let mut room = Room::new(&[r#"{"room":"r","instance":"a"}"#, r#"{"room":"r","instance":"b"}"#]);
    room.open();
    room.until("both are up", |room| room.is_up(0, 1) && room.is_up(1, 0)).await;
    room.cut(0);
    room.cut(1);
    room.send(0, 1, "msg", b"still here");
    room.until("it arrives", |room| room.heard(1, "msg") == [b"still here".to_vec()]).await;
    room.leave(0);
    room.until("the other knows", |room| room.state(1, 0) == "gone").await;
}

#[wasm_bindgen_test]
async fn a_file_of_four_megabytes_arrives_whole_and_presence_passes_it() {
    let mut room = Room::new(&[r#"{"room":"r","instance":"a"}"#, r#"{"room":"r","instance":"b"}"#]);
    room.open();
    room.until("both are up", |room| room.is_up(0, 1) && room.is_up(1, 0)).await;
    room.send_file(0, 1, 4_000_000);
    room.until("some has come", |room| room.received(1) > 0).await;
    room.send(0, 1, "presence", b"passing");
    room.until("presence is there", |room| !room.heard(1, "presence").is_empty()).await;
    room.until("both say that it is done", |room| {
        room.files(0).last() == Some(&"done") && room.files(1).last() == Some(&"done")
    })
    .await;
    assert_eq!(room.received(1), 4_000_000);
    assert_eq!(room.errors(), Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn a_camera_is_seen_by_who_is_there_and_by_who_comes_later_and_is_never_stopped() {
    let options = ["a", "b", "c"].map(|name| format!(r#"{{"room":"r","instance":"{name}"}}"#));
    let mut room = Room::new(&[&options[0], &options[1], &options[2]]);
    room.enter(0);
    room.enter(1);
    room.until("two are up", |room| room.is_up(0, 1) && room.is_up(1, 0)).await;
    let camera = room::camera().await;
    room.show(0, "camera", &camera);
    room.until("it is seen", |room| room.sees(1, 0, "camera")).await;
    room.enter(2);
    room.until("it is seen by the third", |room| room.sees(2, 0, "camera")).await;
    assert!(!room.sees(2, 1, "camera"), "who shows nothing is not seen");
    room.show(0, "camera", &wasm_bindgen::JsValue::NULL);
    room.leave(0);
    assert!(room::is_live(&camera), "the app's track is the app's");
    room::stop(&camera);
}

#[wasm_bindgen_test]
async fn six_peers_make_a_full_mesh() {
    let options: Vec<String> = ["a", "b", "c", "d", "e", "f"]
        .map(|name| format!(r#"{{"room":"r","instance":"{name}"}}"#))
        .into();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut room = Room::new(&options);
    room.open();
    let pairs: Vec<(usize, usize)> =
        (0..6).flat_map(|a| (0..6).filter(move |b| a != *b).map(move |b| (a, b))).collect();
    room.until("all are up", |room| pairs.iter().all(|(a, b)| room.is_up(*a, *b))).await;
    room.until("all know all neighbours", |room| {
        pairs.iter().all(|(a, b)| room.neighbours(*a, *b).len() == 5)
    })
    .await;
}
