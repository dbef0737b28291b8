//! Rooms that speak the y-websocket protocol.
