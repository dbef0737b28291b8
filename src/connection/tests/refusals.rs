//! Refusals: what closes and statuses say of a token, and what they do not.

use super::*;
use crate::connection::manner::TokenPlace;
use crate::io::Shown;

impl Rig {
    /// One whose app gives a token at each attempt.
    fn with_token(token: TokenPlace) -> Self {
        let mut rig = Self::new(Source::App);
        rig.connection.manner =
            Manner { token, bare: true, life: Life::Trust, ..Manner::default() };
        rig.run(Connection::connect);
        rig.give_token();
        rig
    }

    /// Answers the question for a token and returns why it was asked.
    fn give_token(&mut self) -> EndpointReason {
        let asked = self.actions.iter().find_map(|action| match action {
            Action::AskEndpoint(request, _, reason) => Some((*request, *reason)),
            _ => None,
        });
        let (request, reason) = asked.expect("a question for a token");
        let answer = EndpointAnswer {
            url: "ws://server",
            token: Some("token"),
            ..EndpointAnswer::default()
        };
        self.run(|connection, cx| connection.provide_endpoint(cx, request, answer));
        reason
    }

    /// Waits for the next attempt and gives it a token.
    fn try_again(&mut self) -> EndpointReason {
        self.pass();
        self.give_token()
    }

    /// Three attempts that never open; returns what is asked over HTTP then.
    fn never_open(&mut self, try_again: impl Fn(&mut Self)) -> (SocketId, Option<String>) {
        for _ in 0..2 {
            self.close(1006);
            try_again(self);
        }
        self.close(1006);
        let preflight = self.actions.iter().find_map(|action| match action {
            Action::Socket(id, SocketOutput::Preflight { token, .. }) => Some((*id, token.clone())),
            _ => None,
        });
        preflight.expect("a preflight")
    }

    fn answer(&mut self, id: SocketId, status: u16, retry_after: Option<u64>, shown: Shown) {
        self.run(|connection, cx| {
            let answer = SocketInput::HttpStatus { status, retry_after, shown };
            connection.handle_socket(cx, id, &answer);
        });
    }
}

fn subprotocol() -> TokenPlace {
    TokenPlace::Subprotocol { prefix: "bearer.".into(), encoded: true }
}

#[test]
fn the_status_of_a_refused_handshake_is_learnt_after_three_attempts() {
    let refused = |status, retry_after| {
        let mut rig = Rig::fixed();
        rig.run(Connection::connect);
        let (id, token) = rig.never_open(|rig| {
            rig.pass();
        });
        assert_eq!(token, None);
        rig.answer(id, status, retry_after, Shown::Everything);
        rig
    };
    let rig = refused(403, None);
    assert_eq!(
        (rig.problems().last(), rig.status()),
        (Some(&ErrorCode::Forbidden), Status::Disconnected)
    );
    let rig = refused(404, None);
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::NotFound], Status::Connecting));
    assert_eq!(rig.connection.status().reason, Some(Reason::Http { status: 404 }));
    let mut rig = refused(503, Some(9_000));
    assert_eq!(rig.problems(), [ErrorCode::Unavailable]);
    assert!((9_000..=13_500).contains(&rig.pass()));
}

#[test]
fn a_token_that_no_header_may_carry_is_left_out_of_the_question() {
    for (place, carried) in [
        (subprotocol(), Some("token")),
        (TokenPlace::Bearer, Some("token")),
        (TokenPlace::Query { name: "token".into() }, None),
        (TokenPlace::Cookie, None),
        (TokenPlace::FirstFrame, None),
    ] {
        let mut rig = Rig::with_token(place.clone());
        let (_, token) = rig.never_open(|rig| {
            rig.try_again();
        });
        assert_eq!(token.as_deref(), carried, "{place:?}");
    }
}

#[test]
fn a_token_refused_twice_over_http_is_the_end() {
    let mut rig = Rig::with_token(subprotocol());
    for reason in [EndpointReason::Reconnect, EndpointReason::Rejected] {
        let (id, _) = rig.never_open(|rig| {
            assert_eq!(rig.try_again(), reason);
        });
        rig.answer(id, 401, None, Shown::Everything);
        if reason == EndpointReason::Reconnect {
            assert_eq!(rig.try_again(), EndpointReason::Rejected);
        }
    }
    assert_eq!(rig.status(), Status::Disconnected);
    assert_eq!(rig.problems(), [ErrorCode::Auth, ErrorCode::Auth]);
}

