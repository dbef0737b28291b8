//! Exports of streams.

use js_sys::Object;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::Links;
use crate::io::EndpointRequest;
use crate::stream::StreamConfig;
use crate::web::convert::from_js;
use crate::web::{endpoint_failure, thrown};

#[wasm_bindgen]
impl Links {
    /// Opens a stream that waits for `startStream`, and returns its number.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for options that make no sense.
    #[wasm_bindgen(js_name = openStream)]
    pub fn open_stream(&self, options: &JsValue) -> Result<u32, JsValue> {
        let options = from_js("the options of a stream", options);
        let config = thrown(options.and_then(|options| StreamConfig::from_json(&options)))?;
        thrown(self.driver.command(|links, now| Ok(links.open_stream(now, config))))
    }

    /// Starts a stream, goes on after a pause or a failure, or tries again now; what has ended begins anew.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    #[wasm_bindgen(js_name = startStream)]
    pub fn start_stream(&self, link: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|links, now| links.start_stream(now, link)))
    }

    /// Goes on after `disconnectStream`, though no sooner than the server wants to be asked again.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    #[wasm_bindgen(js_name = resumeStream)]
    pub fn resume_stream(&self, link: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|links, now| links.resume_stream(now, link)))
    }

    /// Ends a stream for good.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    #[wasm_bindgen(js_name = stopStream)]
    pub fn stop_stream(&self, link: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|links, now| links.stop_stream(now, link)))
    }

    /// Lets go of a stream's answer without ending it.
    ///
    /// # Errors
    /// `E_DISPOSED` if it has been let go.
    #[wasm_bindgen(js_name = disconnectStream)]
    pub fn disconnect_stream(&self, link: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|links, now| links.disconnect_stream(now, link)))
    }

    /// The app has room for more: the next piece may be read.
    ///
    /// # Errors
    /// Only for a bug of ours.
    #[wasm_bindgen(js_name = readStream)]
    pub fn read_stream(&self, link: u32) -> Result<(), JsValue> {
        thrown(self.driver.command(|links, now| {
            links.read_stream(now, link);
            Ok(())
        }))
    }

    /// The app found the end of a stream in what it read, or with a message an error.
    ///
    /// # Errors
    /// Only for a bug of ours.
    #[wasm_bindgen(js_name = endStream)]
    pub fn end_stream(&self, link: u32, error: Option<String>) -> Result<(), JsValue> {
        thrown(self.driver.command(|links, now| {
            links.end_stream(now, link, error.as_deref());
            Ok(())
        }))
    }

    /// Answers a `request` event. `options` are those of `fetch`; with `native` an `EventSource` is opened.
    ///
    /// # Errors
    /// Only for a bug of ours.
    #[wasm_bindgen(js_name = provideStream)]
    pub fn provide_stream(
        &self,
        link: u32,
        request: u32,
        url: &str,
        options: Object,
    ) -> Result<(), JsValue> {
        self.driver.fetches().prepare(link, options);
        thrown(self.driver.command(|links, now| {
            links.provide_stream(now, link, EndpointRequest(request), url);
            Ok(())
        }))
    }

    /// Answers a `request` event with a failure: `unauthorized` or `unavailable`.
    ///
    /// # Errors
    /// `E_INVALID_ARGUMENT` for another word.
    #[wasm_bindgen(js_name = refuseStream)]
    pub fn refuse_stream(
        &self,
        link: u32,
        request: u32,
        failure: &str,
        message: &str,
    ) -> Result<(), JsValue> {
        let failure = thrown(endpoint_failure(failure))?;
        thrown(self.driver.command(|links, now| {
            links.refuse_stream(now, link, EndpointRequest(request), failure, message);
            Ok(())
        }))
    }
}
