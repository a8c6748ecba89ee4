#!/usr/bin/env python3
"""Plays a fleet of NAS for the browser test and for whoever works on pages.

    fleet.py PORT            speaks MQTT 3.1.1 to 127.0.0.1:PORT until its input ends
    NODE VIEW[/ID] JSON      a line of its input: changes keys of a view and tells it at once
    NODE offline             the node says goodbye

It prints "ready" once everything was told.
"""
import json
import math
import os
import select
import socket
import struct
import sys
import time

STREAM = os.urandom(16)
BOOT = os.urandom(16)
TB, GB, MB = 10**12, 10**9, 10**6
RUN_BEGAN, RUN_ENDED, CHANGED, BEGAN, SYSTEM, BACKUP = 0x8002, 0x8003, 0x8004, 0x8001, 2, 9
# Keys of the view `backup` in their order, as records have them: text, a whole number, a share, a flag.
BACKUP_KEYS = [("s", "job"), ("u", "tier"), ("u", "rpo_seconds"), ("s", "state"), ("s", "reason"), ("s", "result"), ("s", "problem"), ("u", "failures_count"), ("b", "overdue"), ("s", "started_at"),
               ("s", "ended_at"), ("s", "succeeded_at"), ("s", "next_at"), ("f", "duration_seconds"), ("u", "source_bytes"), ("u", "read_bytes"), ("u", "added_bytes"), ("u", "stored_bytes"), ("u", "files_count"),
               ("u", "files_new_count"), ("u", "files_changed_count"), ("u", "files_unchanged_count"), ("u", "files_failed_count"), ("s", "snapshot"), ("s", "checked"), ("f", "progress_percent"), ("u", "left_seconds"),
               ("f", "read_bytes_per_second")]


