// An example policy service: each user has a traffic quota. Who has spent it does not get in, and a
// session that goes beyond it is ended by a command, as far as the broker offers both.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import { Quota, Session, userOf } from "./quota";

// decide() only looks, so it may be asked for nothing (CAPABILITY_DRY_RUN): what counts are the events
// of real sessions.
const WANTED = ["CAPABILITY_SESSION_EVENTS", "CAPABILITY_COMMANDS", "CAPABILITY_DRY_RUN"];

const { values: options } = parseArgs({
  options: {
    listen: { type: "string", default: "unix:/tmp/ovpn-policy.sock" },
    "quota-mib": { type: "string", default: "10240" },
    "tls-cert": { type: "string" },
    "tls-key": { type: "string" },
    "tls-client-ca": { type: "string" },
  },
});

// The verdict on one client.
function decide(request: any, quota: Quota): any {
  const user = userOf(request.session);
  if (user === "") return { deny: { reason: "the client has no name" } };
  if (quota.isSpent(user)) {
    return {
      deny: {
        reason: `${user} has used ${quota.used(user)} of ${quota.limitBytes} bytes`,
        client_reason: "Your traffic quota is used up.",
        code: "QUOTA_SPENT",
      },
    };
  }
  return { allow: {} };
}

class Stream {
  private on = new Set<string>();
  private snapshot: Set<string> | undefined;
  private commands = 0;

  constructor(
    private readonly call: grpc.ServerDuplexStream<any, any>,
    private readonly quota: Quota,
  ) {
    call.on("data", (message) => this.take(message));
    call.on("end", () => call.end());
    call.on("error", () => {}); // the broker broke off; it connects again
  }

  private take(message: any): void {
    switch (message.message) {
      case "hello":
        // Capabilities of a later version come as numbers.
        this.on = new Set(WANTED.filter((name) => message.hello.capabilities.includes(name)));
        this.call.write({
          hello_ack: { policy_id: "node-example", policy_revision: "1", capabilities: [...this.on] },
        });
        break;
      case "decision_request": {
        const request = message.decision_request;
        this.call.write({
          decision: { decision_id: request.decision_id, ...decide(request, this.quota) },
        });
        break;
      }
      case "session_event":
        this.takeEvent(message.session_event);
        break;
      case "heartbeat":
        this.call.write({ heartbeat: message.heartbeat });
        break;
      default: // outcomes, cancellations, results of commands; whatever a later version adds
    }
  }

  private takeEvent(event: any): void {
    const session: Session | null = event.session;
    switch (event.kind) {
      case "KIND_SNAPSHOT":
        this.snapshot ??= new Set();
        if (session === null) break;
        this.snapshot.add(session.uid);
        this.quota.update(session);
        break;
      case "KIND_SNAPSHOT_COMPLETE":
        this.quota.keepOnly(this.snapshot ?? new Set());
        this.snapshot = undefined;
        break;
      case "KIND_DISCONNECTED":
        if (session !== null) this.quota.end(session);
        break;
      default:
        if (session === null) break;
        this.quota.update(session);
        if (this.quota.isSpent(userOf(session))) this.kill(session);
    }
  }

  private kill(session: Session): void {
    if (!this.on.has("CAPABILITY_COMMANDS")) return;
    this.call.write({
      command: {
        command_id: `quota-${++this.commands}`,
        kill_session: {
          session_uid: session.uid,
          disposition: "DISPOSITION_HALT",
          reason: "traffic quota used up",
        },
      },
    });
  }
}

function credentials(): grpc.ServerCredentials {
  const files = [options["tls-client-ca"], options["tls-key"], options["tls-cert"]];
  if (files.every((file) => file === undefined)) return grpc.ServerCredentials.createInsecure();
  const [ca, key, cert] = files.map((file) => {
    if (file === undefined) throw new Error("--tls-cert, --tls-key and --tls-client-ca go together");
    return readFileSync(file);
  });
  return grpc.ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
}

function main(): void {
  const protos = process.env.OVPNBROKER_PROTO_DIR ?? join(__dirname, "../../../../proto");
  const loaded = protoLoader.loadSync("ovpnbroker/policy/v1/policy_service.proto", {
    includeDirs: [protos],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const root: any = grpc.loadPackageDefinition(loaded);
  const quota = new Quota(BigInt(options["quota-mib"]!) * 1024n * 1024n);
  const server = new grpc.Server();
  server.addService(root.ovpnbroker.policy.v1.PolicyService.service, {
    StreamDecisions: (call: grpc.ServerDuplexStream<any, any>) => new Stream(call, quota),
  });
  const address = options.listen!;
  server.bindAsync(address, credentials(), (error, port) => {
    if (error !== null) throw error;
    const shown = address.startsWith("unix:") ? address : address.replace(/:\d+$/, `:${port}`);
    console.log(`policy listens on ${shown}`);
  });
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      server.forceShutdown();
    });
  }
}

main();
