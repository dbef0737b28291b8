"""Flask-SocketIO on threads."""

import os

from flask import Flask
from flask_socketio import ConnectionRefusedError, SocketIO, emit

app = Flask(__name__)
io = SocketIO(app, async_mode="threading", cors_allowed_origins="*")


@io.on("echo")
def echo(data):
    emit("echoed", data)
    return data


@io.on("connect", namespace="/private")
def enter(auth):
    if not auth or auth.get("token") != "secret":
        raise ConnectionRefusedError("token wanted")


@io.on("echo", namespace="/private")
def private_echo(data):
    return data


io.run(app, "127.0.0.1", int(os.environ["PORT"]), allow_unsafe_werkzeug=True)
