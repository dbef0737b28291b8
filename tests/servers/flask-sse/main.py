"""Flask-SSE: events through Redis to whoever listens at that moment."""

import os
import threading
import time

from flask import Flask, Response, request
from flask_sse import sse

app = Flask(__name__)
app.config["REDIS_URL"] = os.environ["REDIS_URL"]
refused = {"events": 1}


@app.after_request
def allow_any_page(response):
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "retry-after"
    response.headers["Access-Control-Allow-Headers"] = "last-event-id, authorization, cache-control, content-type"
    return response


@app.before_request
def refuse():
    if request.method == "OPTIONS":
        return Response(status=204)
    if request.path == "/private/events" and request.headers.get("Authorization") != "Bearer secret":
        return Response("token wanted", 401)
    if request.path == "/busy/events" and refused["events"] > 0:
        refused["events"] -= 1
        return Response("busy", 503, {"Retry-After": "1"})


app.register_blueprint(sse, url_prefix="/events")
app.register_blueprint(sse, url_prefix="/private/events", name="private")
app.register_blueprint(sse, url_prefix="/busy/events", name="busy")


@app.post("/stream")
def stream():
    words = request.get_json()["prompt"].split()

    def answer():
        for word in words:
            yield word + " "
            time.sleep(0.005)

    return Response(answer(), mimetype="text/plain")


def publish():
    with app.app_context():
        while True:
            n = sse.redis.incr("ticks")
            sse.publish({"n": n}, type="tick", id=str(n))
            time.sleep(0.02)


threading.Thread(target=publish, daemon=True).start()
app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
