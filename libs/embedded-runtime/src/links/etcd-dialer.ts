import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Who dials an etcd peer? All members know a member by one URL, and on one machine all connections come from 127.0.0.1.
 *
 * - Raft's streams and messages name their member in the X-Server-From header (etcd 3.4 to 3.6: the id as hexadecimal digits).
 * - Requests for /version, /members and /leases (a follower hands lease renewals to the leader) carry no such header, on
 *   connections of their own. On Linux the kernel says which process holds the other end; elsewhere they stay unknown.
 */
const header = /\r\nX-Server-From: *([0-9a-f]{1,16})\r\n/i;

/** The member id in the head of a peer request, or undefined when it names none. */
export const serverFrom = (head: Buffer): string | undefined => header.exec(head.toString('latin1'))?.[1]?.toLowerCase();

/** Whether the head of the first request is complete. */
export const isCompleteHead = (head: Buffer): boolean => head.includes('\r\n\r\n');

/**
 * The id of a member of a cluster's first set, as etcd derives it: the first 8 bytes of SHA-1 over its sorted peer URLs and the
 * cluster token (etcd 3.4, server/etcdserver/api/membership/member.go). Not for members that were added later.
 */
export function etcdMemberId(peerUrls: readonly string[], clusterToken: string): string {
  const digest = createHash('sha1')
    .update([...peerUrls].sort().join('') + clusterToken)
    .digest();
  return digest.readBigUInt64BE(0).toString(16);
}

/**
 * Which of these processes holds the client's end of a TCP connection from 127.0.0.0/8, by its local port and the port it dialled.
 * Undefined when none does or the system does not say (not Linux, another user's process).
 *
 * Synchronous on purpose: the kernel answers from memory, and hundreds of small answers one at a time through a pool of threads cost
 * the runtime a third of all its work (etcd hands each lease renewal on over a new connection).
 */
export function processBehind(clientPort: number, dialledPort: number, pids: readonly number[]): number | undefined {
  const inode = process.platform === 'linux' ? socketOf(clientPort, dialledPort) : undefined;
  return inode === undefined ? undefined : pids.find((pid) => holdsSocket(pid, inode));
}

function socketOf(clientPort: number, dialledPort: number): string | undefined {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const row = new RegExp(`^ *\\d+: [0-9A-F]+:${hex(clientPort)} [0-9A-F]+:${hex(dialledPort)} .*$`, 'm');
  try {
    return row.exec(readFileSync('/proc/net/tcp', 'utf8'))?.[0].trim().split(/\s+/)[9];
  } catch {
    return undefined; // no file descriptor is left, or the system hides it
  }
}

function holdsSocket(pid: number, inode: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => linkOf(`${folder}/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // the process has gone, or belongs to another user
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // closed meanwhile
  }
}
