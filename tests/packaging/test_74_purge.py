"""The package goes, after all other tests are done with it."""

from clean_root import CleanRoot


def test_purge_leaves_nothing(root: CleanRoot) -> None:
    root.chroot("sh", "-c", "rm -f /etc/ovpn-broker/imported-rules.yaml")
    root.chroot("dpkg", "--purge", "ovpn-broker")
    for path in ["/etc/ovpn-broker", "/var/lib/ovpn-broker", "/var/log/ovpn-broker"]:
        assert not root.path(path).exists(), path
    assert not root.path("/usr/sbin/ovpn-brokerd").exists()
