"""The contracts of proto/ as protoc reads them, with their comments and our marks, for generate.py."""

import importlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"

Proto = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    getattr(Proto, name): name.removeprefix("TYPE_").lower()
    for name in Proto.Type.keys()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
# Numbers of the fields in descriptor.proto, of which the path to a comment is made.
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, NESTED_MESSAGES, NESTED_ENUMS, ONEOFS = 2, 3, 4, 8
METHODS = 2
VALUES = 2


@dataclass
class Type:
    """A message or an enum; `name` is without the package: DecisionRequest.Kind."""

    package: str
    name: str
    comment: str
    proto: object
    comments: list[str]  # of its fields or values
    oneof_comments: list[str] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f".{self.package}.{self.name}"

    @property
    def is_enum(self) -> bool:
        return isinstance(self.proto, descriptor_pb2.EnumDescriptorProto)


@dataclass
class Service:
    name: str
    comment: str
    proto: descriptor_pb2.ServiceDescriptorProto
    comments: list[str]


@dataclass
class File:
    path: str
    package: str
    comment: str
    types: list[Type]
    services: list[Service]


@dataclass
class Contracts:
    files: list[File]
    marks: object  # ovpnbroker.type.v1.options_pb2: sensitive, required_role
    rules: object  # ovpnbroker.config.v1.options_pb2: field_rules

    def package(self, name: str) -> list[File]:
        """Its files, those with a service first."""
        found = [file for file in self.files if file.package == name]
        return sorted(found, key=lambda file: (not file.services, file.path))

    def type(self, full_name: str) -> Type:
        return self.types[full_name]

    def __post_init__(self):
        self.types = {one.full_name: one for file in self.files for one in file.types}


def paragraphs(comment: str) -> str:
    """One line a paragraph, separated by empty lines."""
    blocks = re.split(r"\n\s*\n", comment.strip("\n"))
    return "\n\n".join(" ".join(block.split()) for block in blocks if block.strip())


def read_file(proto: descriptor_pb2.FileDescriptorProto) -> File:
    comments, detached = {}, ""
    for location in proto.source_code_info.location:
        if location.leading_comments:
            comments[tuple(location.path)] = paragraphs(location.leading_comments)
        if list(location.path) == [12]:  # the syntax line; the file's own comment is above it
            detached = paragraphs(location.leading_comments)

    types: list[Type] = []

    def add_enum(enum, prefix, path):
        values = [comments.get((*path, VALUES, index), "") for index in range(len(enum.value))]
        name = prefix + enum.name
        types.append(Type(proto.package, name, comments.get(path, ""), enum, values))

    def add_message(message, prefix, path):
        name = prefix + message.name
        fields = [comments.get((*path, FIELDS, index), "") for index in range(len(message.field))]
        oneofs = [
            comments.get((*path, ONEOFS, index), "") for index in range(len(message.oneof_decl))
        ]
        types.append(Type(proto.package, name, comments.get(path, ""), message, fields, oneofs))
        for index, nested in enumerate(message.enum_type):
            add_enum(nested, name + ".", (*path, NESTED_ENUMS, index))
        for index, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                add_message(nested, name + ".", (*path, NESTED_MESSAGES, index))

    for index, message in enumerate(proto.message_type):
        add_message(message, "", (MESSAGES, index))
    for index, enum in enumerate(proto.enum_type):
        add_enum(enum, "", (ENUMS, index))
    services = [
        Service(
            service.name,
            comments.get((SERVICES, index), ""),
            service,
            [comments.get((SERVICES, index, METHODS, at), "") for at in range(len(service.method))],
        )
        for index, service in enumerate(proto.service)
    ]
    return File(proto.name, proto.package, detached, types, services)


def load() -> Contracts:
    names = sorted(str(path.relative_to(PROTO)) for path in (PROTO / "ovpnbroker").rglob("*.proto"))
    google = sorted(str(path.relative_to(PROTO)) for path in (PROTO / "google").rglob("*.proto"))
    with tempfile.TemporaryDirectory(prefix="reference.") as scratch:
        subprocess.run(
            [
                *("protoc", "-I", ".", f"--python_out={scratch}", "--include_source_info"),
                *(f"--descriptor_set_out={scratch}/set", *names, *google),
            ],
            cwd=PROTO,
            check=True,
        )
        # Before the set is parsed, so that our options are known then.
        sys.dont_write_bytecode = True
        sys.path.insert(0, scratch)
        marks = importlib.import_module("ovpnbroker.type.v1.options_pb2")
        rules = importlib.import_module("ovpnbroker.config.v1.options_pb2")
        sys.path.remove(scratch)
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(
            (Path(scratch) / "set").read_bytes()
        )
    files = [read_file(proto) for proto in descriptors.file if proto.name in names]
    return Contracts(files, marks, rules)
