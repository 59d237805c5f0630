"""What the suite starts as a server: it passes on what is asked and answered. Usage: relay.py SOCKET.

It imports next to nothing: the suite gives a server ten seconds to start, and starts four at a time. That
where it is ended its connection ends, too, is all that its other side has to know.
"""

import socket
import sys


def main(path: str) -> None:
    """Pass on a request and its answer, and stay until the end."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        size = sys.stdin.buffer.read(4)
        connection.sendall(size + sys.stdin.buffer.read(int.from_bytes(size)))
        while data := connection.recv(65_536):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
