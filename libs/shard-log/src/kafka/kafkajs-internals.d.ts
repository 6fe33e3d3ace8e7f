/** The parts of kafkajs 2.2.4 that speak Kafka's wire protocol: encoders, decoders, error codes. It declares no types for them. */

declare module 'kafkajs/src/protocol/requests/index.js' {
  interface Encoded {
    readonly buffer: Buffer;
  }
  interface ProtocolCall {
    readonly request: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string; encode(): Promise<Encoded> };
    readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
  }
  interface RequestDefinition {
    readonly versions: readonly string[];
    protocol(options: { version: number }): (args: object) => ProtocolCall;
  }
  type ApiVersions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  const protocol: {
    readonly requests: Readonly<Record<string, RequestDefinition>>;
    lookup(versions: ApiVersions): (apiKey: number, definition: RequestDefinition) => (args: object) => ProtocolCall;
  };
  export default protocol;
  export type { ApiVersions, ProtocolCall };
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: Readonly<Record<string, number>>;
  export default apiKeys;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    readonly buffer: Buffer;
    writeInt8(value: number): this;
    writeInt16(value: number): this;
    writeInt32(value: number): this;
    writeInt64(value: number): this;
    writeString(value: string): this;
    writeBytes(value: Buffer): this;
    writeEncoder(value: Encoder): this;
    writeBoolean(value: boolean): this;
    writeBufferInternal(value: Buffer): this;
    writeUVarInt(value: number): this;
    writeUVarIntString(value: string): this;
  }
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/index.js' {
  const crc32c: (bytes: Buffer) => number;
  export default crc32c;
}

/** Of the next four only tests make use: what our own decoder and encoder are compared with. */
declare module 'kafkajs/src/protocol/requests/fetch/v11/response.js' {
  interface Message {
    readonly offset: string;
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer>>;
  }
  const response: {
    decode(
      payload: Buffer,
    ): Promise<{ readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly Message[] }[] }[] }>;
  };
  export default response;
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/index.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js';
  interface NewRecord {
    readonly offsetDelta?: number;
    readonly timestampDelta?: number;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  }
  const record: (of: NewRecord) => Encoder;
  export default record;
}

declare module 'kafkajs/src/protocol/recordBatch/v0/index.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js';
  interface NewBatch {
    readonly compression?: number;
    readonly firstOffset?: number;
    readonly firstTimestamp?: number;
    readonly maxTimestamp?: number;
    readonly lastOffsetDelta?: number;
    readonly records: readonly Encoder[];
  }
  const batches: { RecordBatch(of: NewBatch): Promise<Encoder> };
  export default batches;
}

declare module 'kafkajs/src/protocol/requests/produce/v7/request.js' {
  interface Messages {
    readonly partition: number;
    readonly messages: readonly {
      readonly key: string | null;
      readonly value: string | null;
      readonly headers: object;
      readonly timestamp: number;
    }[];
    readonly firstSequence: number;
  }
  const request: (of: {
    readonly acks: number;
    readonly timeout: number;
    readonly producerEpoch: number;
    readonly topicData: readonly { readonly topic: string; readonly partitions: readonly Messages[] }[];
  }) => { encode(): Promise<{ readonly buffer: Buffer }> };
  export default request;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(buffer: Buffer);
    readInt8(): number;
    readInt16(): number;
    readInt32(): number;
    readBoolean(): boolean;
    readBytes(byteLength: number): Buffer;
    readUVarIntString(): string | null;
    readUVarIntArray<T>(read: (decoder: Decoder) => T): T[];
    readTaggedFields(): unknown;
  }
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: { createErrorFromCode(code: number): Error & { readonly type: string; readonly code: number } };
  export default errors;
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const assigner: {
    readonly MemberMetadata: {
      encode(metadata: { version: number; topics: readonly string[]; userData: Buffer }): Buffer;
      decode(buffer: Buffer): { version: number; topics: readonly string[]; userData: Buffer };
    };
    readonly MemberAssignment: {
      encode(assignment: { version: number; assignment: Readonly<Record<string, readonly number[]>>; userData: Buffer }): Buffer;
      decode(buffer: Buffer): { assignment: Readonly<Record<string, readonly number[]>> } | null;
    };
  };
  export default assigner;
}
