import { createHash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';

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
 */
export async function processBehind(clientPort: number, dialledPort: number, pids: readonly number[]): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const row = rows.find(
    (columns) => columns[1]?.endsWith(`:${hex(clientPort)}`) === true && columns[2]?.endsWith(`:${hex(dialledPort)}`) === true,
  );
  const inode = row?.[9];
  if (inode === undefined) return undefined;
  for (const pid of pids) if (await holdsSocket(pid, inode)) return pid;
  return undefined;
}

async function holdsSocket(pid: number, inode: string): Promise<boolean> {
  try {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => undefined); // closed meanwhile
      if (link === `socket:[${inode}]`) return true;
    }
  } catch {
    return false; // the process has gone, or belongs to another user
  }
  return false;
}