class Link:
    """As much of MQTT 3.1.1 as telling needs."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(self.packet(0x10, self.text("MQTT") + bytes([4, 2]) + struct.pack(">H", 60) + self.text("fleet-py")))
        if self.socket.recv(4)[3:] != b"\0":
            raise SystemExit("fleet.py: the broker does not let us in")

    @staticmethod
    def text(text):
        data = text.encode()
        return struct.pack(">H", len(data)) + data

    @staticmethod
    def packet(kind, body):
        size, rest = b"", len(body)
        while True:
            rest, low = divmod(rest, 128)
            size += bytes([low | (0x80 if rest else 0)])
            if not rest:
                return bytes([kind]) + size + body

    def tell(self, topic, payload, retain=True):
        self.socket.sendall(self.packet(0x30 | int(retain), self.text(topic) + payload))

    def ping(self):
        self.socket.sendall(b"\xc0\0")


def varint(number):
    out = b""
    while True:
        number, low = number >> 7, number & 0x7F
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def zigzag(number):
    return varint((number << 1) ^ (number >> 63))


def short(text):
    data = text.encode()
    return varint(len(data)) + data


def boot_millis(at):
    return int((at - time.time()) * 1000) + 40 * 86_400_000


def optional(kind, value):
    """A key of a view in postcard: a share of its time, a whole number, a flag, nothing."""
    if value is None:
        return b"\0"
    return b"\1" + {"f": lambda: struct.pack("<f", value), "u": lambda: varint(value), "b": lambda: bytes([value]), "s": lambda: short(value)}[kind]()


def stamp(at):
    return zigzag(int(at * 1000)) + varint(boot_millis(at)) + BOOT + b"\1"


def iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


class Node:
    """A NAS: its views by topic, its records in order."""

    def __init__(self, link, name, title, **meta):
        self.link, self.name, self.seq, self.record = link, name, 0, 0
        self.views = {}
        self.frames = 0
        self.online = True
        self.tells_more = True
        self.set("meta", **{**dict(name=title, version="0.1.0", wire=1, interval_seconds=10, heartbeat_seconds=900), **meta})
        self.link.tell(f"atalaya/{name}/status", b"online")

    def set(self, view, **keys):
        self.views.setdefault(view, {}).update(keys)
        self.say(view)

    def say(self, view):
        self.seq += 1
        body = {"ts": int(time.time()), "seq": self.seq, **self.views[view]}
        self.link.tell(f"atalaya/{self.name}/{view}", json.dumps(body).encode())

    def tell_record(self, at, *parts):
        """Parts are (kind, object, bytes)."""
        self.record += 1
        rest = STREAM[:8] + self.name.encode()[:8].ljust(8, b"-") + struct.pack("<QqQ", self.record, int(at * 1000), boot_millis(at)) + BOOT + b"\1"
        for kind, what, body in parts:
            what = what.encode()
            rest += struct.pack("<HB", kind, len(what)) + what + struct.pack("<I", len(body)) + body
        self.link.tell(f"atalaya/{self.name}/record", bytes([1, 2]) + struct.pack("<I", len(rest)) + rest, retain=False)

    def tell_frame(self, at, clock=None):
        """Numbers of the machine at a time; `clock` is what the node's own clock says."""
        wave = math.sin(at / 5000)
        used = 40 + 12 * math.sin(at / 40_000)
        keys = [("f", 22 + 18 * wave), ("f", 15 + 12 * wave), ("f", 4.0), ("f", 3.0), ("f", 0.0), ("u", 4), ("f", 0.6 + 0.4 * wave), ("f", 0.5), ("f", 0.4),
                ("u", 2 * GB), ("u", int(2 * GB * (100 - used) / 100)), ("f", used), ("u", GB), ("u", 0), ("f", 0.5), ("f", 1.2 + wave), ("u", 3_456_000), ("t", None),
                ("f", 46 + 3 * wave), ("t", None), ("f", 1180.0), ("u", 1), ("u", 0), ("b", clock is None), ("u", 143)]
        body = b"".join(optional(kind, value) for kind, value in keys)
        self.frames += 1
        wall = at if clock is None else clock
        rest = b"frames--" + self.name.encode()[:8].ljust(8, b"-") + struct.pack("<QqQ", self.frames, int(wall * 1000), boot_millis(at)) + BOOT + bytes([clock is None])
        rest += struct.pack("<HB", SYSTEM, 0) + struct.pack("<I", len(body)) + body
        self.link.tell(f"atalaya/{self.name}/frame", bytes([1, 1]) + struct.pack("<I", len(rest)) + rest, retain=False)

    def ran(self, job, began, ended, result, problem="", cause="calendar"):
        run = os.urandom(16)
        self.tell_record(began, (RUN_BEGAN, "", run + short(job) + short(cause)))
        code = b"\1" + zigzag(0 if result == "ok" else 3 if result == "warnings" else 1)
        # Beside it in the same record the run's figures, as an agent has them.
        figures = {**self.views.get(f"backup/{job}", {}), "result": result, "problem": problem or None, "started_at": iso(began), "ended_at": iso(ended), "duration_seconds": ended - began}
        body = b"".join(optional(kind, figures.get(key)) for kind, key in BACKUP_KEYS)
        self.tell_record(ended, (RUN_ENDED, job, run + short(job) + stamp(began) + short(result) + code + short(problem)), (BACKUP, job, body))

    def changed(self, at, view, what, key, old, new, problem=""):
        self.tell_record(at, (CHANGED, what, short(view) + short(key) + short(old) + short(new) + short(problem)))

    def goodbye(self):
        self.online = False
        self.link.tell(f"atalaya/{self.name}/status", b"offline")


def machine(node, now, **more):
    keys = dict(cpu_percent=12.5, cpu_user_percent=8.0, cpu_system_percent=3.0, cpu_iowait_percent=1.5, cpu_count=4, load_1=0.42, load_5=0.38, load_15=0.3, memory_total_bytes=2 * GB,
                memory_available_bytes=int(1.3 * GB), memory_used_percent=35.0, swap_total_bytes=GB, swap_used_bytes=0, memory_pressure_percent=0.0, io_pressure_percent=1.2,
                uptime_seconds=3_456_000, booted_at=iso(now - 3_456_000), temperature_celsius=47.5, temperature_sensor="cpu_thermal", fan_rpm=1180, fan_count=1, fans_stopped=0, clock_synchronised=True, process_count=143)
    node.set("system", **{**keys, **more})


