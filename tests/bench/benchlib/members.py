"""Nodes that have joined already, each with a certificate of the sidecar's authority."""

import contextlib
import hashlib
import sqlite3
import ssl
import subprocess
import time

EXTENSIONS = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n"


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def enrol(state, folder, count):
    """Makes certificates in a folder, and members in the database of a sidecar that does not run."""
    folder.mkdir()
    key, public, extensions = folder / "key.pem", folder / "key.pub", folder / "extensions"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    extensions.write_text(EXTENSIONS)
    signed = ["-CA", state / "ca.pem", "-CAkey", state / "ca.key", "-extfile", extensions, "-days", 30]
    rows = []
    for number in range(count):
        # As the player names them.
        name = f"load{number:012}"
        path = folder / f"{name}.pem"
        openssl("x509", "-new", "-force_pubkey", public, "-subj", f"/CN={name}", *signed, "-out", path)
        shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(path.read_text())).digest()
        rows.append((number + 1, name, name, int(time.time()), shown))
    with contextlib.closing(sqlite3.connect(state / "sidecar.db")) as database, database:
        sql = "INSERT INTO node (id, name, title, customer, state, joined, cert) VALUES (?, ?, ?, 1, 'member', ?, ?)"
        database.executemany(sql, rows)
    return folder
