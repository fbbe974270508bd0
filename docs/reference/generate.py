#!/usr/bin/python3
"""Writes the reference pages of this folder from the comments and options in proto/.

    docs/reference/generate.py            writes the pages
    docs/reference/generate.py --check    says which pages are not current, and fails then
"""

import argparse
import re
import sys
from pathlib import Path

import descriptors
from descriptors import ROOT, SCALARS, Contracts, Proto, Service, Type

HERE = Path(__file__).resolve().parent
NOTICE = "<!-- Written by docs/reference/generate.py from proto/; edit the comments there. -->"
SHARED_PACKAGE = "ovpnbroker.type.v1"
# Packages of others: where their messages are explained.
ELSEWHERE = {
    ".google.rpc.": "https://github.com/googleapis/googleapis/tree/master/google/rpc",
    ".google.protobuf.": "https://protobuf.dev/reference/protobuf/google.protobuf/",
}
PAGES = {"ovpnbroker.policy.v1": "policy-v1.md", "ovpnbroker.admin.v1": "admin-v1.md"}
# The types that both share are printed once, in the page of policy authors.
SHARED_PAGE = "policy-v1.md"


def escape(text: str) -> str:
    """Text of a comment as Markdown: angle brackets and asterisks mean themselves outside of code."""
    parts = re.split(r"(`[^`]*`)", text)
    for index in range(0, len(parts), 2):
        parts[index] = parts[index].replace("<", "&lt;").replace("*", r"\*")
    return "".join(parts)


def cell(text: str) -> str:
    return escape(text).replace("\n\n", "<br>").replace("|", r"\|")


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def anchor(name: str) -> str:
    return re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-")


class ApiPage:
    """One package of services and messages, with the types it shares when this is their page."""

    def __init__(self, contracts: Contracts, package: str):
        self.contracts = contracts
        self.package = package
        self.name = PAGES[package]

    def type_link(self, full_name: str) -> str:
        for prefix, address in ELSEWHERE.items():
            if full_name.startswith(prefix):
                return f"[{full_name[1:]}]({address})"
        known = self.contracts.type(full_name)
        if known.package not in (SHARED_PACKAGE, *PAGES):
            return f"[{known.name}]({ConfigurationPage.name}#words)"
        page = SHARED_PAGE if known.package == SHARED_PACKAGE else PAGES[known.package]
        return f"[{known.name}]({'' if page == self.name else page}#{anchor(known.name)})"

    def field_type(self, owner: Type, field) -> str:
        if field.type == Proto.TYPE_MESSAGE:
            for nested in owner.proto.nested_type:
                if nested.options.map_entry and field.type_name.endswith("." + nested.name):
                    key, value = (self.field_type(owner, one) for one in nested.field)
                    return f"map of {key} to {value}"
        is_named = field.type in (Proto.TYPE_MESSAGE, Proto.TYPE_ENUM)
        name = self.type_link(field.type_name) if is_named else SCALARS[field.type]
        if field.label == Proto.LABEL_REPEATED:
            return f"list of {name}"
        return f"optional {name}" if field.proto3_optional else name

    def fields(self, message: Type) -> list[str]:
        if not message.proto.field:
            return ["No fields.", ""]
        rows = []
        for field, comment in zip(message.proto.field, message.comments):
            notes = []
            if field.HasField("oneof_index") and not field.proto3_optional:
                notes.append(f"One of `{message.proto.oneof_decl[field.oneof_index].name}`.")
            if field.options.Extensions[self.contracts.marks.sensitive]:
                notes.append("Secret.")
            rows.append(
                [
                    f"`{field.name}`",
                    str(field.number),
                    self.field_type(message, field),
                    " ".join([cell(comment), *notes]),
                ]
            )
        lines = table(["Field", "No.", "Type", "What it says"], rows)
        for oneof, comment in zip(message.proto.oneof_decl, message.oneof_comments):
            if comment and not oneof.name.startswith("_"):
                lines += [f"`{oneof.name}`: {escape(comment)}", ""]
        return lines

    def values(self, enum: Type) -> list[str]:
        rows = [
            [f"`{value.name}`", str(value.number), cell(comment)]
            for value, comment in zip(enum.proto.value, enum.comments)
        ]
        return table(["Value", "No.", "What it says"], rows)

    def type_section(self, one: Type) -> list[str]:
        body = self.values(one) if one.is_enum else self.fields(one)
        return [f"### {one.name}", "", *([escape(one.comment), ""] if one.comment else []), *body]

    def service_section(self, service: Service) -> list[str]:
        lines = [f"### {service.name}", "", escape(service.comment), ""]
        for method, comment in zip(service.proto.method, service.comments):
            request, response = (
                ("stream of " if streams else "") + self.type_link(name)
                for streams, name in (
                    (method.client_streaming, method.input_type),
                    (method.server_streaming, method.output_type),
                )
            )
            marks = self.contracts.marks
            role = method.options.Extensions[marks.required_role]
            least = f" Least role: `{marks.Role.Name(role)}`." if role else ""
            lines += [f"#### {service.name}.{method.name}", ""]
            lines += [f"Takes {request}, returns {response}.{least}", "", escape(comment), ""]
        return lines

    def text(self) -> str:
        lines = [NOTICE, "", f"# {self.package}", ""]
        packages = [self.package] + ([SHARED_PACKAGE] if self.name == SHARED_PAGE else [])
        files = [file for package in packages for file in self.contracts.package(package)]
        for file in files:
            names = [one.name for one in (*file.services, *file.types)]
            links = ", ".join(f"[{name}](#{anchor(name)})" for name in names if "." not in name)
            lines.append(f"- `{Path(file.path).name}`: {links}" if links else "")
        lines.append("")
        for file in files:
            lines += [f"## {file.path}", "", escape(file.comment), ""]
            for service in file.services:
                lines += self.service_section(service)
            for one in file.types:
                lines += self.type_section(one)
        return "\n".join(lines).rstrip("\n") + "\n"


