//! Positions that move with the text: the bytes of Yjs' relative positions.

use yrs::branch::BranchPtr;
use yrs::updates::encoder::Encode;
use yrs::{Assoc, IndexScope, ReadTxn, StickyIndex};

use crate::doc::limits::Limits;
use crate::doc::preflight::read_sticky;
use crate::doc::shared::Shared;
use crate::error::Misuse;

/// The bytes of a position that was checked to be in range.
pub(crate) fn stick<T: ReadTxn>(txn: &T, shared: &Shared, index: u32, side: Assoc) -> Vec<u8> {
    let branch = BranchPtr::from(shared.branch());
    let sticky = StickyIndex::at(txn, branch, index, side);
    sticky.unwrap_or_else(|| StickyIndex::from_type(txn, &branch, side)).encode_v1()
}

/// Where a position is now; `None` while its text is unknown or gone.
pub(crate) fn resolve<T: ReadTxn>(
    txn: &T,
    sticky: &[u8],
    limits: &Limits,
    clock: impl Fn(u64) -> u32,
) -> Result<Option<u32>, Misuse> {
    let (scope, assoc) = read_sticky(sticky, limits).map_err(|error| {
        Misuse::argument(format!("expected the bytes of a relative position: {error}"))
    })?;
    if let IndexScope::Relative(id) | IndexScope::Nested(id) = &scope
        && clock(id.client.get()) <= id.clock
    {
        return Ok(None);
    }
    let offset = StickyIndex::new(scope, assoc).get_offset(txn);
    Ok(offset.filter(|offset| !offset.branch.is_deleted()).map(|offset| offset.index))
}
