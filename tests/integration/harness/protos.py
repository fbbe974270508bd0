"""Python messages and stubs of proto/, generated once for each test process."""

import subprocess
import sys
from pathlib import Path

PROTO_ROOT = Path(__file__).resolve().parents[3] / "proto"


def generate(folder: Path) -> None:
    """Generates into `folder` and makes `import ovpnbroker...` find it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [str(path.relative_to(PROTO_ROOT)) for path in sorted(PROTO_ROOT.rglob("*.proto"))]
    subprocess.run(
        [
            "protoc",
            f"-I{PROTO_ROOT}",
            f"--python_out={folder}",
            f"--grpc_out={folder}",
            "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin",
            *files,
        ],
        check=True,
    )
    sys.path.insert(0, str(folder))
