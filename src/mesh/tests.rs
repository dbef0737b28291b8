//! Whole meshes under a virtual clock: what the app is told, and when.

pub(super) mod browser;
mod files;
mod hostile;
mod outage;
pub(super) mod world;

use super::Channel;
use super::ice::IceAnswer;
use super::link::LinkState;
use super::options::MeshOptions;
use crate::error::ErrorCode;
use crate::io::{Candidate, Environment, IceServer, PeerConnectionId, PeerInput, PeerState};
use serde_json::json;
use world::World;

#[test]
fn two_pages_connect_by_one_offer_and_one_answer() {
    let mut world = World::pair(1);
    let took = world.until(2_000, |world| world.are_up(0, 1));
    assert!(took < 800, "{took} ms");
    assert_eq!(world.pages.iter().map(|page| page.said).sum::<usize>(), 2);
    world.send(0, 1, Channel::Message, b"hello");
    world.until(100, |world| world.pages[1].heard(Channel::Message) == [b"hello"]);
}

#[test]
fn a_message_of_ten_megabytes_arrives_whole_and_those_behind_it_in_order() {
    let mut world = World::pair(2);
    world.until(2_000, |world| world.are_up(0, 1));
    let large: Vec<u8> = (0..10_000_000u32).map(|at| at as u8).collect();
    world.send(0, 1, Channel::Sync, &large);
    world.send(0, 1, Channel::Sync, b"after");
    world.until(10_000, |world| world.pages[1].heard(Channel::Sync).len() == 2);
    assert!(world.pages[1].heard(Channel::Sync) == [large.as_slice(), b"after"]);
}

#[test]
fn a_blackhole_of_25_seconds_is_told_and_healed_on_the_same_connection() {
    let mut world = World::pair(3);
    world.until(2_000, |world| world.are_up(0, 1));
    let connection = world.connection(0, 1);
    world.network.cut(0, 1);
    world.until(7_000, |world| world.state(0, 1) == Some(LinkState::Suspect));
    world.send(0, 1, Channel::Message, b"in the dark");
    world.until(4_000, |world| world.state(0, 1) == Some(LinkState::Restarting));
    world.until(12_000, |world| world.state(0, 1) == Some(LinkState::Parked));
    world.run(6_000);
    world.network.heal();
    let took = world.until(3_000, |world| world.are_up(0, 1));
    assert!(took <= 1_000, "{took} ms");
    world.until(100, |world| world.pages[1].heard(Channel::Message) == [b"in the dark"]);
    assert_eq!(world.connection(0, 1), connection);
}

#[test]
fn lost_allocations_are_replaced_by_restarting_ice_on_the_same_connection() {
    let mut world = World::pair(4);
    world.until(2_000, |world| world.are_up(0, 1));
    let connection = world.connection(0, 1);
    world.network.lose_allocations();
    world.until(8_000, |world| world.state(0, 1) == Some(LinkState::Suspect));
    let took = world.until(5_000, |world| world.are_up(0, 1));
    assert!(took <= 5_000, "{took} ms");
    assert_eq!(world.connection(0, 1), connection);
}

#[test]
fn behind_a_relay_that_forgot_everything_ice_is_restarted_sooner_than_on_a_direct_way() {
    let after_silence = |relayed| {
        let mut world = World::pair(15);
        world.network.relayed = relayed;
        world.until(2_000, |world| world.are_up(0, 1));
        world.run(100);
        world.network.lose_allocations();
        world.until(8_000, |world| world.state(0, 1) == Some(LinkState::Suspect));
        world.until(3_000, |world| world.are_up(0, 1))
    };
    let (direct, relayed) = (after_silence(false), after_silence(true));
    assert!(direct >= 2_000, "{direct} ms");
    assert!(relayed <= 1_000, "{relayed} ms");
}

#[test]
fn a_restart_waits_for_signaling_and_comes_at_once_when_it_is_back() {
    let mut world = World::pair(5);
    world.until(2_000, |world| world.are_up(0, 1));
    let said = |world: &World| world.pages.iter().map(|page| page.said).sum::<usize>();
    for at in 0..2 {
        world.lose_signaling(at);
    }
    world.network.lose_allocations();
    let before = said(&world);
    world.run(40_000);
    assert_eq!(world.state(0, 1), Some(LinkState::Parked));
    assert_eq!(said(&world), before, "nothing is said where nobody hears");
    for at in 0..2 {
        world.enter(at);
    }
    let took = world.until(5_000, |world| world.are_up(0, 1));
    assert!(took <= 1_000, "{took} ms");
}

