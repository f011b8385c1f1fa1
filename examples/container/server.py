"""A small web service: / shows a page, /up says that it is well."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from page import page


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An idle connection is closed after so many seconds.
    timeout = 60
    # Head and body of an answer leave as one piece; as two, the second waits for the first one's receipt.
    wbufsize = -1

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/up":
            self.answer(200, "ok\n")
        elif url.path == "/":
            self.answer(200, page(parse_qs(url.query).get("name", [""])[0]))
        else:
            self.answer(404, "There is nothing here.\n")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    # Connections that may wait until one is taken.
    request_queue_size = 128
    # Asked to end, it takes no more connections and answers those that it has.
    daemon_threads = False


def main():
    # Within its container it listens on every address; outside, Pilothouse maps the port to loopback.
    with Server(("0.0.0.0", int(os.environ["PORT"])), Requests) as server:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever()


if __name__ == "__main__":
    main()
