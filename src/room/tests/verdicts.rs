use super::*;
use crate::connection::answer::Answer;
use crate::connection::manner::Ruling;

/// A room that is online and whose app says what closes mean, closed by the server.
fn closed(code: u16) -> (Rig, u32) {
    let config = Config { url: Some("ws://s".into()), asks_on_close: true, ..Config::default() };
    let mut rig = Rig::with_config(&config, 3, PathMode::default());
    rig.answer(StorageReply::Loaded(Vec::new()));
    rig.open();
    rig.receive(encode::sync_step_1(EMPTY_VECTOR));
    rig.receive(encode::sync_step_2(EMPTY_UPDATE));
    rig.close(code);
    let asked = rig.events.iter().find_map(|event| match event {
        EventKind::Verdict { request, code, reason } => Some((*request, *code, reason.as_str())),
        _ => None,
    });
    let (request, told, reason) = asked.expect("a question");
    assert_eq!((told, reason), (code, "why"));
    (rig, request)
}

impl Rig {
    fn close(&mut self, code: u16) {
        let id = self.socket.take().expect("a socket");
        let input = SocketInput::Closed { code, reason: "why".into(), clean: true };
        self.run(|room, cx| room.handle_socket(cx, id, input));
    }

    fn rule(&mut self, request: u32, ruling: Ruling) {
        self.run(|room, cx| room.answer(cx, request, Answer::Ruling(ruling)));
    }
}

fn status(rig: &Rig) -> Status {
    rig.room.connection.status().status
}

#[test]
fn what_a_code_of_the_servers_own_means_is_the_apps_to_say() {
    let (mut rig, request) = closed(4403);
    rig.type_text("a");
    rig.rule(request, Ruling::Retry(Some(1_000)));
    assert_eq!((status(&rig), rig.socket), (Status::Reconnecting, None));
    rig.wait(1_500);
    assert!(rig.socket.is_some(), "the table alone would have ended it");
    let (mut rig, request) = closed(4001);
    rig.rule(request, Ruling::Fail);
    assert_eq!((status(&rig), rig.problems()), (Status::Disconnected, vec![ErrorCode::Connection]));
    rig.run(Room::connect);
    assert!(rig.socket.is_some(), "until it is to connect again");
}

#[test]
fn an_app_that_leaves_a_close_open_leaves_it_to_the_table() {
    let (mut rig, request) = closed(4403);
    rig.rule(request, Ruling::Default);
    assert_eq!(rig.problems(), [ErrorCode::Forbidden]);
    let (mut rig, request) = closed(4403);
    rig.wait(5_000);
    assert_eq!(rig.problems(), [ErrorCode::Forbidden]);
    rig.rule(request, Ruling::Retry(None));
    assert_eq!(status(&rig), Status::Disconnected, "a late answer changes nothing");
}

#[test]
fn a_room_that_asks_nobody_reads_closes_by_itself() {
    let mut rig = Rig::online();
    rig.close(4403);
    assert_eq!(rig.problems(), [ErrorCode::Forbidden]);
    assert!(!rig.events.iter().any(|event| matches!(event, EventKind::Verdict { .. })));
}