#[test]
fn tracks_are_agreed_on_over_the_link_itself_without_a_server() {
    let mut world = World::pair(6);
    world.until(2_000, |world| world.are_up(0, 1));
    let said = |world: &World| world.pages.iter().map(|page| page.said).sum::<usize>();
    for at in 0..2 {
        world.lose_signaling(at);
    }
    let (before, answers) = (said(&world), world.network.answers);
    for (at, of) in [(0, 1), (1, 0)] {
        let connection = PeerConnectionId(world.connection(at, of).unwrap());
        world.feed(at, connection, PeerInput::Needed);
    }
    world.until(1_000, |world| world.network.answers == answers + 2);
    assert_eq!(said(&world), before, "nothing is said where nobody hears");
}

#[test]
fn a_restart_of_ice_with_new_credentials_goes_through_signaling_and_tracks_over_the_link_once_it_is_gone()
 {
    let mut world = World::new(8, 2, &MeshOptions::default());
    world.network.relayed = true;
    for at in 0..2 {
        world.enter(at);
    }
    world.until(2_000, |world| world.are_up(0, 1));
    world.run(100);
    let said = |world: &World| world.pages.iter().map(|page| page.said).sum::<usize>();
    let (before, answers) = (said(&world), world.network.answers);
    world.tell(0, &json!({"t": "ice", "ice": {"iceServers": [], "ttlSeconds": 60}}));
    world.until(1_000, |world| world.network.answers == answers + 1);
    assert_eq!(said(&world), before + 2, "an offer and its answer");
    assert!(world.are_up(0, 1));
    for at in 0..2 {
        world.lose_signaling(at);
    }
    let connection = PeerConnectionId(world.connection(0, 1).unwrap());
    world.feed(0, connection, PeerInput::Needed);
    world.until(1_000, |world| world.network.answers == answers + 2);
}

#[test]
fn an_offer_that_is_lost_with_its_link_goes_through_signaling() {
    let mut world = World::pair(7);
    world.until(2_000, |world| world.are_up(0, 1));
    let answers = world.network.answers;
    world.network.cut(0, 1);
    let connection = PeerConnectionId(world.connection(0, 1).unwrap());
    world.feed(0, connection, PeerInput::Needed);
    world.until(10_000, |world| world.network.answers > answers);
}

#[test]
fn a_page_that_dies_is_suspect_at_once_and_gone_a_minute_after_it_left() {
    let mut world = World::pair(6);
    world.until(2_000, |world| world.are_up(0, 1));
    world.kill(1);
    let took = world.until(6_000, |world| world.state(0, 1) != Some(LinkState::Up));
    assert!(took <= 1_100, "{took} ms");
    world.until(70_000, |world| world.state(0, 1) == Some(LinkState::Gone));
    assert_eq!(world.network.open_connections(0), 0);
}

#[test]
fn a_page_that_leaves_is_gone_at_once() {
    let mut world = World::pair(7);
    world.until(2_000, |world| world.are_up(0, 1));
    world.environment(1, Environment::PageHide { persisted: false });
    let took = world.until(1_000, |world| world.state(0, 1) == Some(LinkState::Gone));
    assert!(took <= 100, "{took} ms");
}

#[test]
fn after_sleep_a_link_that_works_stays_and_one_that_does_not_is_restarted_at_once() {
    let mut world = World::pair(8);
    world.until(2_000, |world| world.are_up(0, 1));
    world.environment(0, Environment::ClockJump);
    world.run(1_500);
    assert!(world.are_up(0, 1));
    world.network.lose_allocations();
    world.environment(0, Environment::Online);
    world.until(1_100, |world| world.state(0, 1) == Some(LinkState::Restarting));
    world.until(2_000, |world| world.state(0, 1) == Some(LinkState::Up));
}

#[test]
fn signaling_that_loses_every_third_message_delays_links_and_prevents_none() {
    for seed in 0..40 {
        let mut world = World::new(seed, 2, &MeshOptions::default());
        world.loss = 33;
        // The hello itself may be lost too; a socket that opens anew says it again.
        for _ in 0..4 {
            world.enter(0);
            world.enter(1);
            world.run(1_000);
        }
        world.until(120_000, |world| world.are_up(0, 1));
    }
}

#[test]
fn without_any_address_the_reason_is_told_once() {
    let mut world = World::new(9, 2, &MeshOptions::default());
    world.network.blind = vec![0, 1];
    world.enter(0);
    world.enter(1);
    world.until(16_000, |world| world.pages[0].blocked == ["no-candidates"]);
    world.run(5_000);
    assert_eq!(world.pages[0].blocked, ["no-candidates"]);
}

