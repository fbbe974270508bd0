"""Users and groups from an LDIF file, read again whenever it changes."""

import base64
import os


def parse_ldif(text):
    """The entries of an LDIF text, each a dict from lower-case attribute name to its list of values."""
    entries = []
    # A line that begins with a space goes on from the one before.
    for block in text.replace("\r\n", "\n").replace("\n ", "").split("\n\n"):
        entry = {}
        for line in block.split("\n"):
            if not line or line.startswith("#"):
                continue
            name, separator, value = line.partition(":")
            if not separator:
                raise ValueError(f"not 'attribute: value': {line!r}")
            if value.startswith(":"):  # "name:: base64"
                value = base64.b64decode(value[1:], validate=True).decode()
            entry.setdefault(name.lower(), []).append(value.strip())
        if entry:
            entries.append(entry)
    return entries


class Directory:
    """Looks users and groups up. A file that cannot be read raises: who decides must say that it could not."""

    def __init__(self, path):
        self._path = path
        self._stamp = None
        self._users = {}
        self._groups = []
        self.revision = ""
        self._reload()

    def _reload(self):
        status = os.stat(self._path)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._stamp:
            return
        with open(self._path, encoding="utf-8") as file:
            entries = parse_ldif(file.read())
        self._users = {entry["uid"][0]: entry for entry in entries if "uid" in entry}
        self._groups = [entry for entry in entries if "memberuid" in entry]
        self._stamp = stamp
        self.revision = f"{stamp[0]:x}"

    def find(self, name):
        """The user's entry, or None, and the entries of the groups that the user is in."""
        self._reload()
        return self._users.get(name), [g for g in self._groups if name in g["memberuid"]]