#[test]
fn what_was_asked_with_less_than_the_handshake_shows_ends_nothing() {
    for (place, shown, status) in [
        (subprotocol(), Shown::Nothing, 401),
        (subprotocol(), Shown::Nothing, 403),
        (TokenPlace::Cookie, Shown::NoCookies, 401),
    ] {
        let mut rig = Rig::with_token(place);
        for _ in 0..3 {
            let (id, _) = rig.never_open(|rig| {
                rig.try_again();
            });
            rig.answer(id, status, None, shown);
            assert_eq!(rig.problems(), [ErrorCode::Connection]);
            assert_eq!(rig.connection.status().reason, Some(Reason::Http { status }));
            assert_eq!(rig.try_again(), EndpointReason::Rejected, "a fresh token may help");
        }
        rig.open();
    }
    let mut rig = Rig::with_token(subprotocol());
    let (id, _) = rig.never_open(|rig| {
        rig.try_again();
    });
    rig.answer(id, 403, None, Shown::NoCookies);
    assert_eq!(
        rig.status(),
        Status::Disconnected,
        "the token was shown, and cookies were not its place"
    );
}

#[test]
fn a_policy_violation_before_a_word_is_about_the_token() {
    let mut rig = Rig::with_token(subprotocol());
    rig.open();
    rig.close(1008);
    assert_eq!(rig.try_again(), EndpointReason::Rejected);
    rig.open();
    rig.close(1008);
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Auth], Status::Disconnected));
    let message = rig.connection.status().error.map(|problem| problem.message).unwrap_or_default();
    assert!(message.contains("1008") && message.contains("sign in"), "{message}");
}

#[test]
fn a_policy_violation_is_the_protocols_where_the_server_has_spoken_or_no_token_can_be_had() {
    let mut rig = Rig::with_token(subprotocol());
    rig.open();
    rig.socket_says(SocketInput::Text("hello".into()));
    rig.close(1008);
    assert_eq!(rig.try_again(), EndpointReason::Reconnect);
    let mut rig = Rig::fixed();
    rig.run(Connection::connect);
    for _ in 0..2 {
        rig.socket_says(SocketInput::Opened { protocol: String::new() });
        rig.close(1008);
        rig.pass();
    }
    rig.socket_says(SocketInput::Opened { protocol: String::new() });
    rig.close(1008);
    assert_eq!((rig.problems(), rig.status()), (vec![ErrorCode::Protocol], Status::Disconnected));
}

#[test]
fn a_token_that_ends_later_is_renewed_each_time() {
    let mut rig = Rig::with_token(subprotocol());
    for _ in 0..3 {
        rig.open();
        rig.socket_says(SocketInput::Text("hello".into()));
        rig.wait(60_000);
        rig.close(1008);
        rig.try_again();
        rig.open();
        rig.close(1008);
        assert_eq!(rig.try_again(), EndpointReason::Rejected);
    }
    assert_eq!(rig.problems(), []);
}

#[test]
fn a_link_that_is_never_quiet_is_proven_without_a_probe() {
    let mut rig = Rig::with_token(subprotocol());
    rig.connection.manner.life = Life::Probe;
    for _ in 0..3 {
        rig.open();
        for _ in 0..60 {
            rig.wait(1_000);
            rig.socket_says(SocketInput::Text("tick".into()));
        }
        assert_eq!(rig.connection.backoff.attempt(), 0);
        rig.close(4401);
        assert_eq!(rig.try_again(), EndpointReason::Rejected);
    }
    assert_eq!(rig.problems(), []);
}

#[test]
fn a_status_that_comes_while_the_app_thinks_about_the_close_is_heeded() {
    let mut rig = Rig::with_token(TokenPlace::Query { name: "token".to_owned() });
    rig.connection.manner.ask = true;
    let rule = |rig: &mut Rig| {
        let asked = rig.actions.iter().rev().find_map(|action| match action {
            Action::AskVerdict(request, ..) => Some(*request),
            _ => None,
        });
        let request = asked.expect("a question about the close");
        rig.run(|connection, cx| connection.provide_ruling(cx, request, Ruling::Default));
    };
    let (id, _) = rig.never_open(|rig| {
        rule(rig);
        rig.try_again();
    });
    rig.answer(id, 401, None, Shown::Everything);
    assert_eq!(rig.problems(), [ErrorCode::Auth]);
    assert_eq!(rig.try_again(), EndpointReason::Rejected);
}
