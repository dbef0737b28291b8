//! What is used of WebRTC, with every call that may throw bound so that it is an error: `web-sys` lacks some of these, and
//! lets exceptions of others pass through wasm.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::EventTarget;

#[wasm_bindgen]
extern "C" {
    /// `RTCPeerConnection` (WebRTC 1.0 §4.4).
    #[wasm_bindgen(extends = EventTarget, js_name = RTCPeerConnection, typescript_type = "RTCPeerConnection")]
    #[derive(Clone, Debug)]
    pub(super) type Connection;

    #[wasm_bindgen(constructor, catch, js_class = "RTCPeerConnection")]
    pub(super) fn new(configuration: &JsValue) -> Result<Connection, JsValue>;

    /// Makes an offer or an answer by itself, whichever is due.
    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = setLocalDescription)]
    pub(super) fn set_local_description(this: &Connection) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = setRemoteDescription)]
    pub(super) fn set_remote_description(
        this: &Connection,
        description: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = addIceCandidate)]
    pub(super) fn add_ice_candidate(
        this: &Connection,
        candidate: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = restartIce)]
    pub(super) fn restart_ice(this: &Connection) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = setConfiguration)]
    pub(super) fn set_configuration(
        this: &Connection,
        configuration: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = createDataChannel)]
    pub(super) fn create_data_channel(
        this: &Connection,
        label: &str,
        init: &JsValue,
    ) -> Result<Channel, JsValue>;

    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = getStats)]
    pub(super) fn get_stats(this: &Connection) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_class = "RTCPeerConnection", js_name = addTransceiver)]
    pub(super) fn add_transceiver(
        this: &Connection,
        kind: &str,
        init: &JsValue,
    ) -> Result<Transceiver, JsValue>;

    #[wasm_bindgen(method, js_class = "RTCPeerConnection", js_name = getTransceivers)]
    pub(super) fn get_transceivers(this: &Connection) -> JsValue;

    /// `RTCRtpTransceiver` (WebRTC 1.0 §5.4).
    #[wasm_bindgen(js_name = RTCRtpTransceiver, typescript_type = "RTCRtpTransceiver")]
    #[derive(Clone, Debug)]
    pub(super) type Transceiver;

    #[wasm_bindgen(method, getter, js_class = "RTCRtpTransceiver")]
    pub(super) fn direction(this: &Transceiver) -> String;

    #[wasm_bindgen(method, catch, setter, js_class = "RTCRtpTransceiver")]
    pub(super) fn set_direction(this: &Transceiver, direction: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, getter, js_class = "RTCRtpTransceiver")]
    pub(super) fn sender(this: &Transceiver) -> Sender;

    /// `RTCRtpSender` (WebRTC 1.0 §5.2).
    #[wasm_bindgen(js_name = RTCRtpSender, typescript_type = "RTCRtpSender")]
    #[derive(Clone, Debug)]
    pub(super) type Sender;

    #[wasm_bindgen(method, catch, js_class = "RTCRtpSender", js_name = replaceTrack)]
    pub(super) fn replace_track(this: &Sender, track: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, js_class = "RTCPeerConnection")]
    pub(super) fn close(this: &Connection);

    #[wasm_bindgen(method, getter, js_class = "RTCPeerConnection", js_name = connectionState)]
    pub(super) fn connection_state(this: &Connection) -> String;

    #[wasm_bindgen(method, getter, js_class = "RTCPeerConnection", js_name = localDescription)]
    pub(super) fn local_description(this: &Connection) -> JsValue;

    /// `RTCDataChannel` (WebRTC 1.0 §6.2).
    #[wasm_bindgen(extends = EventTarget, js_name = RTCDataChannel, typescript_type = "RTCDataChannel")]
    #[derive(Clone, Debug)]
    pub(super) type Channel;

    #[wasm_bindgen(method, catch, js_class = "RTCDataChannel")]
    pub(super) fn send(this: &Channel, bytes: &[u8]) -> Result<(), JsValue>;

    #[wasm_bindgen(method, js_class = "RTCDataChannel")]
    pub(super) fn close(this: &Channel);

    #[wasm_bindgen(method, getter, js_class = "RTCDataChannel", js_name = bufferedAmount)]
    pub(super) fn buffered_amount(this: &Channel) -> u32;

    #[wasm_bindgen(method, setter, js_class = "RTCDataChannel", js_name = bufferedAmountLowThreshold)]
    pub(super) fn set_buffered_amount_low_threshold(this: &Channel, bytes: u32);

    #[wasm_bindgen(method, setter, js_class = "RTCDataChannel", js_name = binaryType)]
    pub(super) fn set_binary_type(this: &Channel, kind: &str);
}
