"""Python websockets."""

import asyncio
import http
import os
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request

refused = 5


def check(connection: ServerConnection, request: Request):
    """Before the handshake: who may come in."""
    global refused
    url = urlsplit(request.path)
    answer = None
    if url.path == "/private" and parse_qs(url.query).get("token") != ["secret"]:
        answer = connection.respond(http.HTTPStatus.UNAUTHORIZED, "token wanted\n")
    if url.path == "/busy" and refused > 0:
        refused -= 1
        answer = connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "busy\n")
        answer.headers["Retry-After"] = "1"
    if answer is not None:
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return answer


async def echo(socket: ServerConnection):
    async for message in socket:
        await socket.send(message)


async def main():
    async with serve(echo, "127.0.0.1", int(os.environ["PORT"]), process_request=check) as server:
        await server.serve_forever()


asyncio.run(main())
