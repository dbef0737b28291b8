//! Files over a mesh, beside a live document.

use super::world::World;
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
    let id = crate::io::PeerConnectionId(world.connection(0, 1).unwrap());
    world.feed(0, id, crate::io::PeerInput::ChannelClosed(crate::io::ChannelId(0)));
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
