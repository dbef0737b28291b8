//! The exports that read and edit a room's document.

use base64ct::{Base64, Encoding};
use serde_json::Value;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::Client;
use crate::doc::change::{Attributes, Segment, TextOp};
use crate::doc::{Assoc, Direction, Doc, Edit, Intent, Prelim, TypeId};
use crate::error::{ErrorCode, Misuse};
use crate::event::write_text_op;
use crate::io::RoomId;
use crate::json::JsonText;
use crate::room::UndoCommand;
use crate::web::convert::from_json;
use crate::web::{Core, thrown};

#[wasm_bindgen]
impl Core {
    /// The whole document as JSON text.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = readDoc)]
    pub fn read_doc(&self, room: u32) -> Result<String, JsValue> {
        self.doc(room, |doc| {
            let mut json = JsonText::default();
            json.value(&Value::Object(doc.read()));
            Ok(json.finish())
        })
    }

    /// The content of a text.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if `ty` is no text of this document.
    #[wasm_bindgen(js_name = textToString)]
    pub fn text_to_string(&self, room: u32, ty: &str) -> Result<String, JsValue> {
        self.doc(room, |doc| doc.text(&ty.parse()?))
    }

    /// UTF-16 units of a text, items of a list, entries of a map.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if there is no such type.
    #[wasm_bindgen(js_name = lengthOf)]
    pub fn length_of(&self, room: u32, ty: &str) -> Result<u32, JsValue> {
        self.doc(room, |doc| doc.len(&ty.parse()?))
    }

