import Encoder from 'kafkajs/src/protocol/encoder.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import type { Call } from './kafka-protocol.ts';

/**
 * Metadata at version 12: the one that tells a topic's id, which kafkajs's own (version 6) does not.
 * Source: Kafka protocol guide, "Metadata API (Key: 3)", KIP-516 (topic ids), KIP-482 (compact encodings, tagged fields).
 */
export interface ClusterMetadata {
  readonly brokers: ReadonlyMap<number, { readonly host: string; readonly port: number }>;
  /** Only topics that exist. */
  readonly topics: ReadonlyMap<string, TopicMetadata>;
}

export interface TopicMetadata {
  readonly id: string;
  /** By partition: the leader's node, or -1 while there is none. */
  readonly leaders: readonly number[];
}

const noTopicId = Buffer.alloc(16);

export function metadataCall(topics: readonly string[]): Call<ClusterMetadata> {
  return {
    apiKey: 3,
    apiVersion: 12,
    apiName: 'Metadata',
    encode: async () => {
      // The first tag buffer ends the request's header, which has one from version 2 on.
      const encoder = new Encoder().writeUVarInt(0).writeUVarInt(topics.length + 1);
      for (const topic of topics) {
        encoder.writeBufferInternal(noTopicId);
        encoder.writeUVarIntString(topic).writeUVarInt(0);
      }
      const [autoCreate, authorizedOperations] = [false, false];
      return encoder.writeBoolean(autoCreate).writeBoolean(authorizedOperations).writeUVarInt(0).buffer;
    },
    decode: async (payload) => decodeMetadata(new Decoder(payload)),
  };
}

function decodeMetadata(decoder: Decoder): ClusterMetadata {
  decoder.readTaggedFields(); // end of the response's header
  decoder.readInt32(); // throttle time
  const brokers = compactArray(decoder, () => {
    const node = decoder.readInt32();
    const host = decoder.readUVarIntString() ?? '';
    const port = decoder.readInt32();
    decoder.readUVarIntString(); // rack
    decoder.readTaggedFields();
    return [node, { host, port }] as const;
  });
  decoder.readUVarIntString(); // cluster id
  decoder.readInt32(); // controller
  const topics = compactArray(decoder, () => topicOf(decoder));
  return { brokers: new Map(brokers), topics: new Map(topics.filter((topic) => topic !== undefined)) };
}

function topicOf(decoder: Decoder): readonly [string, TopicMetadata] | undefined {
  const errorCode = decoder.readInt16();
  const name = decoder.readUVarIntString() ?? '';
  const id = decoder.readBytes(16).toString('hex');
  decoder.readBoolean(); // internal
  const leaders: number[] = [];
  compactArray(decoder, () => {
    decoder.readInt16(); // error: without a leader, which the leader says too
    const partition = decoder.readInt32();
    leaders[partition] = decoder.readInt32();
    decoder.readInt32(); // leader epoch
    for (const _nodes of ['replicas', 'in sync', 'offline']) compactArray(decoder, () => decoder.readInt32());
    decoder.readTaggedFields();
  });
  decoder.readInt32(); // authorized operations
  decoder.readTaggedFields();
  return errorCode === 0 ? [name, { id, leaders }] : undefined;
}

const compactArray = <T>(decoder: Decoder, read: () => T): T[] => decoder.readUVarIntArray(read) ?? [];
