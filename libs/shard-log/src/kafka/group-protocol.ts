import assigner from 'kafkajs/src/consumer/assignerProtocol.js';
import type { GroupMember } from './assign-partitions.ts';

/**
 * What members of a group tell each other through the coordinator: Kafka's consumer protocol, version 0, so that the broker and its
 * tools understand it too. What a member had before travels in the user data. The protocol's name keeps other programs out.
 */
export const groupProtocolName = 'evenkeel-1';

const version = 0;

export const encodeMembership = (topic: string, had: readonly number[]): Buffer =>
  assigner.MemberMetadata.encode({ version, topics: [topic], userData: Buffer.from(JSON.stringify(had)) });

export function decodeMembership(id: string, metadata: Buffer): GroupMember {
  const { userData } = assigner.MemberMetadata.decode(metadata);
  return { id, had: JSON.parse(userData.toString('utf8')) as number[] };
}

export const encodeAssignment = (topic: string, partitions: readonly number[]): Buffer =>
  assigner.MemberAssignment.encode({ version, assignment: { [topic]: partitions }, userData: Buffer.alloc(0) });

/** No bytes at all is the coordinator's word for no partitions. */
export const decodeAssignment = (topic: string, assignment: Buffer): readonly number[] =>
  assigner.MemberAssignment.decode(assignment)?.assignment[topic] ?? [];
