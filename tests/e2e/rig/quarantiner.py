"""A milter that has every message put on hold: some other filter, to see how it gets along with ours."""

import socket
import struct
import threading

from .mta import packet
from .place import HOST, free_port

ADD_QUARANTINE = 0x20
NOTHING_BUT_THE_END = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200


class Quarantiner:
    """Answers QUARANTINE and ACCEPT at end of message; wants to see no other step."""

    def __init__(self):
        self.port = free_port()
        self._socket = socket.create_server((HOST, self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def milter(self) -> str:
        return f"inet:{HOST}:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=[connection], daemon=True).start()

    def _session(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while head := stream.read(4):
            command = stream.read(struct.unpack(">I", head)[0])[:1]
            if command == b"O":
                connection.sendall(packet(b"O", struct.pack(">III", 6, ADD_QUARANTINE, NOTHING_BUT_THE_END)))
            elif command == b"E":
                connection.sendall(packet(b"q", b"a test\0") + packet(b"a"))
        connection.close()

    def __enter__(self) -> "Quarantiner":
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
