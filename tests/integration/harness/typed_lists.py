"""What tests do with the commands that harness/typed.py finds in the documents. A command that is in no list is run as it stands."""

PACKAGING = "tests/packaging/test_71_documents.py"
UPGRADE = "tests/packaging/test_73_upgrade.py"
GUIDE = "tests/docs/guide.py"
REPLAYS = "tests/integration/test_44_record_replay.py"

DRAIN = "ovpn-brokerctl policies drain example $POLICY --force && ovpn-brokerctl policies resume example $POLICY"
START = "ovpn-brokerctl instances stop office --yes && ovpn-brokerctl instances start office"

# With what their placeholders stand for, or what an abbreviation leaves out. `exits with` as in `sh` blocks.
FILLED = {
    "tests/run.sh --help": "$TREE/tests/run.sh --help",
    "pools leases NAME": "ovpn-brokerctl pools leases staff",
    "logs --follow": "timeout 1 ovpn-brokerctl logs --follow  # exits with 124",
    "ovpn-brokerctl logs --follow": "timeout 1 ovpn-brokerctl logs --follow  # exits with 124",
    "ovpn-brokerctl COMMAND --help": "ovpn-brokerctl sessions --help",
    "bans remove UID": "ovpn-brokerctl bans remove $(ovpn-brokerctl bans add --user eve --reason test --output json | jq -r .ban.uid)",
    "instances start": START,
    "ovpn-brokerctl policy test RULES --cn NAME": "ovpn-brokerctl policy test /etc/ovpn-broker/rules.yaml --cn alice",
    "ovpn-brokerctl policy test": "ovpn-brokerctl policy test /etc/ovpn-broker/rules.yaml --cn alice",
    "ovpn-brokerctl explain": "ovpn-brokerctl explain --cn alice",
    "ovpn-brokerctl explain --user NAME": "ovpn-brokerctl explain --user alice",
    "policies drain": DRAIN,
    "ovpn-brokerctl policies drain": DRAIN,
    "policies resume": DRAIN,
    "ovpn-policy-check --ca ca.pem --cert broker.pem --key broker.key policy.example.com:50051": (
        "ovpn-policy-check --ca $CA --cert $CERT --key $KEY --server-name server $TLS_POLICY"
    ),
    "ovpn-policy-check ADDRESS": "ovpn-policy-check $POLICY",
    "ovpn-brokerctl logs --instance NAME": "ovpn-brokerctl logs --instance office",
    "instances undrain": (
        "ovpn-brokerctl instances drain office && ovpn-brokerctl instances undrain office"
    ),
    "ovpn-brokerctl instances start NAME": START,
    "ovpn-brokerctl instances restart NAME": "ovpn-brokerctl instances restart office --yes",
    "ovpn-brokerctl check-config FILE": "ovpn-brokerctl check-config /etc/ovpn-broker/broker.yaml",
    'ovpn-brokerctl bans add --user NAME --reason "..." --kill': 'ovpn-brokerctl bans add --user mallory --reason "..." --kill --yes',
    "ovpn-brokerctl decisions --user NAME": "ovpn-brokerctl decisions --user alice",
    "ovpn-brokerctl import": "ovpn-brokerctl import /etc/openvpn/server/office.conf",
    "ovpn-brokerctl ... -o json": "ovpn-brokerctl status -o json",
    "ovpn-brokerctl kill": "ovpn-brokerctl kill --cn carol",
    "policies evaluate": "ovpn-brokerctl policies evaluate --instance office --cn alice",
    "ovpn-brokerctl policies evaluate": "ovpn-brokerctl policies evaluate --instance office --cn alice",
    "ovpn-policy-sim --policy unix:/tmp/policy/policy.sock --clients 1000 --rate 500 --user alice": (
        "ovpn-policy-sim --policy $POLICY --clients 10 --rate 500 --user alice"
    ),
    "ovpn-policy-check unix:/tmp/policy/policy.sock": "ovpn-policy-check $POLICY",
    "policy/examples/python/ask.sh --connect unix:/tmp/policy/policy.sock alice bob": (
        "$TREE/policy/examples/python/ask.sh --connect $POLICY alice bob"
    ),
    "ovpn-brokerctl check-config broker.yaml": "ovpn-brokerctl check-config /etc/ovpn-broker/broker.yaml",
    # It ends with 1 when it is denied.
    "ovpn-brokerctl policy test /etc/openvpn/ccd --ccd-exclusive --cn unknown": (
        "ovpn-brokerctl policy test /etc/openvpn/ccd --ccd-exclusive --cn unknown  # exits with 1"
    ),
}

# They end sessions that others look at.
LAST = {
    "instances start",
    "ovpn-brokerctl instances start NAME",
    "ovpn-brokerctl instances restart NAME",
}

