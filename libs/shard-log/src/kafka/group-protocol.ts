import type { GroupMember } from './assign-partitions.ts';

/**
 * What members of our groups tell each other through the coordinator, which does not read it: JSON. The members are all of one
 * program, and the protocol's name keeps any other out.
 */
export const groupProtocolName = 'evenkeel-1';

export const encodeMembership = (topic: string, had: readonly number[]): Buffer => Buffer.from(JSON.stringify({ topic, had }));

export function decodeMembership(id: string, metadata: Buffer): GroupMember {
  const { had } = JSON.parse(metadata.toString('utf8')) as { had: number[] };
  return { id, had };
}

export const encodeAssignment = (partitions: readonly number[]): Buffer => Buffer.from(JSON.stringify({ partitions }));

/** No bytes at all is the coordinator's word for no partitions. */
export function decodeAssignment(assignment: Buffer): readonly number[] {
  if (assignment.length === 0) return [];
  return (JSON.parse(assignment.toString('utf8')) as { partitions: number[] }).partitions;
}
