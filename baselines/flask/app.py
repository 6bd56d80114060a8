import os
import signal
import sys

from flask import Flask, request
from werkzeug.serving import WSGIRequestHandler

app = Flask(__name__)


@app.get("/")
def hello():
    name = request.args.get("name", "World").strip()
    return {"message": f"Hello {name}!"}


class Quiet(WSGIRequestHandler):
    def log_request(self, *arguments):
        pass


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "3000"))
    app.run(host=host, port=port, threaded=True, request_handler=Quiet)
