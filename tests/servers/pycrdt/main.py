"""pycrdt-websocket, run by uvicorn: rooms by path, in memory."""

from pycrdt.websocket import ASGIServer, WebsocketServer, exception_logger

# Without a handler the first client that drops its connection stops all rooms.
rooms = WebsocketServer(auto_clean_rooms=False, exception_handler=exception_logger)
documents = ASGIServer(rooms)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"a WebSocket is wanted"})
    else:
        await documents(scope, receive, send)


async def lifespan(receive, send):
    await receive()
    async with rooms:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
