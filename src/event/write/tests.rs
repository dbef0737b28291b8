use serde_json::{Value, json};

use super::*;
use crate::error::ErrorCode;
use crate::event::{Answer, Message, MessageEvent, PeersSynced};
use crate::status::{ConnectionState, EndpointReason, Problem, Reason, Status, Transport};

fn written(kind: EventKind) -> Value {
    let mut json = JsonText::default();
    Event { room: 3, kind }.write(&mut json, WallClock(1_000.4));
    serde_json::from_str(&json.finish()).unwrap()
}

#[test]
fn a_change_of_a_document_is_told_with_its_path_and_its_delta() {
    let path = vec![Segment::Key("a".into()), Segment::Index(2)];
    let bold = Attributes::from([("bold".to_owned(), Value::Bool(true))]);
    let text = Change::Text {
        path: path.clone(),
        target: "n/1/2".into(),
        delta: vec![
            TextOp::Retain { retain: 1, attributes: Some(bold) },
            TextOp::Insert { insert: "\"[{".into(), attributes: None },
            TextOp::Delete { delete: 4 },
        ],
    };
    let list = Change::List {
        path: Vec::new(),
        target: "r/l".into(),
        delta: vec![
            ListOp::Insert { insert: vec![json!(1.5), json!({"k": []})] },
            ListOp::Retain { retain: 1 },
            ListOp::Delete { delete: 2 },
        ],
    };
    let map = Change::Map {
        path: Vec::new(),
        target: "r/m".into(),
        set: Attributes::from([("__proto__".to_owned(), Value::Null)]),
        removed: vec!["x".into()],
    };
    let told = written(EventKind::Doc {
        origin: ChangeOrigin::Remote,
        changes: vec![text, list, map],
        update: None,
    });
    let expected = json!({"type": "doc", "room": 3, "origin": "remote", "changes": [
        {"kind": "text", "path": ["a", 2], "target": "n/1/2", "delta": [
            {"retain": 1, "attributes": {"bold": true}}, {"insert": "\"[{"}, {"delete": 4}]},
        {"kind": "list", "path": [], "target": "r/l",
            "delta": [{"insert": [1.5, {"k": []}]}, {"retain": 1}, {"delete": 2}]},
        {"kind": "map", "path": [], "target": "r/m", "set": {"__proto__": null}, "removed": ["x"]},
    ]});
    assert_eq!(told, expected);
}

#[test]
fn a_connection_is_told_with_null_for_what_is_not_known() {
    let lost = ConnectionState {
        status: Status::Reconnecting,
        transport: None,
        attempt: 2,
        next_retry_at: Some(5),
        reason: Some(Reason::Closed { code: 1006, reason: "gone".into() }),
        rtt: None,
        error: Some(Problem::new(ErrorCode::Auth, "m")),
    };
    let error = json!({"code": "E_AUTH", "message": "m", "retryable": false});
    assert_eq!(
        written(EventKind::Connection(lost)),
        json!({"type": "connection", "room": 3, "status": "reconnecting", "transport": null,
            "attempt": 2, "nextRetryAt": 1005, "rtt": null, "error": error,
            "reason": {"kind": "closed", "code": 1006, "reason": "gone"}})
    );
    let up = ConnectionState {
        status: Status::Connected,
        transport: Some(Transport::WebSocket),
        attempt: 0,
        next_retry_at: None,
        reason: Some(Reason::Timeout { waiting_for: "auth" }),
        rtt: Some(9),
        error: None,
    };
    assert_eq!(
        written(EventKind::Connection(up)),
        json!({"type": "connection", "room": 3, "status": "connected", "transport": "websocket",
            "attempt": 0, "nextRetryAt": null, "rtt": 9, "error": null,
            "reason": {"kind": "timeout", "waitingFor": "auth"}})
    );
}

