#!/usr/bin/python3
"""Runs ovpn-policy-check against one example policy: run_kit.py unix|mtls CHECK PROGRAM [ARGUMENT]...

The program serves until it is told to stop; its line "policy listens on ADDRESS" says where."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

SKIPPED = 77  # as CMake is told
# The tools that an example is skipped without, except with CI=true.
NEEDS = {"go": ("go", "protoc-gen-go", "protoc-gen-go-grpc"), "node": ("npm",)}
LISTENS_ON = "policy listens on "


def run(*command, directory):
    subprocess.run(command, cwd=directory, check=True, capture_output=True)


def make_pki(directory):
    """A CA, and a certificate each for the policy (127.0.0.1) and the broker."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
    run(
        *("openssl", "req", "-x509", *curve, "-subj", "/CN=kit CA"),
        *("-keyout", "ca.key", "-out", "ca.pem"),
        directory=directory,
    )
    for name in ("policy", "broker"):
        run(
            *("openssl", "req", "-x509", *curve, "-subj", f"/CN={name}"),
            *("-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", f"{name}.key", "-out", f"{name}.pem"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"),
            directory=directory,
        )


def serve(command):
    """Starts the policy in a process group of its own; returns it and its address. It ends with us, also when we are
    killed."""
    command = ["setpriv", "--pdeathsig", "TERM", *command]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    for line in program.stdout:
        if line.startswith(LISTENS_ON):
            return program, line.removeprefix(LISTENS_ON).strip()
    sys.exit(f"{command[0]} ended with {program.wait()} before it listened")


def main():
    transport, check, *command = sys.argv[1:]
    for tool in NEEDS.get(Path(command[0]).parent.name, ()):
        if shutil.which(tool) is None and os.environ.get("CI") != "true":
            print(f"skipped: {tool} is not installed; the example's README says what to install")
            sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="kit.") as name:
        directory = Path(name)
        options = []
        if transport == "mtls":
            make_pki(directory)
            for option, file in (("cert", "policy.pem"), ("key", "policy.key")):
                command += [f"--tls-{option}", str(directory / file)]
            command += ["--tls-client-ca", str(directory / "ca.pem"), "--listen", "127.0.0.1:0"]
            for option, file in (("ca", "ca.pem"), ("cert", "broker.pem"), ("key", "broker.key")):
                options += [f"--{option}", str(directory / file)]
        else:
            command += ["--listen", f"unix:{directory}/policy.sock"]
        program, address = serve(command)
        # What the policy goes on to print must not fill the pipe.
        threading.Thread(target=program.stdout.read, daemon=True).start()
        try:
            return subprocess.run([check, *options, address], timeout=120).returncode
        finally:
            os.killpg(program.pid, signal.SIGTERM)
            program.wait()


if __name__ == "__main__":
    sys.exit(main())
