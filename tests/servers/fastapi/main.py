"""FastAPI with sse-starlette, run by uvicorn."""

import asyncio
import json
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, WebSocket, WebSocketDisconnect, WebSocketException, status
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel
from sse_starlette import EventSourceResponse

app = FastAPI()
app.add_middleware(
    CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["Retry-After"]
)
refused = {"socket": 5, "events": 1}


class Question(BaseModel):
    prompt: str


async def ticks(after: int):
    n = after
    while True:
        n += 1
        yield {"id": str(n), "event": "tick", "data": json.dumps({"n": n})}
        await asyncio.sleep(0.02)


@app.get("/events")
async def events(last_event_id: Annotated[int, Header()] = 0):
    return EventSourceResponse(ticks(last_event_id))


@app.get("/private/events")
async def private_events(authorization: Annotated[str | None, Header()] = None):
    if authorization != "Bearer secret":
        raise HTTPException(401, "token wanted")
    return EventSourceResponse(ticks(0))


@app.get("/busy/events")
async def busy_events():
    if refused["events"] > 0:
        refused["events"] -= 1
        raise HTTPException(503, "busy", {"Retry-After": "1"})
    return EventSourceResponse(ticks(0))


@app.post("/stream")
async def stream(question: Question):
    async def answer():
        for word in question.prompt.split():
            yield {"data": json.dumps({"choices": [{"delta": {"content": word + " "}}]})}
            await asyncio.sleep(0.005)
        yield {"data": "[DONE]"}

    return EventSourceResponse(answer())


async def echo(socket: WebSocket):
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is not None:
                await socket.send_text(message["text"])
            else:
                await socket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        pass


@app.websocket("/ws")
async def open_socket(socket: WebSocket):
    await socket.accept()
    await echo(socket)


@app.websocket("/private")
async def private_socket(socket: WebSocket, token: str | None = None):
    await socket.accept()
    if token != "secret":
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION)
    await echo(socket)


@app.websocket("/busy")
async def busy_socket(socket: WebSocket):
    if refused["socket"] > 0:
        refused["socket"] -= 1
        headers = [(b"retry-after", b"1"), (b"access-control-allow-origin", b"*")]
        await socket.send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
        await socket.send({"type": "websocket.http.response.body", "body": b"busy"})
        return
    await socket.accept()
    await echo(socket)


@app.get("/busy")
async def busy():
    refused["socket"] -= 1
    raise HTTPException(503, "busy", {"Retry-After": "1"})
