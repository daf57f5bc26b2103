"""Serves a folder for download_test.sh and prints its port.

    python3 serve_files.py FOLDER [--ranges] [--cut BYTES]

Knows byte ranges with --ranges; with --cut it ends a whole file's transfer after so many bytes, once per file.
"""
import argparse
import http.server
import pathlib
import re

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--ranges", action="store_true")
parser.add_argument("--cut", type=int, default=0)
arguments = parser.parse_args()
cut_before = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = arguments.folder / self.path.lstrip("/")
        if not path.is_file():
            return self.send_error(404)
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if arguments.ranges else None
        first = int(asked.group(1)) if asked else 0
        if first >= len(data) > 0:
            return self.send_error(416)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        end = len(data)
        if arguments.cut and not asked and path not in cut_before:
            cut_before.add(path)
            end = arguments.cut
        self.wfile.write(data[first:end])

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
