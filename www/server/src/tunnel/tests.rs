//! What clients do that want to cost memory.

use std::sync::Weak;
use std::time::Duration;

use futures_util::FutureExt;
use rejoin::protocol::auth::Auth;
use rejoin::tunnel::body::{Body as Batch, Item};
use tokio::time::{sleep, timeout};

use super::session::Cursor;
use super::*;
use crate::access::Permit;
use crate::config::{Config, TunnelConfig};
use crate::pump::tests::Idle;

/// More than the pace of such frames lets through while a test runs.
const MANY: usize = 1_000;

/// A session whose client has shown no token and that ends soon, since nobody reads its events.
fn pending() -> (Shared, Arc<Live>, Idle) {
    let (hub, idle) = Idle::start(1_000_000);
    let tunnel = TunnelConfig { grace: Duration::from_millis(200), ..TunnelConfig::default() };
    let shared = Shared::new(hub, Config { tunnel, ..Config::default() });
    let permit = Permit { lifetime: None, readonly: false, pending: true, user: None };
    let live = Live::start(&shared, "room".into(), permit).expect("a name");
    (shared, live, idle)
}

/// A request that brings one frame many times.
fn bringing(frame: &[u8]) -> Request<Body> {
    let items = vec![Item::Frame(frame); MANY];
    let body = Batch { received: 0, first: 1, items }.encode();
    Request::post("/room").body(Body::from(body)).expect("a request")
}

async fn ends(live: &Weak<Live>) {
    let end = async {
        while live.strong_count() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    within(end).await;
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("it takes too long")
}

#[tokio::test]
async fn a_session_that_is_over_keeps_nothing_of_what_is_still_handed_over() {
    let (shared, live, _idle) = pending();
    let (name, weak) = (live.name().to_owned(), Arc::downgrade(&live));
    drop(live);
    let taken = within(take(shared, &name, bringing(&Auth::Ask.encode()))).await;
    assert_eq!(taken.err(), Some(Refusal::NoSession));
    ends(&weak).await;
}

#[tokio::test]
async fn who_says_what_servers_say_of_tokens_is_sent_away() {
    for auth in [Auth::Admitted(0), Auth::Refused("no")] {
        let (shared, live, _idle) = pending();
        let taken = within(take(shared, live.name(), bringing(&auth.encode()))).await;
        assert!(taken.is_ok(), "{taken:?}");
        let mut told = String::new();
        while !told.contains("event:close\ndata:1002 ") {
            tokio::task::yield_now().await;
            told = live.events(&mut Cursor::default(), 1_000).expect("whole frames").0;
        }
    }
}

#[tokio::test]
async fn requests_that_were_given_up_count_until_they_are_handed_over() {
    let (shared, live, _idle) = pending();
    let request = || take(shared.clone(), live.name(), bringing(&Auth::Ask.encode()));
    for _ in 0..3 {
        assert!(request().now_or_never().is_none(), "taken up, and given up by its client");
    }
    for _ in 0..2 {
        let refused = request().now_or_never().expect("an answer at once");
        assert_eq!(refused.err(), Some(Refusal::Full));
    }
}