def disk(node, serial, name, now, size=4 * TB, **more):
    keys = dict(name=name, model="WDC WD40EFRX-68N32N0", serial=serial, firmware="82.00A82", kind="hdd", size_bytes=size, power="active", health="ok", smart_at=iso(now - 240), temperature_celsius=34,
                powered_seconds=71_280_000, power_cycles=88, read_bytes_per_second=1.2e6, write_bytes_per_second=3.4e5, busy_percent=4.0, reallocated_count=0, pending_count=0, uncorrectable_count=0,
                reported_count=0, crc_count=0, self_test="passed")
    node.set(f"disk/{serial}", **{**keys, **more})


def room(node, what, mount, device, size, used, **more):
    keys = dict(mount=mount, device=device, kind="ext4", state="ok", size_bytes=size, free_bytes=int(size * (100 - used) / 100), used_percent=used, inode_count=244_000_000, inodes_free_count=240_000_000,
                inodes_used_percent=1.6, read_only=False)
    node.set(f"fs/{what}", **{**keys, **more})


def backup(node, job, now, ago=7 * 3600, **more):
    keys = dict(job=job, tier=2, rpo_seconds=86_400, state="idle", result="ok", failures_count=0, overdue=False, started_at=iso(now - ago - 760), ended_at=iso(now - ago), succeeded_at=iso(now - ago),
                next_at=iso(now - ago + 86_400), duration_seconds=760.0, source_bytes=int(1.84 * TB), read_bytes=int(6.1 * GB), added_bytes=int(2.2 * GB), stored_bytes=int(1.4 * GB), files_count=412_388,
                files_new_count=214, files_changed_count=1_377, files_unchanged_count=410_797, files_failed_count=0, snapshot="5f0c2b9e", checked="verified")
    node.set(f"backup/{job}", **{**keys, **more})


def common(node, now, address="192.168.1.20"):
    node.set("net/eth0", name="eth0", up=True, speed_bits_per_second=10**9, mac="00:11:32:aa:bb:01", ipv4=address, received_bytes=88 * GB, sent_bytes=41 * GB, received_bytes_per_second=2.1e6,
             sent_bytes_per_second=4.4e5, receive_error_count=0, send_error_count=0, receive_drop_count=3)
    node.set("updates", manager="apt", pending_count=4, security_count=0, reboot_required=False, lists_at=iso(now - 9 * 3600))
    node.set("auth", failed_count=0, failed_total_count=12, failed_at=iso(now - 30_000), failed_from="203.0.113.77", source="journal")
    for name in ["system", "disk", "fs", "net", "service", "updates", "auth"]:
        node.set(f"probe/{name}", state="ok", duration_seconds=0.02)