    /// Inserts text, with attributes as JSON text.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if the place or the attributes make no sense.
    #[wasm_bindgen(js_name = textInsert)]
    pub fn text_insert(
        &self,
        room: u32,
        ty: &str,
        index: u32,
        text: String,
        attributes: Option<String>,
    ) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| {
            let attributes = attributes.map(|json| read_attributes(&json)).transpose()?;
            Ok(Edit::TextInsert { ty, index, text, attributes })
        })
    }

    /// Deletes a stretch of text.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if there is no such stretch.
    #[wasm_bindgen(js_name = textDelete)]
    pub fn text_delete(&self, room: u32, ty: &str, index: u32, length: u32) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| Ok(Edit::TextDelete { ty, index, length }))
    }

    /// Formats a stretch of text; `null` removes a mark.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if there is no such stretch.
    #[wasm_bindgen(js_name = textFormat)]
    pub fn text_format(
        &self,
        room: u32,
        ty: &str,
        index: u32,
        length: u32,
        attributes: &str,
    ) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| {
            Ok(Edit::TextFormat { ty, index, length, attributes: read_attributes(attributes)? })
        })
    }

    /// Inserts an object, JSON text, with attributes as JSON text.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if the place, the object or the attributes make no sense.
    #[wasm_bindgen(js_name = textEmbed)]
    pub fn text_embed(
        &self,
        room: u32,
        ty: &str,
        index: u32,
        embed: &str,
        attributes: Option<String>,
    ) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| {
            let embed = from_json("the object", embed)?;
            let attributes = attributes.map(|json| read_attributes(&json)).transpose()?;
            Ok(Edit::TextEmbed { ty, index, embed, attributes })
        })
    }

    /// Applies a delta, JSON text.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if it is none, or none of this text.
    #[wasm_bindgen(js_name = textApply)]
    pub fn text_apply(&self, room: u32, ty: &str, delta: &str) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| {
            let delta = TextOp::list_from_json(from_json("the delta", delta)?)?;
            Ok(Edit::TextDelta { ty, delta })
        })
    }

    /// A text as a delta from nothing, JSON text.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if `ty` is no text of this document.
    #[wasm_bindgen(js_name = textDelta)]
    pub fn text_delta(&self, room: u32, ty: &str) -> Result<String, JsValue> {
        self.doc(room, |doc| {
            let delta = doc.delta(&ty.parse()?)?;
            let mut json = JsonText::default();
            json.list(|json| {
                for op in &delta {
                    json.object(|json| write_text_op(json, op));
                }
            });
            Ok(json.finish())
        })
    }

    /// Inserts items, a JSON array of values and nested types.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if the place or the items make no sense.
    #[wasm_bindgen(js_name = listInsert)]
    pub fn list_insert(
        &self,
        room: u32,
        ty: &str,
        index: u32,
        values: &str,
    ) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| Ok(Edit::ListInsert { ty, index, values: items(values)? }))
    }

    /// Deletes items.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if there are no such items.
    #[wasm_bindgen(js_name = listDelete)]
    pub fn list_delete(&self, room: u32, ty: &str, index: u32, length: u32) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| Ok(Edit::ListDelete { ty, index, length }))
    }

    /// Moves an item, so that it is at `to`.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if there is no such item or place.
    #[wasm_bindgen(js_name = listMove)]
    pub fn list_move(&self, room: u32, ty: &str, from: u32, to: u32) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| Ok(Edit::ListMove { ty, from, to }))
    }

    /// Sets an entry, a JSON text of a value or nested type.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if the value makes no sense.
    #[wasm_bindgen(js_name = mapSet)]
    pub fn map_set(&self, room: u32, ty: &str, key: String, value: &str) -> Result<(), JsValue> {
        self.edit(room, ty, |ty| {
            let value = Prelim::from_json(from_json("the value", value)?)?;
            Ok(Edit::MapSet { ty, key, value })
        })
    }

    /// Deletes an entry; whether there was one.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if `ty` is no map of this document.
    #[wasm_bindgen(js_name = mapDelete)]
    pub fn map_delete(&self, room: u32, ty: &str, key: String) -> Result<bool, JsValue> {
        let room = RoomId(room);
        thrown(self.driver.command(|client, now| {
            let ty: TypeId = ty.parse()?;
            let before = client.doc(room)?.len(&ty)?;
            client.edit(now, room, Edit::MapDelete { ty: ty.clone(), key })?;
            Ok(client.doc(room)?.len(&ty)? < before)
        }))
    }

    /// The type nested at a key or index, if there is one.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if `at` is neither a string nor an index.
    #[wasm_bindgen(js_name = childOf)]
    pub fn child_of(&self, room: u32, ty: &str, at: &JsValue) -> Result<Option<String>, JsValue> {
        let at = thrown(segment(at))?;
        self.doc(room, |doc| Ok(doc.child(&ty.parse()?, &at)?.map(|child| child.to_string())))
    }

    /// A place that stays where it is while others edit, as base64 of a Yjs relative position.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if there is no such place.
    #[wasm_bindgen(js_name = stickyIndex)]
    pub fn sticky_index(
        &self,
        room: u32,
        ty: &str,
        index: u32,
        assoc: i32,
    ) -> Result<String, JsValue> {
        let assoc = if assoc < 0 { Assoc::Before } else { Assoc::After };
        self.doc(room, |doc| Ok(Base64::encode_string(&doc.sticky(&ty.parse()?, index, assoc)?)))
    }

    /// Where such a place is now; nowhere if what it lay in is gone.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` if it is none.
    #[wasm_bindgen(js_name = resolveSticky)]
    pub fn resolve_sticky(&self, room: u32, sticky: &str) -> Result<Option<u32>, JsValue> {
        let bytes =
            Base64::decode_vec(sticky).map_err(|_| Misuse::argument("a sticky index is base64"));
        self.doc(room, |doc| doc.resolve(&bytes?))
    }

    /// Until `endBatch`, edits are kept together: one record in the log, one frame, one step to undo. Batches with the
    /// same name are one step; with an empty one they are not undone.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = beginBatch)]
    pub fn begin_batch(&self, room: u32, name: Option<String>) -> Result<(), JsValue> {
        let intent = match name {
            None => Intent::Own,
            Some(name) if name.is_empty() => Intent::Aside,
            Some(name) => Intent::Named(name),
        };
        thrown(self.driver.command(|client, _| client.begin_batch(RoomId(room), intent)))
    }

    /// Ends what `beginBatch` began.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = endBatch)]
    pub fn end_batch(&self, room: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.end_batch(now, RoomId(room))))
    }

    /// `undo`, `redo`, `checkpoint`, `pause`, `resume` or `clear`; whether the document changed.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another word, `E_DISPOSED` if the room has been left.
    pub fn undo(&self, room: u32, word: &str) -> Result<bool, JsValue> {
        let command = thrown(undo_command(word))?;
        thrown(self.driver.command(|client, now| client.undo(now, RoomId(room), command)))
    }

    /// The state vector, as Yjs encodes it.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    #[wasm_bindgen(js_name = stateVector)]
    pub fn state_vector(&self, room: u32) -> Result<Vec<u8>, JsValue> {
        self.doc(room, |doc| Ok(doc.encode_state_vector()))
    }

    /// The document as a Yjs update, or what of it a replica with the state vector `since` lacks.
    ///
    /// # Errors
    /// `E_UPDATE` if `since` is no state vector.
    #[wasm_bindgen(js_name = encodeStateAsUpdate)]
    pub fn encode_state_as_update(
        &self,
        room: u32,
        since: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, JsValue> {
        self.doc(room, |doc| match since {
            Some(since) => {
                doc.diff(&since).map_err(|error| Misuse::new(ErrorCode::Update, error.to_string()))
            }
            None => Ok(doc.encode_state()),
        })
    }

    /// What the server has not returned, as a Yjs update.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    pub fn unsynced(&self, room: u32) -> Result<Vec<u8>, JsValue> {
        thrown(self.driver.read(|client: &Client| client.unsynced(RoomId(room))))
    }

    /// Offers again what the server did not take.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    pub fn merge(&self, room: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.merge(now, RoomId(room))))
    }

    /// From now on `doc` events bring each update, own ones too, as their one attachment; also where it changed nothing
    /// that is shown.
    ///
    /// # Errors
    /// `E_DISPOSED` if the room has been left.
    pub fn tap(&self, room: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.tap(now, RoomId(room))))
    }

    /// Applies a Yjs update that came some other way; it is saved and forwarded like an own edit.
    ///
    /// # Errors
    /// `E_UPDATE` if it was refused; nothing of it was applied.
    #[wasm_bindgen(js_name = applyUpdate)]
    pub fn apply_update(&self, room: u32, update: &[u8]) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.apply_update(now, RoomId(room), update)))
    }
}

