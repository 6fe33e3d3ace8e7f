import { assignPartitions } from './assign-partitions.ts';
import { ClusterSession, leaderAddress, type SessionSettings } from './cluster-session.ts';
import { decodeAssignment, decodeMembership, encodeAssignment, encodeMembership, groupProtocolName } from './group-protocol.ts';
import {
  findCoordinatorCall,
  heartbeatCall,
  joinGroupCall,
  leaveGroupCall,
  offsetCommitCall,
  offsetFetchCall,
  responseErrorOf,
  syncGroupCall,
  type CallFor,
} from './kafka-protocol.ts';

export interface GroupSettings extends SessionSettings {
  /** A member that sends no heartbeat for so long has lost its partitions. */
  readonly sessionTimeoutMs: number;
  /** How long the others wait for a member to join again. */
  readonly rebalanceTimeoutMs: number;
}

export interface Generation {
  readonly id: number;
  readonly partitions: readonly number[];
}

/**
 * One member of a consumer group, by Kafka's classic group protocol (JoinGroup, SyncGroup, Heartbeat, OffsetCommit). Each call asks
 * once; when to join again is the caller's business.
 */
export class GroupMembership {
  readonly #settings: GroupSettings;
  readonly #group: string;
  readonly #topic: string;
  #session: ClusterSession;
  #coordinator: string | undefined;
  #memberId = '';
  #generation = -1;

  constructor(settings: GroupSettings, group: string, topic: string) {
    this.#settings = settings;
    this.#group = group;
    this.#topic = topic;
    this.#session = new ClusterSession(settings);
  }

  /** Joins, or joins again; `had` are the partitions that this member would like to keep. */
  async join(had: readonly number[]): Promise<Generation> {
    const { sessionTimeoutMs: sessionTimeout, rebalanceTimeoutMs: rebalanceTimeout, requestTimeoutMs } = this.#settings;
    const groupProtocols = [{ name: groupProtocolName, metadata: encodeMembership(this.#topic, had) }];
    const askToJoin = () =>
      this.#ask(
        joinGroupCall({ groupId: this.#group, sessionTimeout, rebalanceTimeout, memberId: this.#memberId, groupProtocols }),
        rebalanceTimeout + requestTimeoutMs,
      );
    let joined = await askToJoin();
    if (joined.errorCode === memberIdRequired) {
      this.#memberId = joined.memberId;
      joined = await askToJoin();
    }
    if (joined.errorCode !== 0) throw responseErrorOf(joined.errorCode);
    this.#memberId = joined.memberId;
    this.#generation = joined.generationId;
    const leads = joined.leaderId === joined.memberId;
    const groupAssignment = leads
      ? await this.#share(joined.members.map((member) => decodeMembership(member.memberId, member.memberMetadata)))
      : [];
    const synced = await this.#ask(
      syncGroupCall({ groupId: this.#group, generationId: this.#generation, memberId: this.#memberId, groupAssignment }),
      rebalanceTimeout + requestTimeoutMs,
    );
    if (synced.errorCode !== 0) throw responseErrorOf(synced.errorCode);
    return { id: this.#generation, partitions: decodeAssignment(this.#topic, synced.memberAssignment) };
  }

  async heartbeat(): Promise<void> {
    const call = heartbeatCall({ groupId: this.#group, groupGenerationId: this.#generation, memberId: this.#memberId });
    const { errorCode } = await this.#ask(call, this.#settings.requestTimeoutMs);
    if (errorCode !== 0) throw responseErrorOf(errorCode);
  }

  /** Committed next offsets; a partition that never had one is absent. */
  async committed(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const topics = [{ topic: this.#topic, partitions: partitions.map((partition) => ({ partition })) }];
    const answer = await this.#ask(offsetFetchCall({ groupId: this.#group, topics }), this.#settings.requestTimeoutMs);
    if (answer.errorCode !== undefined && answer.errorCode !== 0) throw responseErrorOf(answer.errorCode);
    const offsets = new Map<number, number>();
    for (const { partition, offset, errorCode } of answer.responses.flatMap((response) => response.partitions)) {
      if (errorCode !== 0) throw responseErrorOf(errorCode);
      if (Number(offset) >= 0) offsets.set(partition, Number(offset));
    }
    return offsets;
  }

  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
    const call = offsetCommitCall({
      groupId: this.#group,
      groupGenerationId: this.#generation,
      memberId: this.#memberId,
      topics: [{ topic: this.#topic, partitions }],
    });
    const answer = await this.#ask(call, this.#settings.requestTimeoutMs);
    for (const { errorCode } of answer.responses.flatMap((response) => response.partitions))
      if (errorCode !== 0) throw responseErrorOf(errorCode);
  }

  /** The others get the partitions at once instead of after the session's timeout. */
  async leave(): Promise<void> {
    if (this.#memberId === '') return;
    await this.#ask(leaveGroupCall({ groupId: this.#group, memberId: this.#memberId }), this.#settings.requestTimeoutMs);
  }

  /** After an error: new connections, and the coordinator is looked for again. */
  reconnect(): void {
    this.#session.end();
    this.#session = new ClusterSession(this.#settings);
    this.#coordinator = undefined;
  }

  /** The coordinator no longer knows this member: it joins as a new one. */
  forgetMember(): void {
    this.#memberId = '';
    this.#generation = -1;
  }

  end(): void {
    this.#session.end();
  }

  async #ask<Answer>(call: CallFor<Answer>, timeoutMs: number): Promise<Answer> {
    this.#coordinator ??= await this.#findCoordinator();
    return this.#session.ask(this.#coordinator, call, timeoutMs);
  }

  async #findCoordinator(): Promise<string> {
    const { brokers } = await this.#session.metadata([]);
    const [any] = brokers.values();
    if (any === undefined) throw responseErrorOf(coordinatorNotAvailable);
    const found = await this.#session.ask(`${any.host}:${any.port}`, findCoordinatorCall(this.#group));
    if (found.errorCode !== 0) throw responseErrorOf(found.errorCode);
    return `${found.coordinator.host}:${found.coordinator.port}`;
  }

  async #share(members: readonly { id: string; had: readonly number[] }[]): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const cluster = await this.#session.metadata([this.#topic]);
    leaderAddress(cluster, this.#topic, 0); // throws while the topic does not exist
    const shares = assignPartitions(members, cluster.topics.get(this.#topic)!.leaders.length);
    return [...shares].map(([memberId, partitions]) => ({ memberId, memberAssignment: encodeAssignment(this.#topic, partitions) }));
  }
}

const memberIdRequired = 79;
const coordinatorNotAvailable = 15;
