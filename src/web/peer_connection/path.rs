//! Which way the bytes take, from the browser's statistics (webrtc-stats §8.19, §8.22).

use js_sys::{Iterator, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// `RTCStatsReport`: like a map, and no `Map`.
    #[wasm_bindgen(js_name = RTCStatsReport)]
    type Report;

    #[wasm_bindgen(method, catch, structural)]
    fn get(this: &Report, id: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, structural)]
    fn values(this: &Report) -> Result<Iterator, JsValue>;
}

/// Whether either end of the chosen pair is a TURN server; `None` while there is no pair.
pub(super) fn is_relayed(report: &JsValue) -> Option<bool> {
    use wasm_bindgen::JsCast;
    let report: &Report = report.unchecked_ref();
    let pair = report.values().ok()?.into_iter().flatten().find_map(|stats| {
        match text(&stats, "type").as_str() {
            "transport" => report.get(&member(&stats, "selectedCandidatePairId")).ok(),
            // Firefox marks the pair itself.
            "candidate-pair" if member(&stats, "selected").is_truthy() => Some(stats),
            _ => None,
        }
        .filter(JsValue::is_object)
    })?;
    let ends = ["localCandidateId", "remoteCandidateId"];
    let kinds = ends.map(|end| report.get(&member(&pair, end)).unwrap_or_default());
    Some(kinds.iter().any(|candidate| text(candidate, "candidateType") == "relay"))
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

fn text(object: &JsValue, name: &str) -> String {
    member(object, name).as_string().unwrap_or_default()
}
