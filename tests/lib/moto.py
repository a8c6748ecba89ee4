"""An S3 server for tests: moto from PyPI, over TLS with a certificate of its own authority, on a free port of loopback. It
knows users and what their policies allow, and it checks signatures with Amazon's own library.
"""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

# Without what moto wants for services that nobody here asks for.
PACKAGES = ["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"]

# moto copies what a bucket holds for each listing of versions, and remembers every copy: hundreds of files of several MiB, until
# it may open no more and answers nothing but 500.
SERVE = """
import sys, threading, time
from moto.s3.models import FakeKey
from moto.server import main
def forget():
    while True:
        time.sleep(0.5)
        FakeKey.instances_tracked.clear()
threading.Thread(target=forget, daemon=True).start()
main(sys.argv[1:])
"""

# Said to moto before it looks at anybody's rights: a bucket, and users with a policy each.
SET_UP = """
import json, sys
import boto3
url, ca, bucket, users = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
how = dict(endpoint_url=url, verify=ca, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
s3 = boto3.client("s3", **how)
s3.create_bucket(Bucket=bucket)
# One in which nothing is removed for a day.
s3.create_bucket(Bucket=bucket + "-locked", ObjectLockEnabledForBucket=True)
rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
s3.put_object_lock_configuration(Bucket=bucket + "-locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
iam, keys = boto3.client("iam", **how), {}
for name, policy in users.items():
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys[name] = [key["AccessKeyId"], key["SecretAccessKey"]]
print(json.dumps(keys))
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Moto:
    """A server with a bucket and users; `keys` has what each of them signs with."""

    def __init__(self, work, bucket, users):
        self.work, self.port = work, free_port()
        subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
        self.python = work / "venv/bin/python"
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(pip, check=True)
        self.ca = work / "ca.pem"
        self.certify()
        words = [self.python, "-c", SERVE, "-p", str(self.port), "-c", work / "server.pem", "-k", work / "server.key"]
        self.log = open(work / "moto.log", "w")  # noqa: SIM115
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log)
        self.url = f"https://localhost:{self.port}"
        try:
            self.wait()
            words = [self.python, "-c", SET_UP, self.url, self.ca, bucket, json.dumps(users)]
            self.keys = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
            # From now on rights and signatures count.
            self.ask("/moto-api/reset-auth", b"0")
        except BaseException:
            self.kill()
            raise

    def certify(self):
        def openssl(*words):
            subprocess.run(["openssl", *map(str, words)], check=True, cwd=self.work, capture_output=True)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
        openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
        (self.work / "san").write_text("subjectAltName=DNS:localhost\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-extfile", "san", "-out", "server.pem")

        # As many to believe as a system has, for memory is measured.
        system = Path("/etc/ssl/certs/ca-certificates.crt")
        self.roots = self.work / "roots.pem"
        self.roots.write_text(self.ca.read_text() + (system.read_text() if system.exists() else ""))

    def ask(self, path, data=None):
        context = ssl.create_default_context(cafile=self.ca)
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return answer.read()

    def wait(self):
        end = time.monotonic() + 30
        while True:
            try:
                return self.ask("/moto-api/")
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    sys.exit(f"moto does not start:\n{Path(self.work / 'moto.log').read_text()}")
                time.sleep(0.1)

    def run(self, script, *words):
        """Runs a script of Amazon's own library."""
        subprocess.run([self.python, "-c", script, self.url, self.ca, *map(str, words)], check=True)

    def credentials(self, name, user, secret=None, ca=True, more=()):
        """A file for `user`, and nobody else's to read."""
        file = self.work / name
        key, right = self.keys[user]
        lines = ["[default]", f"aws_access_key_id = {key}", f"aws_secret_access_key = {secret or right}"]
        lines += [f"ca_file = {self.roots}"] if ca else []
        lines += more
        file.write_text("\n".join(lines) + "\n")
        os.chmod(file, 0o600)
        return file

    def tell(self):
        """Says what of the server's own failed last, for it answers no more than a number."""
        said = (self.work / "moto.log").read_text(errors="replace")
        at = said.rfind("Traceback")
        print(said[at:at + 6000] if at >= 0 else "moto itself had no failure", flush=True)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
