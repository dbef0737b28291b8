//! Tracks over a connection: three transceivers for microphone, camera and screen, made once, so that showing, hiding and
//! switching is `replaceTrack` and no exchange of descriptions (WebRTC 1.0 §5.4).

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::binding::{Connection, Transceiver};
use super::object;
use crate::io::Slot;

/// Has the connection send `track`, or nothing, in a slot.
///
/// # Errors
/// What the browser threw.
pub(super) fn publish(browser: &Connection, slot: Slot, track: &JsValue) -> Result<(), JsValue> {
    let own = own_transceivers(browser)?;
    let Some(transceiver) = own.into_iter().nth(slot.place()) else { return Ok(()) };
    if transceiver.direction() != "sendrecv" {
        transceiver.set_direction("sendrecv")?;
    }
    let replaced = transceiver.sender().replace_track(track)?;
    // A connection that closes meanwhile refuses, which is no news.
    spawn_local(async move { drop(JsFuture::from(replaced).await) });
    Ok(())
}

/// Which slot a transceiver that the other side uses is.
pub(super) fn slot_of(browser: &Connection, transceiver: &JsValue) -> Option<Slot> {
    let all = Array::from(&browser.get_transceivers());
    let place = all.iter().position(|known| known == *transceiver)?;
    Slot::ALL.get(place % Slot::ALL.len()).copied()
}

/// The track that the other side sends in a slot: of the last three, which are the other's where there are six.
pub(super) fn remote(browser: &Connection, slot: Slot) -> Option<JsValue> {
    let all = Array::from(&browser.get_transceivers());
    let first = all.length().checked_sub(Slot::ALL.len() as u32)?;
    let transceiver = all.get(first + slot.place() as u32);
    Some(member(&member(&transceiver, "receiver"), "track")).filter(JsValue::is_object)
}

/// The first three: those of whichever side was first. Where both began at once there are six, and each side sends on its
/// first three.
fn own_transceivers(browser: &Connection) -> Result<Vec<Transceiver>, JsValue> {
    let known = Array::from(&browser.get_transceivers());
    if known.length() == 0 {
        for slot in Slot::ALL {
            let init = object(|json| json.word("direction", "sendrecv"));
            let kind = if slot == Slot::Microphone { "audio" } else { "video" };
            browser.add_transceiver(kind, &init)?;
        }
    }
    let all = Array::from(&browser.get_transceivers());
    Ok(all.iter().take(Slot::ALL.len()).map(JsCast::unchecked_into).collect())
}

/// Member `name` of an event.
pub(super) fn member(event: &JsValue, name: &str) -> JsValue {
    Reflect::get(event, &name.into()).unwrap_or_default()
}
