"""Servers on loopback that lie: a good answer, and what becomes of it on a wire that nobody checks."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

OFFERED = 1_500 * 2**20
"""Bytes of a page without a sensible end."""
_BLOCK = b" " * 2**16

Good = tuple[str, bytes]
"""Content type and body of a good answer."""


class Wire:
    """One connection: what is sent on it is counted."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.sent = 0

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(data)
        self.sent += len(data)

    def reply(self, status: int, body: bytes = b"", *, length: int | None = None, **headers: str) -> None:
        """Send an answer; ``length``: what it says of its body, where that is a lie."""
        lines = [f"HTTP/1.1 {status} Any", f"Content-Length: {len(body) if length is None else length}"]
        self.send("\r\n".join([*lines, *_spelled(headers), "", ""]).encode("latin-1") + body)

    def reset(self) -> None:
        """End the connection as a machine does that knows nothing of it."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def wait(self) -> None:
        """Say nothing until the other side goes away."""
        self._socket.settimeout(20)
        with suppress(OSError):
            while self._socket.recv(1024):
                pass


def _spelled(headers: Mapping[str, str]) -> list[str]:
    named = {"Connection": "close"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return [f"{name}: {text}" for name, text in named.items()]


Fault = Callable[[Wire, Good], None]


def _with(status: int, **headers: str) -> Fault:
    return lambda wire, _: wire.reply(status, b"{}", length=None, **headers)


def _body(change: Callable[[bytes], bytes], kind: str = "", **headers: str) -> Fault:
    return lambda wire, good: wire.reply(200, change(good[1]), length=None, Content_Type=kind or good[0], **headers)


def _raw(*parts: bytes) -> Fault:
    def send(wire: Wire, _: Good) -> None:
        for part in parts:
            wire.send(part)

    return send


def _head(good: Good, *more: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {good[0]}", *more, "", ""]).encode()


def _drip(wire: Wire, data: bytes) -> None:
    for byte in data * 1000:
        wire.send(bytes([byte]))
        time.sleep(0.02)


def _stream(wire: Wire, good: Good) -> None:
    wire.send(_head(good, f"Content-Length: {OFFERED}") + good[1])
    while wire.sent < OFFERED:
        wire.send(_BLOCK)


def _chunks(wire: Wire, good: Good) -> None:
    wire.send(_head(good, "Transfer-Encoding: chunked"))
    while wire.sent < OFFERED:
        wire.send(b"10000\r\n" + _BLOCK + b"\r\n")


def _long_by(more: int) -> Fault:
    return lambda wire, good: wire.reply(200, good[1], length=max(len(good[1]) + more, -1), Content_Type=good[0])


def _short(wire: Wire, good: Good) -> None:
    wire.reply(200, good[1], length=len(good[1]) // 2, Content_Type=good[0])


def _zz(wire: Wire, good: Good) -> None:
    wire.send(_head(good, "Transfer-Encoding: chunked") + b"zz\r\n" + good[1])


def _bomb(good: bytes) -> bytes:
    return gzip.compress(good + b" " * 64 * 2**20, 9)


def _reset_within(wire: Wire, good: Good) -> None:
    wire.send(_head(good, f"Content-Length: {len(good[1])}") + good[1][: len(good[1]) // 2])
    time.sleep(0.05)
    wire.reset()


def _silent_within(wire: Wire, good: Good) -> None:
    wire.send(_head(good, f"Content-Length: {len(good[1])}") + good[1][:-1])
    wire.wait()


def _waits() -> dict[str, Fault]:
    told = {
        "negative": "-7", "huge": "9" * 300, "a NaN": "NaN", "an infinity": "inf", "a fraction": "0.5",
        "a word": "soon",
        "far": "Fri, 31 Dec 9999 23:59:59 GMT", "past": "Mon, 01 Jan 1601 00:00:00 GMT", "no date": "Xyz, 99 Abc 0000",
        "a far zone": "Fri, 31 Dec 2027 23:59:59 +9999", "other digits": "\xb2\xb3",
    }  # fmt: skip
    return {f"429, wait {name}": _with(429, Retry_After=text) for name, text in told.items()}


def _away() -> dict[str, Fault]:
    goals = {
        "to a file": "file:///etc/passwd", "to ftp": "ftp://127.0.0.1/x", "to nothing": "",
        "to half an address": "http://[::1",
        "to a closed port": "http://127.0.0.1:9/x", "to javascript": "javascript:alert(1)", "to a port that is none": "http://h:99999/",
        "with a line feed": "/x\ty", "to a long name": f"http://{'a' * 300}.example/",
    }  # fmt: skip
    return {f"redirect {name}": _with(302, Location=goal) for name, goal in goals.items()}


STATUSES = (100, 201, 202, 203, 204, 300, 304, 400, 401, 403, 418, 429, 500, 502, 503, 599)
FAULTS: dict[str, Fault] = {
    "silence": lambda wire, _: wire.wait(),
    "silence within the body": _silent_within,
    "a reset at once": lambda wire, _: wire.reset(),
    "a reset within the body": _reset_within,
    "the end at once": _raw(),
    "a head that drips": lambda wire, _: _drip(wire, b"HTTP/1.1 200 OK\r\nX-Pad: " + b"a" * 1000),
    "a body that drips": lambda wire, good: _drip(wire, _head(good, "Content-Length: 1000000")),
    "a head without an end": _raw(b"HTTP/1.1 200 OK\r\n", *[b"X-Pad: " + b"a" * 4000 + b"\r\n"] * 100),
    "no HTTP": _raw(b"\x16\x03\x01\x02\x00" * 20),
    "HTTP of 1991": lambda wire, good: wire.send(good[1]),
    "a status that is none": _raw(b"HTTP/1.1 99 No\r\n\r\n"),
    "a length that is too large": _long_by(9),
    "a length that is too small": _short,
    "a length below zero": _long_by(-(10**9)),
    "two lengths": lambda wire, good: wire.send(_head(good, "Content-Length: 3", "Content-Length: 5") + good[1]),
    "no length, cut": lambda wire, good: wire.send(_head(good, "Connection: close") + good[1][: len(good[1]) // 2]),
    "chunks that break off": lambda wire, good: wire.send(
        _head(good, "Transfer-Encoding: chunked") + b"%x\r\n" % len(good[1]) + good[1][:9]
    ),
    "chunks without the last": lambda wire, good: wire.send(
        _head(good, "Transfer-Encoding: chunked") + b"9\r\n" + good[1][:9] + b"\r\n"
    ),
    "chunks of no length": _zz,
    "half a body": _body(lambda good: good[: len(good) // 2]),
    "an empty body": _body(lambda _: b""),
    "a login page": _body(lambda _: b"<html><body><form>log in</form></body></html>", "text/html"),
    "a login page of the right type": _body(lambda _: b"<html><body><form>log in</form></body></html>"),
    "null": _body(lambda _: b"null"),
    "a list": _body(lambda _: b'[{"a": 1}]'),
    "an object": _body(lambda _: b'{"message": "no"}'),
    "an empty list": _body(lambda _: b"[]"),
    "depth": _body(lambda _: b"[" * 100_000),
    "NULs": _body(lambda good: b"\0" * len(good)),
    "no UTF-8": _body(lambda good: good[:-3] + b"\xff\xfe\xfd"),
    "a page of 1.5 GB": _stream,
    "chunks of 1.5 GB": _chunks,
    "a bomb of gzip": _body(_bomb, Content_Encoding="gzip"),
    "half of gzip": _body(lambda good: gzip.compress(good)[:-9], Content_Encoding="gzip"),
    "gzip that is none": _body(lambda good: good, Content_Encoding="gzip"),
    "gzip and more": _body(lambda good: gzip.compress(good) + b"more", Content_Encoding="gzip"),
    "gzip of gzip": _body(lambda good: gzip.compress(gzip.compress(good)), Content_Encoding="gzip, gzip"),
    "brotli": _body(lambda good: good, Content_Encoding="br"),
    "a circle": _with(302, Location="/round"),
    "a part": lambda wire, good: wire.reply(206, good[1][:40], Content_Type=good[0], Content_Range="bytes 0-39/9999"),
    **{str(status): _with(status) for status in STATUSES},
    **_waits(),
    **_away(),
}  # fmt: skip
"""What may become of a good answer, by name."""


class Liar:
    """Answers by path; what has no plan is 404. The paths in ``broken`` are answered by a fault, and ``/round``."""

    def __init__(self, good: Mapping[str, Good], broken: str, fault: Fault) -> None:
        self._good = good
        self._broken = broken
        self._fault = fault
        self.sent = 0
        self.asked: list[str] = []

    def answer(self, sock: socket.socket) -> None:
        """Answer one request on a connection, and end it."""
        wire = Wire(sock)
        with suppress(OSError), sock:
            head = b""
            while b"\r\n\r\n" not in head and (part := sock.recv(65536)):
                head += part
            target = head.split(b" ", 2)[1].decode() if head.count(b" ") > 1 else ""
            path = target.partition("?")[0]
            self.asked.append(target)
            if path in {self._broken, "/round"}:
                self._fault(wire, self._good[self._broken])
            elif good := self._good.get(target) or self._good.get(path):
                kind, body = good
                wire.reply(200, body, Content_Type=kind)
            else:
                wire.reply(404)
        self.sent += wire.sent


@contextmanager
def lying(good: Mapping[str, Good], broken: str, fault: Fault) -> Iterator[tuple[str, Liar]]:
    """Yield the address of a server on loopback that has a fault, and the server."""
    liar = Liar(good, broken, fault)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    threading.Thread(target=liar.answer, args=(sock,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", liar
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
