#!/usr/bin/python3
"""Writes the manual page of the configuration file, ovpn-broker.yaml(5), from the comments in proto/.

    docs/reference/man.py VERSION > ovpn-broker.yaml.5
"""

import re
import sys

import descriptors
from descriptors import Contracts
from generate import ConfigurationPage

FORMS = ".ovpnbroker.config.v1.Format"


def roff(text: str) -> str:
    """Text of a comment: what stands in backticks is bold, a blank line begins a paragraph."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    lines = text.split("\n")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines).replace(
        "\n\n", "\n.sp\n"
    )


def plain(cell: str) -> str:
    """A cell of the page in Markdown as text: links are their words."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).replace("`", "")


class ManPage:
    def __init__(self, contracts: Contracts):
        self.contracts = contracts
        self.page = ConfigurationPage(contracts)

    def field(self, field, comment: str) -> list[str]:
        name, kind, default, limits, _ = self.page.row(field, comment)
        facts = [plain(kind)]
        if default == "required":
            facts.append("required")
        elif default != "-":
            facts.append(f"default {plain(default)}")
        if limits != "-":
            facts.append(plain(limits))
        return [
            ".TP",
            f".B {roff(plain(name))}",
            f"\\fI{roff('; '.join(facts))}\\fR",
            ".br",
            roff(comment),
        ]

    def text(self, version: str) -> str:
        lines = [
            '.\\" Written by docs/reference/man.py from proto/; edit the comments there.',
            f'.TH OVPN\\-BROKER.YAML 5 "" "ovpn\\-broker {roff(version)}" "ovpn\\-broker"',
            ".SH NAME",
            "ovpn\\-broker.yaml \\- configuration of ovpn\\-brokerd",
            ".SH DESCRIPTION",
            "The configuration file of \\fBovpn\\-brokerd\\fR(8), in YAML. It is read from",
            "\\fI/etc/ovpn\\-broker/broker.yaml\\fR unless \\fB\\-\\-config\\fR names another one;",
            "\\fBovpn\\-brokerctl check\\-config\\fR \\fIFILE\\fR checks a file and tells all errors at once.",
            "Words are written in lower case with hyphens, durations as 500ms, 5s, 2m or 1h30m.",
        ]
        for full_name in self.page.places:
            message = self.contracts.type(full_name)
            lines += [f'.SH "{roff(self.page.heading(full_name).upper())}"', roff(message.comment)]
            for field, comment in zip(message.proto.field, message.comments):
                lines += self.field(field, comment)
        lines.append(".SH WORDS")
        for full_name, enum in self.page.enums.items():
            lines += [".PP", f"{roff(enum.comment)}"]
            for word, comment in self.page.words(full_name):
                lines += [".TP", f".B {roff(word)}", roff(comment)]
        lines.append(".SH FORMS")
        forms = self.contracts.type(FORMS)
        for value, comment in zip(forms.proto.value, forms.comments):
            if value.number != 0:
                word = value.name.removeprefix("FORMAT_").lower().replace("_", " ")
                lines += [".TP", f".B {roff(word)}", roff(comment)]
        lines += [
            ".SH FILES",
            ".TP",
            ".I /etc/ovpn\\-broker/broker.yaml",
            "The file that is read by default.",
            '.SH "SEE ALSO"',
            "\\fBovpn\\-brokerd\\fR(8), \\fBovpn\\-brokerctl\\fR(1)",
        ]
        return "\n".join(lines) + "\n"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(ManPage(descriptors.load()).text(sys.argv[1]))


if __name__ == "__main__":
    main()
