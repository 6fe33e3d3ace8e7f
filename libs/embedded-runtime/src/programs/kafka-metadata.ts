import { connect } from 'node:net';

/**
 * One Metadata request (version 1) over a plain socket: what a readiness check asks of a broker, without a Kafka client's own
 * retries and caches. Source: Kafka protocol guide, "Metadata API (Key: 3)".
 */
export interface KafkaMetadata {
  /** Brokers that take part: empty while the broker is still registering. */
  readonly brokers: number;
  readonly topics: ReadonlySet<string>;
}

const apiKey = 3;
const apiVersion = 1;

/** Names all topics when `withTopics`, else none. Rejects when there is no answer within the time. */
export async function askMetadata(host: string, port: number, options: { withTopics: boolean; timeoutMs: number }): Promise<KafkaMetadata> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: options.timeoutMs });
    let received = Buffer.alloc(0);
    const deadline = setTimeout(
      () => socket.destroy(new Error(`no answer from ${host}:${port} within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    socket.once('connect', () => socket.write(request(options.withTopics)));
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(deadline);
      reject(new Error(`${host}:${port} closed the connection`));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      try {
        resolve(parse(received));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      socket.destroy();
    });
  });
}

function request(withTopics: boolean): Buffer {
  const body = Buffer.alloc(18);
  body.writeInt32BE(14, 0);
  body.writeInt16BE(apiKey, 4);
  body.writeInt16BE(apiVersion, 6);
  body.writeInt32BE(1, 8); // correlation id
  body.writeInt16BE(-1, 12); // no client id
  body.writeInt32BE(withTopics ? -1 : 0, 14); // null: all topics
  return body;
}

function parse(response: Buffer): KafkaMetadata {
  let at = 8; // size, correlation id
  const int16 = () => response.readInt16BE((at += 2) - 2);
  const int32 = () => response.readInt32BE((at += 4) - 4);
  const text = () => {
    const length = int16();
    return length < 0 ? '' : response.toString('utf8', at, (at += length));
  };
  const skipInt32s = () => {
    const count = int32();
    at += 4 * count;
  };
  const brokers = int32();
  for (let broker = 0; broker < brokers; broker += 1) {
    at += 4; // node id
    text();
    at += 4; // port
    text();
  }
  at += 4; // controller
  const topics = new Set<string>();
  for (let left = int32(); left > 0; left -= 1) {
    const error = int16();
    const name = text();
    at += 1; // internal
    for (let partitions = int32(); partitions > 0; partitions -= 1) {
      at += 2 + 4 + 4; // error, id, leader
      skipInt32s(); // replicas
      skipInt32s(); // in sync
    }
    if (error === 0) topics.add(name);
  }
  return { brokers, topics };
}
