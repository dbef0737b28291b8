use super::*;
use crate::doc::RootKind;
use crate::ordered::OrderedMap;

fn index() -> Index {
    Index::new(&OrderedMap::from([("t".to_owned(), RootKind::Text)]))
}

/// Client 1 writes "ab" into the root "t"; client 2 writes "c" behind it.
const BOTH: [u8; 20] = [2, 1, 2, 0, 0x84, 1, 1, 1, b'c', 1, 1, 0, 4, 1, 1, b't', 2, b'a', b'b', 0];
const FIRST: [u8; 12] = [1, 1, 1, 0, 4, 1, 1, b't', 2, b'a', b'b', 0];
const SECOND: [u8; 10] = [1, 1, 2, 0, 0x84, 1, 1, 1, b'c', 0];

fn judge(index: &mut Index, bytes: &[u8]) -> Result<Verdict, UpdateError> {
    let limits = Limits::default();
    let update = Preflight::parse(bytes, &limits)?;
    admit(index, &IdSet::new(), &update, &limits)
}

fn clocks(index: &Index) -> Vec<(u64, u32)> {
    index.clocks().collect()
}

#[test]
fn what_hangs_on_a_later_section_of_the_same_update_is_ready() {
    let mut index = index();
    assert!(matches!(judge(&mut index, &BOTH), Ok(Verdict::Ready(fresh)) if fresh.len() == 2));
    assert_eq!(clocks(&index), [(1, 2), (2, 1)]);
    assert!(matches!(judge(&mut index, &FIRST), Ok(Verdict::Known)));
}

#[test]
fn what_hangs_on_nobody_waits_and_leaves_no_trace() {
    let mut index = index();
    let missing = Missing { client: 1, clock: 1 };
    assert!(matches!(judge(&mut index, &SECOND), Ok(Verdict::Hold(waits)) if waits == missing));
    assert!(clocks(&index).is_empty());
    assert!(matches!(judge(&mut index, &FIRST), Ok(Verdict::Ready(_))));
    assert!(matches!(judge(&mut index, &SECOND), Ok(Verdict::Ready(_))));
}

#[test]
fn a_gap_waits_for_all_units_before_it() {
    let mut later = FIRST;
    later[3] = 5;
    assert!(matches!(
        judge(&mut index(), &later),
        Ok(Verdict::Hold(Missing { client: 1, clock: 4 }))
    ));
}

#[test]
fn a_ready_section_is_cut_from_one_that_waits() {
    let bytes = [
        2, 1, 1, 0, 4, 1, 1, b't', 2, b'a', b'b', 1, 2, 0, 0x84, 3, 0, 1, b'c', 1, 1, 2, 0, 1, 9, 1,
    ];
    let mut index = index();
    let update = Preflight::parse(&bytes, &Limits::default()).expect("refused");
    let Ok(Verdict::Part(next, missing)) = judge(&mut index, &bytes) else { panic!("not in part") };
    assert_eq!(missing, Some(Missing { client: 3, clock: 0 }));
    assert!(clocks(&index).is_empty(), "nothing is entered before it is cut");
    let halves = split(&bytes, &update, &next, &|_| 0);
    assert_eq!(halves.ready, [1, 1, 1, 0, 4, 1, 1, b't', 2, b'a', b'b', 1, 1, 1, 0, 1]);
    assert_eq!(halves.waiting, Some(vec![1, 1, 2, 0, 0x84, 3, 0, 1, b'c', 1, 1, 1, 9, 1]));
}

#[test]
fn the_halves_of_a_run_with_a_hole_leave_the_hole_out() {
    let bytes = [1, 3, 1, 0, 4, 1, 1, b't', 1, b'a', 10, 2, 0x84, 1, 2, 1, b'd', 0];
    let update = Preflight::parse(&bytes, &Limits::default()).expect("refused");
    let Ok(Verdict::Part(next, _)) = judge(&mut index(), &bytes) else { panic!("not in part") };
    let halves = split(&bytes, &update, &next, &|_| 0);
    assert_eq!(halves.ready, [1, 1, 1, 0, 4, 1, 1, b't', 1, b'a', 0]);
    assert_eq!(halves.waiting, Some(vec![1, 1, 1, 3, 0x84, 1, 2, 1, b'd', 0]));
}

#[test]
fn a_chain_across_many_writers_is_ordered_in_linear_time() {
    // Writer n hangs on writer n + 1, and the sections come in the worst order.
    let writers = 20_000_u64;
    let mut bytes = Vec::new();
    crate::doc::preflight::write_number(&mut bytes, writers);
    for writer in 1..=writers {
        bytes.push(1);
        crate::doc::preflight::write_number(&mut bytes, writer);
        bytes.push(0);
        if writer == writers {
            bytes.extend([4, 1, 1, b't', 1, b'x']);
        } else {
            bytes.push(0x84);
            crate::doc::preflight::write_number(&mut bytes, writer + 1);
            bytes.extend([0, 1, b'x']);
        }
    }
    bytes.push(0);
    let mut index = index();
    assert!(matches!(judge(&mut index, &bytes), Ok(Verdict::Ready(_))));
    assert_eq!(index.clocks().count(), 20_000);
}

#[test]
fn garbage_has_no_place_also_where_its_beginning_is_known() {
    // Client 1 wrote "a" into "t" and something into "u", and saw both go: one run of garbage.
    let known = [1, 1, 1, 0, 4, 1, 1, b't', 1, b'a', 0];
    let garbage = [1, 1, 1, 0, 0, 2, 0];
    let between = [2, 1, 3, 0, 0xc4, 2, 0, 1, 1, 1, b'x', 1, 2, 0, 4, 1, 1, b'u', 1, b'b', 0];
    let mut index = index();
    for update in [&known[..], &garbage, &between] {
        assert!(matches!(judge(&mut index, update), Ok(Verdict::Ready(_))));
    }
}

/// A living value cannot become a parent because an update shows it without its content.
#[test]
fn what_is_known_keeps_its_content_when_an_update_shows_it_without() {
    let values = [1, 1, 1, 0, 8, 1, 1, b't', 2, 126, 126, 0];
    let deleted_below_one_of_them = [1, 1, 1, 0, 1, 0, 1, 1, 3, 0];
    let mut index = Index::new(&OrderedMap::from([("t".to_owned(), RootKind::List)]));
    assert!(matches!(judge(&mut index, &values), Ok(Verdict::Ready(_))));
    let refused = judge(&mut index, &deleted_below_one_of_them);
    assert!(
        matches!(refused, Err(UpdateError::InvalidParent { client: 1, clock: 0 })),
        "{refused:?}"
    );
}
