import kafkajs from 'kafkajs/package.json' with { type: 'json' };
import protocol, { type ApiVersions, type ProtocolCall } from 'kafkajs/src/protocol/requests/index.js';
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import errors from 'kafkajs/src/protocol/error.js';
import { decodeFetchAnswer, fetchVersion, type FetchAnswer } from './fetch-answer.ts';
import { encodeProduce, produceVersion, type ProduceArguments } from './produce-request.ts';

/**
 * Kafka's wire protocol as kafkajs encodes and decodes it, and nothing else of kafkajs: its connections, retries, caches and consumer
 * are not used. Those were tried: the request queue re-arms a timer for ever, a connection that is closed on doubt waits for the very
 * request that hangs, and there is no consumer without a group. The protocol modules are internal, so their version is pinned here.
 */
const pinnedVersion = '2.2.4';
const { version: installed } = kafkajs; // imported, so that it is bundled together with what it is the version of
if (installed !== pinnedVersion)
  throw new Error(
    `kafkajs ${installed} is installed, its internals are known for ${pinnedVersion} only: check kafka-protocol.ts and its contract test`,
  );

/** The broker answered with an error code: the request was received and refused. `type` is the protocol's name for it. */
export class KafkaResponseError extends Error {
  override readonly name = 'KafkaResponseError';
  readonly type: string;
  constructor(type: string, message: string) {
    super(`${type}: ${message}`);
    this.type = type;
  }
}

export const responseErrorOf = (code: number): KafkaResponseError => {
  const { type, message } = errors.createErrorFromCode(code);
  return new KafkaResponseError(type, message);
};

/** One request and how its answer is read. */
export interface Call<Answer> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  encode(): Promise<Buffer>;
  decode(payload: Buffer): Promise<Answer>;
}

export type { ApiVersions };
export type CallFor<Answer> = (versions: ApiVersions) => Call<Answer>;

function callOf<Answer>(call: ProtocolCall, parse: boolean): Call<Answer> {
  const { request, response } = call;
  return {
    apiKey: request.apiKey,
    apiVersion: request.apiVersion,
    apiName: request.apiName,
    encode: async () => (await request.encode()).buffer,
    decode: async (payload) => {
      const decoded = await response.decode(payload);
      return (parse ? await response.parse(decoded) : decoded) as Answer;
    },
  };
}

/** `parse` lets kafkajs turn any error code into an exception; without it the caller reads the codes. */
const request =
  <Answer>(name: string, args: object, { parse }: { parse: boolean }): CallFor<Answer> =>
  (versions) =>
    callOf<Answer>(protocol.lookup(versions)(apiKeys[name]!, protocol.requests[name]!)(args), parse);

/** Asked first on every connection, at a version that every broker answers. */
export const apiVersionsCall = (): Call<{
  apiVersions: readonly { apiKey: number; minVersion: number; maxVersion: number }[];
}> => callOf(protocol.requests['ApiVersions']!.protocol({ version: 2 })({}), true);

export interface FetchTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string; readonly maxBytes: number }[];
}

export interface FetchArguments {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly FetchTopic[];
  readonly forgottenTopics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** What our own code encodes or decodes it knows at one version. @throws KafkaResponseError */
function assertSpoken({ apiName, apiVersion }: Call<unknown>, version: number): void {
  if (apiVersion !== version) throw new KafkaResponseError('UNSUPPORTED_VERSION', `${apiName} is spoken at version ${apiVersion}`);
}

/** The answer is decoded by our own code: kafkajs makes several objects, strings and big integers of each record that nobody needs. */
export const fetchCall =
  (args: FetchArguments): CallFor<FetchAnswer> =>
  (versions) => {
    const call = request<FetchAnswer>('Fetch', { isolationLevel: 1, rackId: '', ...args }, { parse: false })(versions);
    assertSpoken(call, fetchVersion);
    return { ...call, decode: (payload) => Promise.resolve(decodeFetchAnswer(payload)) };
  };

export interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly baseOffset: string }[];
  }[];
}

/** The request is encoded by our own code: kafkajs makes a growing buffer of each record and of each header, and copies each into the next. */
export const produceCall =
  (args: ProduceArguments): CallFor<ProduceAnswer> =>
  (versions) => {
    const call = request<ProduceAnswer>('Produce', { topicData: [] }, { parse: false })(versions);
    assertSpoken(call, produceVersion);
    return { ...call, encode: () => Promise.resolve(encodeProduce(args)) };
  };

export interface OffsetsAnswer {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: string }[];
  }[];
}

export const earliest = -2;
export const latest = -1;

export const listOffsetsCall = (topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[]) =>
  request<OffsetsAnswer>('ListOffsets', { isolationLevel: 1, topics }, { parse: false });

export const createTopicsCall = (
  topics: readonly {
    topic: string;
    numPartitions: number;
    replicationFactor: number;
    configEntries: readonly { name: string; value: string }[];
  }[],
  timeoutMs: number,
) =>
  request<{ topicErrors: readonly { topic: string; errorCode: number; errorMessage?: string }[] }>(
    'CreateTopics',
    { topics, validateOnly: false, timeout: timeoutMs },
    { parse: false },
  );

export const findCoordinatorCall = (groupId: string) =>
  request<{ errorCode: number; coordinator: { nodeId: number; host: string; port: number } }>(
    'GroupCoordinator',
    { groupId, coordinatorType: 0 },
    { parse: false },
  );

export interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

export const joinGroupCall = (args: {
  groupId: string;
  sessionTimeout: number;
  rebalanceTimeout: number;
  memberId: string;
  groupProtocols: readonly { name: string; metadata: Buffer }[];
}) => request<JoinAnswer>('JoinGroup', { protocolType: 'consumer', ...args }, { parse: false });

export const syncGroupCall = (args: {
  groupId: string;
  generationId: number;
  memberId: string;
  groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
}) => request<{ errorCode: number; memberAssignment: Buffer }>('SyncGroup', args, { parse: false });

export const heartbeatCall = (args: { groupId: string; groupGenerationId: number; memberId: string }) =>
  request<{ errorCode: number }>('Heartbeat', args, { parse: false });

export const leaveGroupCall = (args: { groupId: string; memberId: string }) =>
  request<{ errorCode: number }>(
    'LeaveGroup',
    { groupId: args.groupId, memberId: args.memberId, members: [{ memberId: args.memberId }] },
    { parse: false },
  );

export const offsetCommitCall = (args: {
  groupId: string;
  groupGenerationId: number;
  memberId: string;
  topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[];
}) =>
  request<{ responses: readonly { partitions: readonly { errorCode: number }[] }[] }>(
    'OffsetCommit',
    { retentionTime: -1, ...args },
    { parse: false },
  );

export const offsetFetchCall = (args: {
  groupId: string;
  topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
}) =>
  request<{
    responses: readonly { partitions: readonly { partition: number; offset: string; errorCode: number }[] }[];
    errorCode?: number;
  }>('OffsetFetch', args, { parse: false });
