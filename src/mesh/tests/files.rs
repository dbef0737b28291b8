//! Files over a mesh, beside a live document.

use super::world::World;
use crate::io::{ChannelId, PeerConnectionId, PeerInput};
use crate::mesh::Channel;
use crate::mesh::file::{FileEvent, FileInfo, TransferStatus};

/// Does for both apps what the events ask for.
fn serve(world: &mut World, file: &[u8], received: &mut Vec<u8>) -> Vec<TransferStatus> {
    let mut statuses = Vec::new();
    for at in 0..2 {
        for event in std::mem::take(&mut world.pages[at].files) {
            match event {
                FileEvent::Progress { transfer, status, incoming, .. } => {
                    if incoming && status == TransferStatus::Offered {
                        world.with(at, |mesh, cx| mesh.accept_file(cx, transfer).unwrap());
                    }
                    statuses.push(status);
                }
                FileEvent::Want { transfer, offset, length } => {
                    let piece = file[offset as usize..][..length as usize].to_vec();
                    world
                        .with(at, |mesh, cx| mesh.file_chunk(cx, transfer, offset, piece).unwrap());
                }
                FileEvent::Chunk { transfer, offset, bytes } => {
                    assert_eq!(offset as usize, received.len());
                    received.extend(&bytes);
                    let length = bytes.len() as u32;
                    world.with(at, |mesh, cx| mesh.file_taken(cx, transfer, length));
                }
            }
        }
    }
    statuses
}

fn info(size: usize) -> FileInfo {
    FileInfo { name: "film".into(), size: size as u64, mime: "video/mp4".into() }
}

fn offer(seed: u64, size: usize) -> World {
    let mut world = World::pair(seed);
    world.until(2_000, |world| world.are_up(0, 1));
    let peer = world.number(0, 1);
    world.with(0, |mesh, cx| mesh.send_file(cx, peer, info(size)).unwrap());
    world
}

/// The connection ends at both.
fn lose(world: &mut World) {
    for at in 0..2 {
        let id = PeerConnectionId(world.connection(at, 1 - at).unwrap());
        world.feed(at, id, PeerInput::ChannelClosed(ChannelId(0)));
    }
}

/// What a page was told of how its transfers stand.
fn statuses(world: &World, at: usize) -> Vec<TransferStatus> {
    let progress = |event: &FileEvent| match event {
        FileEvent::Progress { status, .. } => Some(*status),
        _ => None,
    };
    world.pages[at].files.iter().filter_map(progress).collect()
}

#[test]
fn a_transfer_that_one_side_ends_while_there_is_no_link_ends_at_both() {
    for by in 0..2 {
        let file = vec![7; 3_000_000];
        let (mut world, mut received) = (offer(52, file.len()), Vec::new());
        while received.len() < 600_000 {
            serve(&mut world, &file, &mut received);
            world.run(5);
        }
        lose(&mut world);
        let waits = [0, 1].map(|at| statuses(&world, at).contains(&TransferStatus::Waiting));
        assert_eq!(waits, [true, true]);
        world.with(by, |mesh, cx| mesh.cancel_file(cx, 1));
        world.until(60_000, |world| world.are_up(0, 1));
        world.run(5_000);
        for at in 0..2 {
            let told = statuses(&world, at);
            assert_eq!(told.last(), Some(&TransferStatus::Cancelled), "by {by}, at {at}");
            assert!(!told.contains(&TransferStatus::Offered), "by {by}, at {at}");
        }
    }
}

#[test]
fn an_offer_that_is_withdrawn_while_there_is_no_link_ends_at_the_receiver_too() {
    let mut world = offer(55, 10);
    world.run(100);
    lose(&mut world);
    world.with(0, |mesh, cx| mesh.cancel_file(cx, 1));
    assert_eq!(statuses(&world, 1), [TransferStatus::Offered]);
    world.until(60_000, |world| world.are_up(0, 1));
    world.run(5_000);
    assert_eq!(statuses(&world, 1), [TransferStatus::Offered, TransferStatus::Cancelled]);
    assert_eq!(statuses(&world, 0), [TransferStatus::Offered, TransferStatus::Cancelled]);
}

#[test]
fn what_is_refused_while_there_is_no_link_is_not_offered_again() {
    let mut world = offer(53, 10);
    world.run(100);
    lose(&mut world);
    world.with(1, |mesh, cx| mesh.cancel_file(cx, 1));
    world.until(60_000, |world| world.are_up(0, 1));
    world.run(5_000);
    assert_eq!(statuses(&world, 0), [TransferStatus::Offered, TransferStatus::Rejected]);
    assert_eq!(statuses(&world, 1), [TransferStatus::Offered, TransferStatus::Rejected]);
}

#[test]
fn what_is_accepted_while_there_is_no_link_comes_over_the_next_one() {
    let mut world = offer(54, 10);
    world.run(100);
    lose(&mut world);
    world.pages[1].files.clear();
    world.with(1, |mesh, cx| mesh.accept_file(cx, 1).unwrap());
    assert_eq!(statuses(&world, 1), [TransferStatus::Waiting]);
    world.until(60_000, |world| world.are_up(0, 1));
    let (mut received, mut told) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        told.extend(serve(&mut world, &[7; 10], &mut received));
        world.run(20);
    }
    assert_eq!(told.iter().filter(|status| **status == TransferStatus::Done).count(), 2);
    assert_eq!(received, [7; 10]);
}

#[test]
fn a_large_file_arrives_and_messages_pass_it() {
    let mut world = World::pair(50);
    world.until(2_000, |world| world.are_up(0, 1));
    let file: Vec<u8> = (0..12_000_000u32).map(|at| (at >> 3) as u8).collect();
    let peer = world.number(0, 1);
    world.with(0, |mesh, cx| mesh.send_file(cx, peer, info(file.len())).unwrap());
    let (mut received, mut statuses, mut turns) = (Vec::new(), Vec::new(), 0);
    while statuses.iter().filter(|status| **status == TransferStatus::Done).count() < 2 {
        statuses.extend(serve(&mut world, &file, &mut received));
        if turns == 20 {
            world.send(0, 1, Channel::Presence, b"passing");
        }
        if turns == 22 {
            assert_eq!(world.pages[1].heard(Channel::Presence), [b"passing"], "it need not wait");
            assert!(received.len() < file.len());
        }
        world.run(20);
        turns += 1;
        assert!(turns < 20_000, "{} of {}", received.len(), file.len());
    }
    assert!(turns > 22 && received == file);
}

#[test]
fn a_transfer_waits_for_a_new_connection_and_goes_on() {
    let mut world = World::pair(51);
    world.until(2_000, |world| world.are_up(0, 1));
    let file = vec![7; 3_000_000];
    let peer = world.number(0, 1);
    world.with(0, |mesh, cx| mesh.send_file(cx, peer, info(file.len())).unwrap());
    let (mut received, mut statuses) = (Vec::new(), Vec::new());
    while received.len() < 600_000 {
        statuses.extend(serve(&mut world, &file, &mut received));
        world.run(5);
    }
    lose(&mut world);
    for _ in 0..20_000 {
        statuses.extend(serve(&mut world, &file, &mut received));
        if statuses.iter().filter(|status| **status == TransferStatus::Done).count() == 2 {
            break;
        }
        world.run(20);
    }
    assert!(statuses.contains(&TransferStatus::Waiting));
    assert!(received == file, "{} bytes", received.len());
}
