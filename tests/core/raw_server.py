"""A TCP server that speaks exactly the bytes it is told, at the pace it is told: what no honest server would do."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Talk = Callable[[socket.socket], None]


@contextmanager
def raw_server(talk: Talk) -> Iterator[str]:
    """The address of a server that treats every connection with `talk`."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    line, _ = server.accept()
                    threading.Thread(target=_treat, args=(talk, line), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def _treat(talk: Talk, line: socket.socket) -> None:
    with suppress(OSError), line:
        talk(line)


def read_request(line: socket.socket) -> bytes:
    """The request up to the end of its head."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = line.recv(65536)
        if not part:
            break
        data += part
    return data


def drip(line: socket.socket, data: bytes, every: float = 0.05) -> None:
    """One byte at a time, for ever in the end."""
    for byte in data:
        line.sendall(bytes([byte]))
        time.sleep(every)
    while True:
        line.sendall(b" ")
        time.sleep(every)


def answer(body: bytes, *headers: bytes) -> bytes:
    """A whole good answer."""
    lines = b"".join(header + b"\r\n" for header in headers)
    return HEAD + lines + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


def reset(line: socket.socket) -> None:
    """Close with a reset instead of an end."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    line.close()