# Run by another test: its file, and what it holds when it does so.
ELSEWHERE = {
    "ovpn-brokerctl record --for 10m monday.jsonl": (REPLAYS, '"record", "--for"'),
    "ovpn-brokerctl replay": (REPLAYS, 'replay(file, "--policy"'),
    "ovpn-brokerctl replay monday.jsonl --policy unix:/tmp/next-policy.sock": (
        REPLAYS,
        'replay(file, "--policy"',
    ),
    "ovpn-brokerctl replay monday.jsonl --rules next-rules.yaml": (
        REPLAYS,
        'replay(file, "--rules"',
    ),
    "pools release NAME ADDRESS": (
        "tests/integration/test_34_address_pool.py",
        '"pools", "release", "staff"',
    ),
    "sudo ovpn-brokerd --config broker.yaml": (
        "tests/integration/harness/document.py",
        "ovpn-brokerd --config /etc/ovpn-broker/broker.yaml",
    ),
    "ovpn-policy-check --cases": (GUIDE, '"--cases"'),
    "ovpn-policy-check --cases /tmp/policy/cases.yaml --junit /tmp/policy/report.xml unix:/tmp/policy/policy.sock": (
        GUIDE,
        '"--cases"',
    ),
    "/usr/bin/python3 /tmp/policy/policy.py &": (GUIDE, '"/usr/bin/python3", name, self.address'),
    "/usr/bin/python3 /tmp/policy/laptops.py unix:/tmp/policy/policy.sock &": (
        GUIDE,
        '"/usr/bin/python3", name, self.address',
    ),
    "mkdir -p /tmp/policy": (GUIDE, "--python_out={folder}"),
    "kill %1": (GUIDE, "self.process.send_signal(signal.SIGTERM)"),
    "systemctl restart": (PACKAGING, "systemctl restart ovpn-broker"),
    "systemctl reload": (PACKAGING, "systemctl reload ovpn-broker"),
    "systemctl stop": (PACKAGING, "systemctl stop ovpn-broker"),
    "systemctl edit ovpn-broker": (PACKAGING, "systemctl edit ovpn-broker"),
    "systemctl restart ovpn-broker": (PACKAGING, "systemctl restart ovpn-broker"),
    "systemctl reload ovpn-broker": (PACKAGING, "systemctl reload ovpn-broker"),
    "systemctl stop ovpn-broker": (PACKAGING, "systemctl stop ovpn-broker"),
    "systemctl kill --kill-whom=main --signal=USR2 ovpn-broker": (
        PACKAGING,
        "systemctl kill --kill-whom=main --signal=USR2 ovpn-broker",
    ),
    "systemd-analyze security ovpn-broker": (
        "tests/packaging/test_70_package.py",
        '"systemd-analyze", "security"',
    ),
    "adduser alice ovpn-broker": (PACKAGING, "adduser alice ovpn-broker"),
    "chgrp ovpn-broker FILE; chmod g+r FILE": (
        "tests/packaging/office.py",
        '"chgrp", "ovpn-broker"',
    ),
    "apt install ./ovpn-broker_NEW.deb": (UPGRADE, "installed.install("),
    "apt remove ovpn-broker": (UPGRADE, '"apt-get", "remove", "-y", "ovpn-broker"'),
    "apt purge ovpn-broker": (UPGRADE, '"apt-get", "purge", "-y", "ovpn-broker"'),
    "sudo deploy/install-packages.sh build package": (
        "tests/run.sh",
        "deploy/install-packages.sh",
    ),
    "sudo deploy/demo.sh": ("tests/lib/stages.sh", "deploy/demo.sh --policy"),
    "sudo deploy/demo.sh --keep": ("tests/lib/stages.sh", "deploy/demo.sh --policy"),
    "sudo deploy/demo.sh --policy python --keep": ("tests/run.sh", "run_demo python"),
    "sudo tests/bench/run.sh": ("tests/lib/stages.sh", "tests/bench/run.sh --no-build"),
}

# Not run, and why.
EXCUSED = {
    "sudo tests/run.sh": "is what runs this",
    "sudo apt-get install protobuf-compiler protobuf-compiler-grpc python3-grpcio": "deploy/packages.txt has installed them before tests run",
    "perf record -g build/release/tests/bench/remote_policy_bench --profile": "for a developer who looks into a benchmark: takes minutes",
    "valgrind --tool=callgrind --separate-threads=yes build/release/tests/bench/remote_policy_bench --profile": (
        "for a developer who looks into a benchmark: takes minutes"
    ),
    "valgrind --tool=callgrind build/release/tests/bench/rules_bench --profile": "for a developer who looks into a benchmark: takes minutes",
    # No commands, though they begin like one.
    "ovpn-brokerd starts, and starts OpenVPN": "printed by the demo",
    "ovpn-brokerctl (ctl), ovpn-policy-check (policy_check), ovpn-policy-sim (policy_sim)": "a drawing",
    'config { address_pool: "staff" }': "a message in protobuf's text format",
    "status 3": "a command of OpenVPN's management interface",
    "status 1": "a command of OpenVPN's management interface",
    "status [1|2|3]": "a command of OpenVPN's management interface",
    "echo [on|off] [N|all]": "a command of OpenVPN's management interface",
    "version N": "a command of OpenVPN's management interface",
    "echo status | ...": "the beginning of a command",
}
