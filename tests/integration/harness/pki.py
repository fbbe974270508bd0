"""A throwaway certificate authority made with the openssl tool. Elliptic curve keys, since they are made in a moment."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
_DAYS = ["-days", "2"]


def _openssl(*arguments: str | Path) -> None:
    run = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {run.stderr}")


@dataclass(frozen=True)
class Certificate:
    common_name: str
    certificate: Path
    key: Path


class Pki:
    """One authority in a folder, one certificate for each name that is asked for."""

    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.crt"
        self._ca_key = folder / "ca.key"
        self._issued: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], Certificate] = {}
        _openssl(
            "req",
            "-x509",
            *_NEW_KEY,
            *_DAYS,
            "-subj",
            "/CN=Throwaway test CA",
            "-keyout",
            self._ca_key,
            "-out",
            self.ca,
        )
        self.server = self.issue("server", "serverAuth")

    def client(self, common_name: str, units: Sequence[str] = ()) -> Certificate:
        """Names may hold any characters that UTF-8 and X.509 allow. `units` are more fields (OU) of the subject."""
        return self.issue(common_name, "clientAuth", tuple(units))

    def issue(
        self,
        common_name: str,
        usage: str,
        units: tuple[str, ...] = (),
        names: tuple[str, ...] = (),
    ) -> Certificate:
        """`names` are subject alternative names as openssl writes them: URI:spiffe://corp/a, DNS:localhost."""
        wanted = (common_name, usage, units, names)
        issued = self._issued.get(wanted)
        if issued is not None:
            return issued
        safe = re.sub(r"[^A-Za-z0-9]", "_", common_name)
        stem = self._folder / f"{len(self._issued):02}-{safe}"
        key, request, certificate = (
            stem.with_suffix(suffix) for suffix in (".key", ".csr", ".crt")
        )
        extensions = stem.with_suffix(".ext")
        lines = ["keyUsage=digitalSignature,keyAgreement", f"extendedKeyUsage={usage}"]
        if names:
            lines.append("subjectAltName=" + ",".join(names))
        extensions.write_text("\n".join(lines) + "\n")
        fields = [("OU", unit) for unit in units] + [("CN", common_name)]
        subject = "".join(
            f"/{key}=" + re.sub(r"([/+\\=])", r"\\\1", value) for key, value in fields
        )
        _openssl("req", *_NEW_KEY, "-utf8", "-subj", subject, "-keyout", key, "-out", request)
        _openssl(
            "x509",
            "-req",
            *_DAYS,
            "-in",
            request,
            "-CA",
            self.ca,
            "-CAkey",
            self._ca_key,
            "-set_serial",
            str(int.from_bytes(os.urandom(8), "big")),
            "-extfile",
            extensions,
            "-out",
            certificate,
        )
        issued = self._issued[wanted] = Certificate(common_name, certificate, key)
        return issued
