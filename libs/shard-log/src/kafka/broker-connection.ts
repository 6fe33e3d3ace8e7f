import { connect, type Socket } from 'node:net';
import { apiVersionsCall, type ApiVersions, type Call, type CallFor } from './kafka-protocol.ts';

/** No answer: the connection was lost, could not be made, or was given up. What was sent may have had its effect. */
export class BrokerConnectionError extends Error {
  override readonly name = 'BrokerConnectionError';
  /** Nothing came within the time that was given: asking once more may take as long again. */
  readonly timedOut: boolean;
  constructor(message: string, options: { readonly timedOut: boolean } = { timedOut: false }) {
    super(message);
    this.timedOut = options.timedOut;
  }
}

export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  onEnd(): void;
}

interface Waiting {
  readonly apiName: string;
  readonly timer: NodeJS.Timeout;
  resolve(payload: Buffer): void;
  reject(error: Error): void;
}

/**
 * One TCP connection to one broker. A request that is not answered in time ends the whole connection, for what comes after it would
 * wait behind it; every waiting request is rejected then, at once. It never reconnects: whoever uses it opens another.
 */
export class BrokerConnection {
  readonly #socket: Socket;
  readonly #settings: ConnectionSettings;
  readonly #waiting = new Map<number, Waiting>();
  #versions: ApiVersions = {};
  #correlation = 0;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #needed = 4;
  #ended: BrokerConnectionError | undefined;

  private constructor(socket: Socket, settings: ConnectionSettings) {
    this.#socket = socket;
    this.#settings = settings;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.once('error', (error) => this.end(error.message));
    socket.once('close', () => this.end('the broker closed the connection'));
  }

  static async open(settings: ConnectionSettings): Promise<BrokerConnection> {
    const { host, port, connectTimeoutMs } = settings;
    const socket = connect({ host, port });
    await new Promise<void>((resolve, reject) => {
      const give = (message: string, timedOut: boolean) => {
        clearTimeout(timer);
        socket.destroy();
        reject(new BrokerConnectionError(`${host}:${port}: ${message}`, { timedOut }));
      };
      const timer = setTimeout(() => give(`no connection within ${connectTimeoutMs} ms`, true), connectTimeoutMs);
      socket.once('error', (error) => give(error.message, false));
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    const connection = new BrokerConnection(socket, settings);
    const { apiVersions } = await connection.call(apiVersionsCall(), connectTimeoutMs);
    connection.#versions = Object.fromEntries(apiVersions.map((version) => [version.apiKey, version]));
    return connection;
  }

  /** At the newest version that both sides know. */
  async ask<Answer>(callFor: CallFor<Answer>, timeoutMs: number): Promise<Answer> {
    return this.call(callFor(this.#versions), timeoutMs);
  }

  async call<Answer>(call: Call<Answer>, timeoutMs: number): Promise<Answer> {
    const body = await call.encode();
    if (this.#ended !== undefined) throw this.#ended;
    const correlation = (this.#correlation = (this.#correlation + 1) & 0x7fffffff);
    const payload = await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => this.#unanswered(correlation, `${call.apiName} was not answered within ${timeoutMs} ms`), timeoutMs);
      this.#waiting.set(correlation, { apiName: call.apiName, timer, resolve, reject });
      this.#socket.write(framed(call, correlation, this.#settings.clientId, body));
    });
    return call.decode(payload);
  }

  /** Gives the connection up: what waits is rejected now. */
  end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new BrokerConnectionError(`${this.#settings.host}:${this.#settings.port}: ${reason}`);
    this.#socket.destroy();
    this.#chunks = [];
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(this.#ended);
    }
    this.#waiting.clear();
    this.#settings.onEnd();
  }

  /** Ends the connection. That time ran out is told to this request only: the others waited behind it. */
  #unanswered(correlation: number, reason: string): void {
    const waiting = this.#waiting.get(correlation);
    this.#waiting.delete(correlation);
    waiting?.reject(new BrokerConnectionError(`${this.#settings.host}:${this.#settings.port}: ${reason}`, { timedOut: true }));
    this.end(reason);
  }

  #received(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    while (this.#buffered >= this.#needed) {
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      const frame = 4 + all.readInt32BE(0);
      if (all.length >= frame) this.#answered(all.subarray(4, frame));
      const rest = all.length >= frame ? all.subarray(frame) : all;
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#buffered = rest.length;
      this.#needed = rest.length < 4 ? 4 : 4 + rest.readInt32BE(0);
    }
  }

  #answered(frame: Buffer): void {
    const correlation = frame.readInt32BE(0);
    const waiting = this.#waiting.get(correlation);
    if (waiting === undefined) return this.end(`an answer to no request (${correlation})`);
    this.#waiting.delete(correlation);
    clearTimeout(waiting.timer);
    waiting.resolve(frame.subarray(4));
  }
}

function framed({ apiKey, apiVersion }: Call<unknown>, correlation: number, clientId: string, body: Buffer): Buffer {
  const client = Buffer.from(clientId, 'utf8');
  const header = Buffer.alloc(14 + client.length);
  header.writeInt32BE(header.length - 4 + body.length, 0);
  header.writeInt16BE(apiKey, 4);
  header.writeInt16BE(apiVersion, 6);
  header.writeInt32BE(correlation, 8);
  header.writeInt16BE(client.length, 12);
  client.copy(header, 14);
  return Buffer.concat([header, body]);
}
