#!/usr/bin/env python3
"""Fails if a name server at a port of this machine shows a TXT record for one of these names: txt.py PORT NAME…"""
import socket
import struct
import sys

for name in sys.argv[2:]:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(5)
        asked.sendto(struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">2H", 16, 1), ("127.0.0.1", int(sys.argv[1])))
        if struct.unpack(">6H", asked.recv(1500)[:12])[3]:
            sys.exit(f"{name} is there")
