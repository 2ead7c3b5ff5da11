"""A small HTTP server of a user's, stdlib only, as the tests of served tasks start it."""

SERVER = """
import http.server, json, os, signal, subprocess, sys, time

mode = sys.argv[2] if len(sys.argv) > 2 else ""
if mode == "dies":
    print("cannot find the model file", file=sys.stderr)
    sys.exit(3)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "parent":
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("grandchild", grandchild.pid, flush=True)

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, value, status=200, raw=None):
        body = raw if raw is not None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"ok": True}, 503 if mode == "never" else 200)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wish = asked.get("wish") if isinstance(asked, dict) else None
        if wish == "crash":
            print("crashing on purpose", flush=True)
            os._exit(9)
        if wish == "hang":
            time.sleep(30)
        if wish == "text":
            return self.answer(None, raw=b"plain words")
        if wish == "print":
            print("thinking aloud", flush=True)
        if isinstance(wish, int):
            return self.answer({"detail": "as wished"}, wish)
        self.answer({
            "asked": asked, "path": self.path, "pid": os.getpid(), "port": os.environ["PORT"],
            "seen": sorted(os.environ), "auth": self.headers.get("Authorization"), "folder": os.getcwd(),
        })

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