def rich(link, now):
    """Everything that a page can show, and something wrong with much of it."""
    node = Node(link, "nas-olmos", "Clínica Olmos", model="Helios4", os="Debian GNU/Linux 12 (bookworm)", kernel="6.1.0-28-armmp", architecture="armv7", interval_seconds=180)
    machine(node, now)
    disk(node, "WD-WCC7K0AAAA01", "sda", now)
    disk(node, "WD-WCC7K0AAAA02", "sdb", now, temperature_celsius=36)
    disk(node, "WD-WCC7K0AAAA03", "sdc", now, health="failing", problem="24 sectors cannot be read and 8 could not be corrected", temperature_celsius=41, pending_count=24, uncorrectable_count=8,
         reallocated_count=112, reported_count=9, self_test="failed")
    disk(node, "S4EWNX0M", "sdd", now, size=500 * GB, model="Samsung SSD 870 EVO 500GB", kind="ssd", temperature_celsius=31, wear_percent=14, spare_percent=100, written_bytes=41 * TB, power="active")
    node.set("raid/md0", name="md0", kind="md", level="raid5", state="degraded", problem="2 of 3 disks work", member_count=3, working_count=2, failed_count=1, spare_count=0, action="idle", mismatch_count=0,
             error_count=0, checked_at=iso(now - 21 * 86_400))
    room(node, "root", "/", "/dev/sdd1", 58 * GB, 41.5)
    room(node, "datos", "/srv/datos", "/dev/md0", 8 * TB, 76.2)
    room(node, "copias", "/srv/copias", "/dev/sdd3", 400 * GB, 97.8)
    node.set("ups/apc", name="apc", model="Back-UPS ES 700G", state="online", status="OL CHRG", charge_percent=96, runtime_seconds=1_860, load_percent=22, input_volts=231, replace_battery=False)
    for what, name, kind, up, state, more in [
        ("smbd", "Samba", "systemd", True, "active (running)", {}),
        ("web", "Historia clínica", "http", True, "HTTP 200", {"latency_seconds": 0.184}),
        ("postgresql", "PostgreSQL", "systemd", False, "failed", {"problem": "exit-code: could not write lock file: No space left on device", "restart_count": 5}),
    ]:
        node.set(f"service/{what}", name=name, kind=kind, up=up, state=state, since=iso(now - 5_400), **more)
    backup(node, "datos", now)
    backup(node, "base", now, ago=2 * 3600, result="failed", problem="pg_dump: could not connect to server: Connection refused", failures_count=1, succeeded_at=iso(now - 26 * 3600), state="retrying",
           reason="again in 20 min", checked="unverified", tier=1, rpo_seconds=3600, overdue=True)
    node.set("dns/olmos-ddns-net", host="olmos.ddns.net", state="ok", public_ipv4="198.51.100.23", authoritative_ipv4="198.51.100.23", resolved_ipv4="198.51.100.23", ttl_seconds=60, cgnat=False, since=iso(now - 9 * 86_400))
    node.set("noip/olmos-ddns-net", host="olmos.ddns.net", client="noip-duc", running=True, state="ok", believed_ipv4="198.51.100.23", succeeded_at=iso(now - 1_200), tried_at=iso(now - 1_200))
    node.set("cert/web", name="web", source="127.0.0.1:443", state="ok", subject="olmos.ddns.net", issuer="Let's Encrypt E7", starts_at=iso(now - 40 * 86_400), expires_at=iso(now + 50 * 86_400),
             left_seconds=50 * 86_400, left_percent=55.5, fingerprint="9f" * 32)
    common(node, now)
    node.set("auth", failed_count=37)
    node.set("updates", pending_count=23, security_count=5, reboot_required=True, reboot_reason="linux-image-6.1.0-28-armmp")
    node.set("log/oom", name="Out of memory", source="journal", match_count=1, matched_at=iso(now - 40_000), line="Out of memory: Killed process 2214 (clamd)")
    # Three days and some hours with a hole, for graphs.
    for ago in [*range(72 * 3600, 6 * 3600, -1800), *range(6 * 3600, 3 * 3600, -180), *range(2 * 3600, -1, -180)]:
        node.tell_frame(now - ago)
    node.set("probe/ups", state="ok", duration_seconds=0.31)
    node.set("probe/smart", state="denied", problem="needs CAP_SYS_RAWIO for /dev/sdd")
    for day in range(7, 0, -1):
        at = now - day * 86_400 - 7 * 3600
        node.ran("datos", at - 700 - day * 13, at, "warnings" if day == 4 else "ok", "2 files could not be read" if day == 4 else "")
    node.ran("base", now - 7_400, now - 7_200, "failed", "pg_dump: could not connect to server: Connection refused")
    node.changed(now - 5_400, "service", "postgresql", "up", "true", "false", "exit-code")
    node.changed(now - 4_000, "disk", "WD-WCC7K0AAAA03", "health", "warning", "failing", "24 sectors cannot be read and 8 could not be corrected")
    return node


