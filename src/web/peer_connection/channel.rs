//! One data channel and its listeners.

use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::binding::{Channel, Connection};
use super::{max_message, object};
use crate::io::{ChannelId, ChannelPlan, Input, PeerConnectionId, PeerInput};
use crate::web::host::Host;
use crate::web::listener::Listener;

#[derive(Debug)]
pub(super) struct DataChannel {
    pub(super) id: ChannelId,
    pub(super) browser: Channel,
    _listeners: [Listener; 4],
}

impl DataChannel {
    pub(super) fn open(
        host: &Host,
        connection: PeerConnectionId,
        peer: &Connection,
        plan: &ChannelPlan,
    ) -> Result<Self, JsValue> {
        let init = object(|json| {
            json.key("negotiated");
            json.flag(true);
            json.count("id", plan.id.0.into());
            json.key("ordered");
            json.flag(plan.reliable);
            if !plan.reliable {
                json.count("maxRetransmits", 0);
            }
        });
        let browser = peer.create_data_channel(plan.label, &init)?;
        Self::adopt(host, connection, peer, plan.id, browser, plan.low_water)
    }

    /// Listens to a channel that is there already.
    pub(super) fn adopt(
        host: &Host,
        connection: PeerConnectionId,
        peer: &Connection,
        id: ChannelId,
        browser: Channel,
        low_water: u32,
    ) -> Result<Self, JsValue> {
        browser.set_binary_type("arraybuffer");
        browser.set_buffered_amount_low_threshold(low_water);
        let listeners = listen(host, connection, peer, &browser, id)?;
        Ok(Self { id, browser, _listeners: listeners })
    }
}

fn listen(
    host: &Host,
    connection: PeerConnectionId,
    peer: &Connection,
    browser: &Channel,
    id: ChannelId,
) -> Result<[Listener; 4], JsValue> {
    let on = |kind, convert: Convert| {
        let (host, source) =
            (host.clone(), Source { peer: peer.clone(), channel: browser.clone(), id });
        let remains = host.remains().clone();
        Listener::new(&remains, browser, kind, move |event| {
            if let Some(input) = convert(&source, &event) {
                host.feed(Input::Peer(connection, input));
            }
        })
    };
    Ok([
        on("open", |source, _| {
            let max_message = max_message(&source.peer);
            Some(PeerInput::Opened { channel: source.id, max_message })
        })?,
        on("message", |source, event| received(source.id, event))?,
        on("bufferedamountlow", |source, _| {
            let buffered = source.channel.buffered_amount();
            Some(PeerInput::Drained { channel: source.id, buffered })
        })?,
        on("close", |source, _| Some(PeerInput::ChannelClosed(source.id)))?,
    ])
}

type Convert = fn(&Source, &JsValue) -> Option<PeerInput>;

struct Source {
    peer: Connection,
    channel: Channel,
    id: ChannelId,
}

/// Our own channels carry bytes only; a text is nothing of ours.
fn received(channel: ChannelId, event: &JsValue) -> Option<PeerInput> {
    let data = Reflect::get(event, &"data".into()).ok()?;
    let bytes = match data.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => Uint8Array::new(&buffer).to_vec(),
        Err(_) => Vec::new(),
    };
    Some(PeerInput::Message { channel, bytes })
}