impl Core {
    fn doc<T>(
        &self,
        room: u32,
        read: impl FnOnce(&Doc) -> Result<T, Misuse>,
    ) -> Result<T, JsValue> {
        thrown(self.driver.read(|client: &Client| read(client.doc(RoomId(room))?)))
    }

    fn edit(
        &self,
        room: u32,
        ty: &str,
        edit: impl FnOnce(TypeId) -> Result<Edit, Misuse>,
    ) -> Result<(), JsValue> {
        self.perform(room, thrown(ty.parse().and_then(edit))?)
    }

    /// Not generic: every export would have a copy.
    fn perform(&self, room: u32, edit: Edit) -> Result<(), JsValue> {
        thrown(self.driver.command(|client, now| client.edit(now, RoomId(room), edit)))
    }
}

fn undo_command(word: &str) -> Result<UndoCommand, Misuse> {
    match word {
        "undo" => Ok(UndoCommand::Travel(Direction::Undo)),
        "redo" => Ok(UndoCommand::Travel(Direction::Redo)),
        "checkpoint" => Ok(UndoCommand::Checkpoint),
        "pause" => Ok(UndoCommand::Pause),
        "resume" => Ok(UndoCommand::Resume),
        "clear" => Ok(UndoCommand::Clear),
        _ => Err(Misuse::argument("expected a word about undo")),
    }
}

fn items(json: &str) -> Result<Vec<Prelim>, Misuse> {
    match from_json("items", json)? {
        Value::Array(items) => Prelim::list_from_json(items),
        _ => Err(Misuse::argument("items must be an array")),
    }
}

fn segment(at: &JsValue) -> Result<Segment, Misuse> {
    if let Some(key) = at.as_string() {
        return Ok(Segment::Key(key));
    }
    match at.as_f64() {
        Some(index) if index >= 0.0 && index <= f64::from(u32::MAX) && index.fract() == 0.0 => {
            Ok(Segment::Index(index as u32))
        }
        _ => Err(Misuse::argument("expected a key or an index")),
    }
}

/// JSON text of an object.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] if it is something else.
fn read_attributes(text: &str) -> Result<Attributes, Misuse> {
    TextOp::attributes_from_json(from_json("attributes", text)?)
}
