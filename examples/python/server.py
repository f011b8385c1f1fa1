"""A small web service: / greets, /up says that it is well."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from greeting import greeting


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An idle connection is closed after so many seconds.
    timeout = 60

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/up":
            self.answer(200, "ok\n")
        elif url.path == "/":
            self.answer(200, greeting(parse_qs(url.query).get("name", [""])[0]))
        else:
            self.answer(404, "There is nothing here.\n")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    # Only the load balancer on this machine reaches an instance.
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Requests)
    # Asked to end, it takes no more connections and answers those that it has.
    server.daemon_threads = False
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        server.serve_forever()


if __name__ == "__main__":
    main()
