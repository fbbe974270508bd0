// The rival of the embedded rules: a controller as one would write it in Node, one process, that answers every
// CONNECT from a table in memory. It checks nothing of what it writes. Usage: node node_controller.js SOCKET...
'use strict';
const net = require('node:net');

const LINES = [
  'ifconfig-push 10.8.0.20 255.255.255.0',
  'push "route 192.168.0.0 255.255.0.0"',
  'push "dhcp-option DNS 10.8.0.1"',
];

function control(path) {
  const openvpn = net.connect(path);
  let rest = '';
  let client = null;

  function answer({ cid, kid, environment }) {
    if (!environment.common_name.startsWith('user')) {
      openvpn.write(`client-deny ${cid} ${kid} "not on the list"\n`);
      return;
    }
    openvpn.write(`client-auth ${cid} ${kid}\n${LINES.join('\n')}\nEND\nclient-pending-auth ${cid} ${kid} "" 60\n`);
  }

  function takeLine(line) {
    if (client === null) {
      const connect = /^>CLIENT:CONNECT,(\d+),(\d+)$/.exec(line);
      if (connect !== null) client = { cid: connect[1], kid: connect[2], environment: {} };
      return;
    }
    const text = line.slice('>CLIENT:ENV,'.length);
    if (text === 'END') {
      answer(client);
      client = null;
      return;
    }
    const equals = text.indexOf('=');
    client.environment[text.slice(0, equals)] = text.slice(equals + 1);
  }

  openvpn.on('data', (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n');
    rest = lines.pop();
    // One system call for all answers of a chunk, as the broker does.
    openvpn.cork();
    for (const line of lines) takeLine(line);
    openvpn.uncork();
  });
}

for (const path of process.argv.slice(2)) control(path);
