# SPDX-License-Identifier: MIT OR Apache-2.0
"""redis-server under redis-benchmark, nginx under wrk: local, and bounded."""

import gzip
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

from cases.harness import Case, Failure, complain, find

_FILL = """
for i = 1, 20000 do
    redis.call('SET', 'k' .. i, string.rep('v', i % 700))
    redis.call('HSET', 'h' .. i % 500, 'f' .. i, i)
    redis.call('ZADD', 'z' .. i % 50, i * 7919 % 10007, 'm' .. i)
    redis.call('RPUSH', 'l' .. i % 100, string.rep('x', i % 90))
    if i % 3 == 0 then redis.call('DEL', 'k' .. i - 1) end
end
"""


class _Redis:
    def __init__(self, place, name):
        self.place, self.socket = place, os.path.join(place.scratch, name)
        self.process = place.start(
            "redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", place.scratch,
            "--save", "", "--appendonly", "no", "--io-threads", "2", "--io-threads-do-reads", "yes",
            "--enable-debug-command", "local", log=name + ".log")
        _wait(lambda: os.path.exists(self.socket) and "PONG" in self._ping(), self.process, name)

    def _ping(self):
        return subprocess.run(find(["redis-cli", "-s", self.socket, "ping"]), capture_output=True,
                              text=True, check=False).stdout

    def call(self, *words):
        return self.place.command("redis-cli", "-e", "-s", self.socket, *words)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        _end(self.process, "redis-server")


def _wait(ready, process, what):
    for _ in range(1200):
        if ready():
            return
        if process.poll() is not None:
            raise Failure(f"{what} ended with status {process.returncode}")
        time.sleep(0.05)
    raise Failure(f"{what} does not come up")


def _end(process, what):
    try:
        status = process.wait(120)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure(f"{what} does not end") from None
    complain([what], status, 0, "")


def _redis(place):
    redis = _Redis(place, "redis.sock")
    try:
        redis.call("eval", _FILL, "0")
        before = redis.call("debug", "digest")
        redis.call("bgsave")  # forks
        redis.call("select", "1")
        for pipeline, requests in (("1", "3000"), ("32", "30000")):
            place.command("redis-benchmark", "-s", redis.socket, "-q", "-n", requests,
                          "-P", pipeline, "-c", "32", "-d", "300", "-r", "5000", "--dbnum", "1",
                          "-t", "set,get,incr,lpush,lpop,sadd,hset,spop,zadd,lrange_100,mset")
        _wait(lambda: "rdb_bgsave_in_progress:0" in redis.call("info", "persistence"),
              redis.process, "bgsave")
        saved = re.search(r"rdb_last_bgsave_status:\w+", redis.call("info", "persistence")).group(0)
        redis.call("memory", "purge")
        redis.call("-n", "1", "flushdb")
        after = redis.call("debug", "digest")
    finally:
        redis.end()
    redis = _Redis(place, "again.sock")  # loads what was saved
    try:
        loaded = redis.call("debug", "digest")
        size = redis.call("dbsize")
    finally:
        redis.end()
    if not before == after == loaded:
        raise Failure(f"the data changed: {before} {after} {loaded}")
    return f"{before}{size}{saved}"


_NGINX = """
daemon off; master_process on; worker_processes 2;
pid {scratch}/nginx.pid; error_log {scratch}/error.log notice;
{user}
events {{ worker_connections 256; }}
http {{
    access_log {scratch}/access.log; keepalive_requests 1000;
    gzip on; gzip_min_length 100; gzip_types *;
    client_body_temp_path {scratch}/body; proxy_temp_path {scratch}/proxy;
    fastcgi_temp_path {scratch}/fcgi; uwsgi_temp_path {scratch}/uwsgi;
    scgi_temp_path {scratch}/scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ root {scratch}/files; }}
              location /proxied/ {{ proxy_pass http://127.0.0.1:{port}/; }} }}
}}
"""


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _get(url, encoding):
    request = urllib.request.Request(url, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request, timeout=20) as reply:
        body = reply.read()
    return gzip.decompress(body) if reply.headers.get("Content-Encoding") == "gzip" else body


def _wrk(place, url):
    text = place.command("wrk", "-t", "2", "-c", "24", "-d", "2s", "-H", "Accept-Encoding: gzip",
                         url)
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    if requests == 0 or "Non-2xx" in text or "Socket errors" in text:
        raise Failure(f"wrk: {text}")


def _nginx(place):
    port = _free_port()
    os.makedirs(os.path.join(place.scratch, "files"))
    for i in range(5):
        with open(os.path.join(place.scratch, "files", f"{i}.txt"), "w", encoding="ascii") as file:
            file.writelines(f"line {n} of file {i}\n" for n in range(10 ** i))
    config = os.path.join(place.scratch, "nginx.conf")
    user = "user root;" if os.geteuid() == 0 else ""
    with open(config, "w", encoding="ascii") as file:
        file.write(_NGINX.format(scratch=place.scratch, port=port, user=user))
    base = f"http://127.0.0.1:{port}"
    nginx = place.start("nginx", "-c", config, "-e", os.path.join(place.scratch, "start.log"),
                        log="nginx.log")
    try:
        _wait(lambda: _answers(port), nginx, "nginx")
        _wrk(place, f"{base}/3.txt")
        nginx.send_signal(signal.SIGHUP)  # new workers; wrk would count connections that the old end
        _wait(lambda: place.read("error.log").count("exited with code 0") >= 2, nginx, "reload")
        _wrk(place, f"{base}/proxied/2.txt")
        bodies = [_get(f"{base}/{way}{i}.txt", encoding) for way in ("", "proxied/")
                  for i in range(5) for encoding in ("identity", "gzip")]
    finally:
        nginx.send_signal(signal.SIGQUIT)
        _end(nginx, "nginx")
    trouble = re.findall(r".*\[(?:alert|crit|emerg|error)\].*", place.read("error.log"))
    if trouble:
        raise Failure("nginx: " + "\n".join(trouble[:5]))
    return "\n".join(body.decode() for body in bodies)


def _answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


CASES = (
    Case("redis-server: io-threads, pipelines, save", _redis),
    Case("nginx: wrk, gzip, proxy, reload", _nginx),
)