#[test]
fn every_other_event_has_its_form() {
    let sync = SyncState {
        status: SyncStatus::Synchronizing,
        local: Durability::Saving,
        pending: 7,
        held: 1,
        peers: PeersSynced { synced: 2, of: 3 },
        obstacle: Some(Obstacle::ReadOnly),
    };
    let presence = EventKind::Presence { updated: vec![(5, "{}".into())], removed: vec![6] };
    let endpoint = EventKind::Endpoint { request: 1, attempt: 2, reason: EndpointReason::Rejected };
    let cases = [
        (EventKind::Ready, json!({"type": "ready", "room": 3})),
        (
            EventKind::Sync(sync),
            json!({"type": "sync", "room": 3, "status": "synchronizing", "local": "saving", "pending": 7, "held": 1,
                "peers": {"synced": 2, "of": 3}, "obstacle": "read-only"}),
        ),
        (presence, json!({"type": "presence", "room": 3, "updated": [[5, "{}"]], "removed": [6]})),
        (
            endpoint,
            json!({"type": "endpoint", "room": 3, "request": 1, "attempt": 2, "reason": "rejected"}),
        ),
        (
            EventKind::Identity { client_id: 8 },
            json!({"type": "identity", "room": 3, "clientId": 8}),
        ),
        (
            EventKind::Error(Problem::new(ErrorCode::Quota, "full")),
            json!({"type": "error", "room": 3, "code": "E_QUOTA", "message": "full", "retryable": true}),
        ),
    ];
    for (kind, expected) in cases {
        assert_eq!(written(kind), expected);
    }
}

#[test]
fn what_is_for_a_peer_is_told_with_its_bytes_beside_it() {
    let kind = EventKind::Path { path: 4, channel: PathChannel::Presence, frame: vec![1, 2] };
    let event = Event { room: 3, kind: kind.clone() };
    assert_eq!(event.attachments(), [vec![1, 2]]);
    assert_eq!(written(kind), json!({"type": "path", "room": 3, "path": 4, "channel": "presence"}));
    let problem = Problem::new(ErrorCode::Protocol, "odd");
    assert_eq!(
        written(EventKind::Dropped { path: 4, problem }),
        json!({"type": "dropped", "room": 3, "path": 4, "code": "E_PROTOCOL", "message": "odd", "retryable": false})
    );
    assert_eq!(
        written(EventKind::Signal { text: "{}".into() }),
        json!({"type": "signal", "room": 3, "text": "{}"})
    );
}

#[test]
fn messages_are_told_by_what_happened_to_them() {
    let (id, data) = ("a-1".to_owned(), "{\"x\":1}".to_owned());
    let message = Message { seq: 4, at: 5, from: 6, kind: 0, id: id.clone(), data, own: true };
    let shown = json!({"seq": 4, "at": 5, "from": 6, "kind": 0, "id": "a-1", "data": "{\"x\":1}", "own": true});
    let problem = || Problem::new(ErrorCode::Message, "no");
    let page = Answer::Page { more: true, messages: vec![message.clone()] };
    let cases = [
        (
            MessageEvent::State { supported: Some(true), recovered: None },
            json!({"what": "state", "supported": true, "recovered": null}),
        ),
        (
            MessageEvent::Received { reset: true, history: false, messages: vec![message.clone()] },
            json!({"what": "received", "reset": true, "history": false, "messages": [shown.clone()]}),
        ),
        (
            MessageEvent::Passing { direct: true, message: message.clone() },
            json!({"what": "passing", "direct": true, "message": shown.clone()}),
        ),
        (
            MessageEvent::Restored(vec![message]),
            json!({"what": "restored", "messages": [shown.clone()]}),
        ),
        (
            MessageEvent::Sent { id: id.clone(), seq: 4 },
            json!({"what": "sent", "id": "a-1", "seq": 4}),
        ),
        (
            MessageEvent::Refused { id, problem: problem() },
            json!({"what": "refused", "id": "a-1", "code": "E_MESSAGE", "message": "no", "retryable": false}),
        ),
        (
            MessageEvent::Answer { request: 7, answer: Answer::Delivered },
            json!({"what": "delivered", "request": 7}),
        ),
        (
            MessageEvent::Answer { request: 7, answer: page },
            json!({"what": "page", "request": 7, "more": true, "messages": [shown]}),
        ),
        (
            MessageEvent::Answer { request: 7, answer: Answer::Failed(problem()) },
            json!({"what": "failed", "request": 7, "code": "E_MESSAGE", "message": "no", "retryable": false}),
        ),
    ];
    for (event, mut expected) in cases {
        if let Some(members) = expected.as_object_mut() {
            members.extend([("type".to_owned(), json!("messages")), ("room".to_owned(), json!(3))]);
        }
        assert_eq!(written(EventKind::Messages(event)), expected);
    }
}