#[test]
fn addresses_of_which_none_reaches_the_peer_are_told_with_what_the_turn_server_said() {
    const RELAY: &str = "candidate:1 1 udp 1 10.0.0.9 50000 typ relay raddr 10.0.0.1 rport 9";
    let cases = [
        (None, false, "no-route"),
        (Some(("turn:10.0.0.9:3478?transport=udp", 401)), false, "turn-unauthorized"),
        (Some(("turns:10.0.0.9:5349?transport=tcp", 486)), false, "turn-refused"),
        (Some(("turn:10.0.0.9:3478?transport=udp", 701)), false, "turn-unreachable"),
        (Some(("turn:10.0.0.9:3478?transport=udp", 701)), true, "no-route"),
        (Some(("stun:10.0.0.9:3478", 701)), false, "no-route"),
    ];
    for (refusal, relayed, told) in cases {
        let mut world = World::pair(19);
        world.network.cut(0, 1);
        world.until(1_000, |world| world.connection(0, 1).is_some());
        let connection = PeerConnectionId(world.connection(0, 1).unwrap());
        if let Some((url, code)) = refusal {
            let url = url.to_owned();
            world.feed(0, connection, PeerInput::CandidateError { url, code, text: String::new() });
        }
        if relayed {
            let (candidate, mid) = (RELAY.to_owned(), Some("0".to_owned()));
            let found = Candidate { candidate, mid, line: Some(0), ufrag: None };
            world.feed(0, connection, PeerInput::Candidate(found));
        }
        world.until(11_000, |world| !world.pages[0].blocked.is_empty());
        assert_eq!(world.pages[0].blocked, [told]);
        assert_eq!(world.state(0, 1), Some(LinkState::Connecting));
        world.network.heal();
        world.until(60_000, |world| world.are_up(0, 1));
    }
    // A peer that says nothing is not out of reach.
    let mut world = World::pair(20);
    world.run(15);
    world.kill(1);
    world.run(20_000);
    assert_eq!(world.pages[0].blocked, [""; 0]);
}

#[test]
fn a_refusal_of_servers_that_were_replaced_is_not_told_of_the_new_ones() {
    let mut world = World::new(19, 2, &MeshOptions { ice: true, ..MeshOptions::default() });
    world.network.cut(0, 1);
    world.enter(0);
    world.enter(1);
    world.run(50);
    let servers = vec![IceServer { urls: vec!["turn:a".into()], ..IceServer::default() }];
    let answer = IceAnswer { servers, ttl_seconds: None };
    let provide = |world: &mut World, at: usize| {
        let (request, _) = *world.pages[at].questions.last().unwrap();
        let answer = answer.clone();
        world.with(at, |mesh, cx| mesh.provide_ice(cx, request, answer));
    };
    (0..2).for_each(|at| provide(&mut world, at));
    world.until(1_000, |world| world.connection(0, 1).is_some());
    let connection = PeerConnectionId(world.connection(0, 1).unwrap());
    let url = "turn:10.0.0.9:3478?transport=udp".to_owned();
    world.feed(0, connection, PeerInput::CandidateError { url, code: 401, text: String::new() });
    provide(&mut world, 0);
    world.until(11_000, |world| !world.pages[0].blocked.is_empty());
    assert_eq!(world.pages[0].blocked, ["no-route"]);
}

#[test]
fn a_first_connection_that_hangs_without_failing_is_replaced() {
    let mut world = World::new(16, 2, &MeshOptions::default());
    world.network.hanging = true;
    world.enter(0);
    world.enter(1);
    world.run(5_000);
    world.network.hanging = false;
    world.until(90_000, |world| world.are_up(0, 1));
    assert!(world.connections_made <= 8, "{} connections", world.connections_made);
}

#[test]
fn a_search_for_addresses_that_hangs_at_one_end_costs_seconds() {
    for seed in 0..20 {
        let mut world = World::new(seed, 2, &MeshOptions::default());
        world.network.hanging = true;
        world.enter(0);
        world.enter(1);
        world.run(2_900);
        world.network.hanging = false;
        let took = world.until(10_000, |world| world.are_up(0, 1));
        assert!(took <= 6_000, "{took} ms");
        assert!(world.connections_made <= 6, "{} connections", world.connections_made);
    }
}

#[test]
fn a_link_that_never_comes_about_makes_few_connections() {
    let mut world = World::pair(10);
    world.network.cut(0, 1);
    world.run(600_000);
    assert!(world.connections_made <= 60, "{} connections", world.connections_made);
    assert!(world.network.open_connections(0) <= 1);
    world.network.heal();
    world.until(60_000, |world| world.are_up(0, 1));
}

#[test]
fn peers_that_cannot_be_reached_keep_nobody_else_from_being_tried() {
    let mut world = World::new(18, 1, &MeshOptions::default());
    world.enter(0);
    world.run(100);
    let peers = ["a", "b", "c", "d", "e"].map(|name| json!({"inst": name}));
    world.tell(0, &json!({"t": "welcome", "you": world.pages[0].name, "peers": peers}));
    world.run(60_000);
    let tried: Vec<&str> = world.pages[0].status.keys().map(String::as_str).collect();
    assert_eq!(tried, ["a", "b", "c", "d", "e"]);
    world.run(540_000);
    assert!(world.connections_made <= 300, "{} connections", world.connections_made);
}

