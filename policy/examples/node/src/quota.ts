// How much each user has sent and received: finished sessions are summed up, live ones counted by
// their latest numbers. Knows nothing of gRPC. Lives in memory: a policy of your own stores it.

export interface Session {
  uid: string;
  username: string;
  common_name: string;
  received_bytes: string; // 64-bit numbers come as text
  sent_bytes: string;
}

export function userOf(session: { username: string; common_name: string }): string {
  return session.username || session.common_name;
}

export class Quota {
  private readonly finished = new Map<string, bigint>();
  private readonly live = new Map<string, { user: string; bytes: bigint }>();

  constructor(readonly limitBytes: bigint) {}

  // The traffic of a live session as it is now.
  update(session: Session): void {
    const bytes = BigInt(session.received_bytes) + BigInt(session.sent_bytes);
    this.live.set(session.uid, { user: userOf(session), bytes });
  }

  // The session's end, with its last numbers. An event may come twice and counts once.
  end(session: Session): void {
    if (!this.live.has(session.uid)) return;
    this.update(session);
    this.finish(session.uid);
  }

  // A fresh list of live sessions follows: what is not in it has ended unseen.
  keepOnly(uids: Set<string>): void {
    for (const uid of [...this.live.keys()]) if (!uids.has(uid)) this.finish(uid);
  }

  used(user: string): bigint {
    let bytes = this.finished.get(user) ?? 0n;
    for (const session of this.live.values()) if (session.user === user) bytes += session.bytes;
    return bytes;
  }

  isSpent(user: string): boolean {
    return this.used(user) >= this.limitBytes;
  }

  private finish(uid: string): void {
    const session = this.live.get(uid);
    if (session === undefined) return;
    this.live.delete(uid);
    this.finished.set(session.user, (this.finished.get(session.user) ?? 0n) + session.bytes);
  }
}