class ConfigurationPage:
    """The configuration file, one section a mapping, named by its place in the file."""

    name = "configuration.md"
    root = ".ovpnbroker.config.v1.BrokerConfig"
    title = "The whole file"

    def __init__(self, contracts: Contracts):
        self.contracts = contracts
        self.places: dict[str, list[str]] = {}  # mapping's full name to its places
        self.enums: dict[str, Type] = {}
        self.find(self.root, "")

    def find(self, full_name: str, place: str) -> None:
        self.places.setdefault(full_name, []).append(place)
        for field in self.contracts.type(full_name).proto.field:
            if self.is_mapping(field):
                is_list = field.label == Proto.LABEL_REPEATED
                name = field.name + ("[]" if is_list else "")
                self.find(field.type_name, f"{place}.{name}" if place else name)
            elif field.type == Proto.TYPE_ENUM:
                self.enums[field.type_name] = self.contracts.type(field.type_name)

    @staticmethod
    def is_mapping(field) -> bool:
        return field.type == Proto.TYPE_MESSAGE and field.type_name.startswith(".ovpnbroker.")

    def heading(self, full_name: str) -> str:
        return " and ".join(self.places[full_name]) or self.title

    def field_type(self, field) -> str:
        rules = field.options.Extensions[self.contracts.rules.field_rules]
        if self.is_mapping(field):
            name = f"[mapping](#{anchor(self.heading(field.type_name))})"
        elif field.type == Proto.TYPE_MESSAGE:
            name = field.type_name.rsplit(".", 1)[1].lower()  # duration
        elif field.type == Proto.TYPE_ENUM:
            name = ", ".join(f"`{short}`" for short, _ in self.words(field.type_name))
            return name.replace(", ", " or ") if name.count(", ") == 1 else name
        elif field.type == Proto.TYPE_STRING and rules.format:
            form = self.contracts.rules.Format.Name(rules.format)
            name = f"[{form.removeprefix('FORMAT_').lower().replace('_', ' ')}](#forms)"
        elif field.type == Proto.TYPE_STRING:
            name = "text"
        else:
            name = SCALARS[field.type].replace("uint32", "number").replace("bool", "true or false")
        return f"list of {name}" if field.label == Proto.LABEL_REPEATED else name

    def words(self, full_name: str) -> list[tuple[str, str]]:
        """The values of an enum as they are written, with their comments."""
        enum = self.enums[full_name]
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.proto.name).upper() + "_"
        return [
            (value.name.removeprefix(prefix).lower().replace("_", "-"), comment)
            for value, comment in zip(enum.proto.value, enum.comments)
            if value.number != 0
        ]

    def row(self, field, comment: str) -> list[str]:
        rules = field.options.Extensions[self.contracts.rules.field_rules]
        default = f"`{rules.default_value}`" if rules.default_value else ""
        if not default and field.type == Proto.TYPE_BOOL:
            default = "`false`"
        if rules.required:
            default = "required"
        limits = []
        if rules.minimum or rules.maximum:
            limits.append(f"{rules.minimum or '...'} to {rules.maximum or '...'}")
        if rules.max_items:
            limits.append(f"at most {rules.max_items}")
        elif field.label == Proto.LABEL_REPEATED:
            limits.append("at most 64")  # as FieldRules.max_items says
        return [
            f"`{field.name}`",
            self.field_type(field),
            default or "-",
            ", ".join(limits) or "-",
            cell(comment),
        ]

    def text(self) -> str:
        lines = [NOTICE, "", "# Configuration of ovpn-brokerd", ""]
        lines += [
            "Every field of the file. `deploy/config/broker.example.yaml` shows them in use, "
            "`ovpn-brokerctl check-config FILE` checks a file.",
            "Enum values are written in lower case with hyphens, durations as `500ms`, `5s`, `2m` or `1h30m`. "
            "A dash means: no default, no limit of its own.",
            "",
        ]
        for full_name in self.places:
            one = self.contracts.type(full_name)
            rows = [self.row(*pair) for pair in zip(one.proto.field, one.comments)]
            lines += [f"## {self.heading(full_name)}", "", escape(one.comment), ""]
            lines += table(["Field", "Type", "Default", "Range", "What it does"], rows)
        lines += ["## Words", ""]
        for full_name, enum in self.enums.items():
            rows = [[f"`{word}`", cell(comment)] for word, comment in self.words(full_name)]
            lines += [escape(enum.comment), "", *table(["Word", "What it means"], rows)]
        forms = self.contracts.type(".ovpnbroker.config.v1.Format")
        rows = [
            [value.name.removeprefix("FORMAT_").lower().replace("_", " "), cell(comment)]
            for value, comment in zip(forms.proto.value, forms.comments)
            if value.number != 0
        ]
        lines += ["## Forms", "", *table(["Form", "What it looks like"], rows)]
        return "\n".join(lines).rstrip("\n") + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    arguments = parser.parse_args()
    contracts = descriptors.load()
    pages = [*(ApiPage(contracts, package) for package in PAGES), ConfigurationPage(contracts)]
    stale = []
    for page in pages:
        path, text = HERE / page.name, page.text()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if arguments.check:
            stale.append(path.relative_to(ROOT))
        else:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path}: not current with proto/; run docs/reference/generate.py and commit it")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