#[test]
fn twelve_pages_that_may_make_a_full_mesh_without_a_storm() {
    let options = MeshOptions { full_mesh: 11, ..MeshOptions::default() };
    let mut world = World::new(11, 12, &options);
    for at in 0..12 {
        world.enter(at);
    }
    let all = |world: &World| (0..12).all(|a| (0..12).all(|b| a == b || world.are_up(a, b)));
    world.until(20_000, all);
    assert_eq!(world.connections_made, 12 * 11);
    world.until(1_000, |world| world.all_know_of_links(11));
}

#[test]
fn whom_a_peer_has_links_with_is_known_also_if_it_said_so_before_this_end_was_up() {
    let mut world = World::new(16, 3, &MeshOptions::default());
    world.network.busy.push(2);
    for at in 0..3 {
        world.enter(at);
    }
    world.until(3_000, |world| (0..3).all(|at| world.are_up(at, (at + 1) % 3)));
    world.until(100, |world| world.all_know_of_links(2));
}

#[test]
fn whom_a_peer_has_links_with_is_told_again_when_only_this_end_was_in_doubt() {
    let mut world = World::new(17, 3, &MeshOptions::default());
    for at in 0..3 {
        world.enter(at);
    }
    world.until(3_000, |world| world.all_know_of_links(2));
    let connection = PeerConnectionId(world.connection(0, 1).unwrap());
    world.feed(0, connection, PeerInput::State(PeerState::Disconnected));
    assert!(!world.all_know_of_links(2));
    world.feed(0, connection, PeerInput::State(PeerState::Connected));
    assert!(world.all_know_of_links(2));
}

#[test]
fn forty_pages_keep_few_links_and_reach_each_other() {
    let mut world = World::new(12, 40, &MeshOptions::default());
    for at in 0..40 {
        world.enter(at);
        world.run(50);
    }
    world.run(60_000);
    let mut reached = [false; 40];
    reached[0] = true;
    for _ in 0..40 {
        for a in 0..40 {
            for b in 0..40 {
                reached[b] |= reached[a] && a != b && world.are_up(a, b);
            }
        }
    }
    assert!(reached.iter().all(|reached| *reached), "the room fell apart");
    let links = (0..40).map(|a| (0..40).filter(|b| a != *b && world.are_up(a, *b)).count());
    assert!(links.clone().max().unwrap_or(0) <= 24, "{:?}", links.collect::<Vec<_>>());
}

#[test]
fn servers_are_asked_for_before_links_begin_and_again_before_they_lapse() {
    let options = MeshOptions { ice: true, ..MeshOptions::default() };
    let mut world = World::new(13, 2, &options);
    world.enter(0);
    world.enter(1);
    world.run(2_000);
    assert_eq!(world.connections_made, 0, "no link without servers");
    for at in 0..2 {
        let [(request, "initial")] = world.pages[at].questions[..] else { panic!("asked once") };
        let servers = vec![IceServer { urls: vec!["turn:a".into()], ..IceServer::default() }];
        let answer = IceAnswer { servers, ttl_seconds: Some(100) };
        world.with(at, |mesh, cx| mesh.provide_ice(cx, request, answer));
    }
    world.until(2_000, |world| world.are_up(0, 1));
    world.run(82_000);
    assert_eq!(world.pages[0].questions.last().map(|(_, reason)| *reason), Some("expiring"));
    assert!(world.are_up(0, 1));
}

#[test]
fn servers_that_come_after_links_have_begun_without_are_used_by_these() {
    let options = MeshOptions { ice: true, ..MeshOptions::default() };
    let mut world = World::new(19, 2, &options);
    world.network.blind = vec![0, 1];
    world.enter(0);
    world.enter(1);
    world.run(7_000);
    assert!(world.connections_made > 0, "nobody waits for long");
    let [(request, "initial")] = world.pages[0].questions[..] else { panic!("asked once") };
    let servers = vec![IceServer { urls: vec!["turn:a".into()], ..IceServer::default() }];
    let answer = IceAnswer { servers, ttl_seconds: None };
    world.with(0, |mesh, cx| mesh.provide_ice(cx, request, answer));
    assert_eq!(world.network.configured, 1);
    world.run(20_000);
    assert_eq!(world.pages[0].questions.len(), 1, "it is not asked again");
}

#[test]
fn a_message_without_a_link_is_refused() {
    let mut world = World::pair(14);
    let error = world.with(0, |mesh, cx| mesh.send(cx, 1, Channel::Sync, vec![1])).unwrap_err();
    assert_eq!(error.code, ErrorCode::NotConnected);
}
