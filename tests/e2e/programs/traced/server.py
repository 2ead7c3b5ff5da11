"""A web application that traces what it is asked, below the `traceparent` that a request brings."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import traced
from opentelemetry import propagate


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply({})

    def do_POST(self):
        parent = propagate.extract({"traceparent": self.headers["traceparent"]})
        with traced.tracer.start_as_current_span("POST /", context=parent):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            traced.search(asked["q"])
            traced.chat(asked["q"])
            self.reply({"answer": asked["q"]})
            time.sleep(0.2)  # and writes to its own logs: the outermost span ends after the answer

    def reply(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
