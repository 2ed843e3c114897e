//! The WebSocket handshake (RFC 6455 §4.2).
//!
//! Done here rather than by axum's extractor because the relay needs what lies below a message: it sends long frames in
//! fragments, so that no connection buffers a whole keyframe and pings pass between.

use crate::{error::ApiError, identity::ticket};
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{self, HeaderName},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

/// A connection that has become a WebSocket.
pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What one read takes from the network at most; also what small frames share an allocation of.
const READ_BYTES: usize = 8 << 10;

/// Above this, bytes to send go to the network without waiting for a flush.
const WRITE_BYTES: usize = 8 << 10;

/// A connection that becomes a WebSocket once its response is sent.
pub(crate) struct Upgrade {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
    /// The client asks for our subprotocol, and expects to hear of it.
    is_named: bool,
}

impl Upgrade {
    /// Reads the handshake of a request.
    ///
    /// # Errors
    /// 426 when the request is no WebSocket handshake of version 13.
    pub(crate) fn read(request: &mut Request) -> Result<Self, ApiError> {
        let headers = request.headers();
        let expected = |what: &'static str| ApiError::new(StatusCode::UPGRADE_REQUIRED, what);
        if !has(headers, header::CONNECTION, "upgrade") || !has(headers, header::UPGRADE, "websocket") {
            return Err(expected("expected a WebSocket handshake"));
        }
        if !has(headers, header::SEC_WEBSOCKET_VERSION, "13") {
            return Err(expected("expected Sec-WebSocket-Version 13"));
        }
        let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
            return Err(expected("expected a Sec-WebSocket-Key"));
        };
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))
            .map_err(|_| expected("expected a Sec-WebSocket-Key"))?;
        let is_named = has(headers, header::SEC_WEBSOCKET_PROTOCOL, ticket::PROTOCOL);
        let Some(on_upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
            return Err(expected("expected a connection of HTTP/1.1"));
        };
        Ok(Self { on_upgrade, accept, is_named })
    }

    /// The response that accepts the handshake.
    pub(crate) fn response(&self) -> Response {
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept.clone());
        if self.is_named {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(ticket::PROTOCOL));
        }
        response
    }

    /// The WebSocket, once the response is sent. Messages above `most` bytes are refused before memory is taken.
    ///
    /// # Errors
    /// When the connection went away meanwhile.
    pub(crate) async fn socket(self, most: usize) -> Result<Socket, hyper::Error> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(WRITE_BYTES)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let stream = TokioIo::new(self.on_upgrade.await?);
        Ok(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await)
    }
}

/// Whether a header lists a word.
fn has(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name);
    let mut words = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    words.any(|found| found.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let builder =
            headers.iter().fold(http::Request::builder(), |builder, (name, value)| builder.header(*name, *value));
        builder.body(axum::body::Body::empty()).unwrap()
    }

    fn refusal(headers: &[(&str, &str)]) -> ApiError {
        Upgrade::read(&mut request(headers)).err().unwrap()
    }

    #[test]
    fn what_is_missing_is_named() {
        let expected = |what: &'static str| ApiError::new(StatusCode::UPGRADE_REQUIRED, what);
        assert_eq!(refusal(&[]), expected("expected a WebSocket handshake"));
        let handshake = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
        assert_eq!(refusal(&handshake), expected("expected Sec-WebSocket-Version 13"));
        let versioned = [handshake[0], handshake[1], ("sec-websocket-version", "13")];
        assert_eq!(refusal(&versioned), expected("expected a Sec-WebSocket-Key"));
        let whole = [versioned[0], versioned[1], versioned[2], ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")];
        assert_eq!(refusal(&whole), expected("expected a connection of HTTP/1.1"));
    }
}