def plain(link, now, name, title, used, **more):
    node = Node(link, name, title, model="DS218", os="Debian GNU/Linux 12 (bookworm)", architecture="aarch64")
    machine(node, now, **more)
    disk(node, f"ZA-{name}-1", "sda", now, temperature_celsius=33)
    disk(node, f"ZA-{name}-2", "sdb", now, temperature_celsius=35)
    node.set("raid/md0", name="md0", kind="md", level="raid1", state="ok", member_count=2, working_count=2, failed_count=0, spare_count=0, action="idle", checked_at=iso(now - 12 * 86_400))
    room(node, "root", "/", "/dev/sda1", 20 * GB, 33.0)
    room(node, "datos", "/srv/datos", "/dev/md0", 4 * TB, used)
    backup(node, "todo", now)
    common(node, now)
    return node


def fleet(link):
    now = time.time()
    nodes = [rich(link, now)]
    ruiz = plain(link, now, "despacho-ruiz", "Despacho Ruiz", 61.0)
    backup(ruiz, "todo", now, ago=5 * 3600, result="failed", problem="cannot reach the store: connection timed out", failures_count=4, succeeded_at=iso(now - 4 * 86_400), overdue=True)
    ruiz.set("dns/ruiz-ddns-net", host="ruiz.ddns.net", state="mismatch", problem="leads to 203.0.113.9", public_ipv4="198.51.100.80", authoritative_ipv4="203.0.113.9", resolved_ipv4="203.0.113.9", cgnat=False)
    taller = plain(link, now, "taller-norte", "Taller Norte", 88.4, temperature_celsius=71)
    backup(taller, "todo", now, ago=3 * 3600, result="warnings", problem="3 files could not be read", files_failed_count=3)
    farmacia = plain(link, now, "farmacia-sol", "Farmacia Sol", 54.0)
    silent = plain(link, now, "estudio-vega", "Estudio Vega", 47.5)
    silent.tells_more = False
    hostile = plain(link, now, "hostil", "<script>document.title='owned'</script><b>\"x\"", 12.0)
    hostile.set("fs/img", mount="<img src=x onerror=alert(1)>", device="' onmouseover='alert(1)", kind="{{7*7}}", state="ok", size_bytes=10**12, free_bytes=10**11, used_percent=90.0)
    few = Node(link, "nuevo", "Recién puesto", model="Raspberry Pi 4", os="Raspbian 12")
    few.set("disk/X1", name="sda", model="Unknown disk", kind="hdd", power="standby")
    few.set("fs/root", mount="/", kind="ext4", state="stuck")
    # Its clock begins where clocks without a battery do.
    silent.tell_frame(now, clock=86_400)
    nodes += [ruiz, taller, farmacia, silent, hostile, few]
    nodes += [plain(link, now, f"casa-{name.lower()}", f"Casa {name}", used, cpu_percent=cpu)
              for name, used, cpu in [("Marin", 22.1, 3.0), ("Ortega", 71.9, 9.5), ("Lopez", 38.0, 55.0), ("Gil", 64.3, 1.5), ("Navarro", 5.2, 22.0)]]
    farmacia.goodbye()
    return {node.name: node for node in nodes}


def obey(nodes, line):
    name, what, *rest = line.split(" ", 2)
    if what == "offline":
        nodes[name].goodbye()
    elif what == "quiet":
        nodes[name].tells_more = False
    else:
        nodes[name].set(what, **json.loads(rest[0]))


def main():
    link = Link(int(sys.argv[1]))
    nodes = fleet(link)
    print("ready", flush=True)
    told = time.time()
    while True:
        readable, _, _ = select.select([sys.stdin, link.socket], [], [], 1)
        if link.socket in readable and not link.socket.recv(4096):
            raise SystemExit("fleet.py: the broker closed the connection")
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if not line:
                return
            obey(nodes, line.strip())
        if time.time() - told > 10:
            told = time.time()
            link.ping()
            for node in nodes.values():
                if node.online and node.tells_more and "system" in node.views:
                    node.say("system")


main()
