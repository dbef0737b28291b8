//! Presence, seen from the sockets.

use super::*;

#[test]
fn presence_goes_to_everyone_the_sender_included() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.got.clear();
    world.say(alice, announce(here(7, 0, "{\"name\":\"A\"}")));
    let expected = [announce(here(7, 0, "{\"name\":\"A\"}"))];
    assert_eq!(world.take(alice), expected);
    assert_eq!(world.take(bob), expected);
}

#[test]
fn one_who_goes_is_gone_at_once_for_all_the_ids_it_held() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, encode::awareness(&[here(7, 3, "{}"), here(8, 9, "{}")]));
    world.got.clear();
    world.input(HubInput::Leave { member: alice });
    assert_eq!(people(&world.take(bob)), [gone(7, 3), gone(8, 9)]);
    assert!(world.take(alice).is_empty());
}

#[test]
fn a_member_sent_away_leaves_no_ghost() {
    let mut world = World::with(HubConfig { max_frame: 100, ..HubConfig::default() });
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, announce(here(7, 3, "{}")));
    world.got.clear();
    world.say(alice, vec![0; 101]);
    assert_eq!(people(&world.take(bob)), [gone(7, 3)]);
}

#[test]
fn one_who_comes_back_with_clock_plus_two_is_seen_at_once() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, announce(here(7, 3, "{}")));
    world.input(HubInput::Leave { member: alice });
    let back = world.join(3);
    world.got.clear();
    world.say(back, announce(here(7, 5, "{}")));
    assert_eq!(people(&world.take(bob)), [here(7, 5, "{}")]);
}

#[test]
fn stock_clients_that_send_everything_back_make_no_ghost() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, announce(here(7, 3, "{}")));
    world.say(bob, announce(here(9, 0, "{}")));
    world.input(HubInput::Leave { member: alice });
    world.say(bob, announce(here(7, 3, "{}")));
    world.say(bob, announce(gone(7, 3)));
    let late = world.join(3);
    assert_eq!(people(&world.take(late)), [here(9, 0, "{}")]);
}

#[test]
fn a_half_open_socket_loses_its_id_to_the_one_that_comes_back() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, announce(here(7, 3, "1")));
    let back = world.join(3);
    world.got.clear();
    world.say(back, announce(here(7, 5, "2")));
    assert_eq!(world.probed, [alice]);
    assert!(world.take(bob).is_empty());
    world.pass(2_000);
    assert_eq!(people(&world.take(bob)), [here(7, 5, "2")]);
    world.input(HubInput::Leave { member: alice });
    assert!(world.take(bob).is_empty(), "it is no longer the dead socket's");
}

#[test]
fn a_live_holder_keeps_its_id() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, announce(here(7, 3, "1")));
    world.got.clear();
    world.say(bob, announce(here(7, 99, "\"forged\"")));
    world.input(HubInput::Heard { member: alice });
    world.pass(5_000);
    assert!(world.take(alice).is_empty());
}

#[test]
fn a_silent_client_expires_by_the_servers_own_clock() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, announce(here(7, 3, "{}")));
    world.got.clear();
    world.pass(29_999);
    assert!(world.take(bob).is_empty());
    world.pass(1);
    assert_eq!(people(&world.take(bob)), [gone(7, 3)]);
    let told = [here(7, 4, "{}"), gone(7, 3)];
    assert_eq!(
        people(&world.take(alice)),
        told,
        "it was reminded, hears it too, and may come back"
    );
    world.say(alice, announce(here(7, 4, "{}")));
    assert_eq!(people(&world.take(bob)), [here(7, 4, "{}")]);
}

#[test]
fn a_flood_of_cursors_is_thinned_and_its_last_word_arrives() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.got.clear();
    for clock in 0..1_000 {
        world.say(alice, announce(here(7, clock, &clock.to_string())));
        world.pass(1);
    }
    world.pass(100);
    let heard = people(&world.take(bob));
    assert!(heard.len() <= 42, "{}", heard.len());
    assert_eq!(heard.last(), Some(&here(7, 999, "999")));
}

#[test]
fn a_query_is_answered_with_everyone_even_with_nobody() {
    let mut world = World::new();
    let alice = world.join(1);
    world.got.clear();
    world.say(alice, vec![3]);
    assert_eq!(world.take(alice), [encode::awareness(&[])]);
    world.say(alice, announce(here(7, 0, "{}")));
    world.got.clear();
    world.say(alice, vec![3]);
    assert_eq!(people(&world.take(alice)), [here(7, 0, "{}")]);
}

#[test]
fn an_owner_that_renews_nothing_is_asked_alone_and_stays_if_it_answers() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, announce(here(7, 3, "{}")));
    world.got.clear();
    for clock in [4, 5, 6] {
        world.pass(20_000);
        assert_eq!(people(&world.take(alice)), [here(7, clock, "{}")], "its own, one ahead");
        assert!(world.take(bob).is_empty(), "nobody else");
        world.say(alice, announce(here(7, clock, "{}")));
        assert_eq!(people(&world.take(bob)), [here(7, clock, "{}")]);
        world.got.clear();
    }
}

#[test]
fn a_replica_behind_a_shared_socket_owns_its_id_also_if_its_question_needed_no_answer() {
    let mut world = World::new();
    let alice = world.join(1);
    world.say(alice, announce(here(7, 3, "{}")));
    world.input(HubInput::Asked { member: alice });
    world.say(alice, announce(here(8, 3, "{}")));
    world.got.clear();
    world.pass(20_000);
    let mut told = people(&world.take(alice));
    told.sort_by_key(|entry| entry.client);
    assert_eq!(told, [here(7, 4, "{}"), here(8, 4, "{}")], "both are reminded");
}

#[test]
fn who_only_passes_an_id_on_is_not_asked_for_it() {
    let mut world = World::new();
    let (alice, bob) = (world.join(1), world.join(2));
    world.say(alice, encode::awareness(&[here(7, 3, "{}"), here(8, 9, "{}")]));
    world.got.clear();
    world.pass(29_999);
    assert!(world.take(alice).is_empty());
    world.pass(1);
    assert_eq!(people(&world.take(bob)), [gone(7, 3), gone(8, 9)]);
}
