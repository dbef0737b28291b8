//! The web page beside the rooms.

use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_http::services::{ServeDir, ServeFile};

/// Headers of every file: only our own code runs, wasm included; sockets may go anywhere, pictures of peers are shown.
const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; \
         img-src 'self' blob:; style-src 'self' 'unsafe-inline'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// The file a request asks for, or the start page if a browser navigates to a path of the page. `None`: neither.
pub(crate) async fn serve(directory: &Path, request: Request<Body>) -> Option<Response> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return None;
    }
    let (parts, _) = request.into_parts();
    let navigates = parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let navigates = navigates.is_some_and(|accept| accept.contains("text/html"));
    let request = || Request::from_parts(parts.clone(), Body::empty());
    let file = ServeDir::new(directory).try_call(request()).await;
    let mut response = file.map_or_else(unreadable, IntoResponse::into_response);
    if response.status() == StatusCode::NOT_FOUND {
        if !navigates {
            return None;
        }
        let page = ServeFile::new(directory.join("index.html")).try_call(request()).await;
        response = page.map_or_else(unreadable, IntoResponse::into_response);
    }
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

fn unreadable(error: std::io::Error) -> Response {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied) {
        return StatusCode::NOT_FOUND.into_response();
    }
    tracing::error!(%error, "a file of the page cannot be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
