import { createServer, type Server, type Socket } from 'node:net';
import type { Region } from '#contracts';
import { isCompleteHead, processBehind, serverFrom } from './etcd-dialer.ts';
import { ignoreError, LinkBridge } from './link-bridge.ts';
import type { LinkFaults } from './link-faults.ts';
import type { LinkSpec } from './link-spec.ts';

export const limits = {
  /** Bytes that wait in one direction of one connection: at 40 ms of delay still 200 MB/s. */
  bufferMaxBytes: 8 * 1024 * 1024,
  connectionsMax: 2048,
  headMaxBytes: 64 * 1024,
} as const;

export interface ListenerStatus {
  readonly name: string;
  readonly listen: string;
  readonly target: string;
  readonly connections: number;
  /** Bytes read since the start: from the side that dialled, and back. */
  readonly outwardBytes: number;
  readonly backBytes: number;
}

/** One listening address of a link, and the connections through it. */
export class LinkListener {
  readonly #spec: LinkSpec;
  readonly #faults: LinkFaults;
  readonly #server: Server;
  readonly #bridges = new Set<LinkBridge>();
  readonly #undecided = new Set<Socket>();
  #outwardBytes = 0;
  #backBytes = 0;

  constructor(spec: LinkSpec, faults: LinkFaults) {
    this.#spec = spec;
    this.#faults = faults;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = limits.connectionsMax;
  }

  /** @throws Error that names the link and the address */
  async open(): Promise<void> {
    const { name, listen } = this.#spec;
    await new Promise<void>((resolve, reject) => {
      this.#server.on('error', (cause) =>
        reject(new Error(`link ${name} cannot listen at ${listen.host}:${listen.port}: ${cause.message}`, { cause })),
      );
      this.#server.listen({ host: listen.host, port: listen.port, backlog: 511, exclusive: true }, resolve);
    });
  }

  faultsChanged(): void {
    for (const bridge of this.#bridges) bridge.faultsChanged();
  }

  status(): ListenerStatus {
    const { name, listen, target } = this.#spec;
    return {
      name,
      listen: `${listen.host}:${listen.port}`,
      target: `${target.host}:${target.port}`,
      connections: this.#bridges.size + this.#undecided.size,
      outwardBytes: this.#outwardBytes,
      backBytes: this.#backBytes,
    };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#undecided) socket.resetAndDestroy();
    for (const bridge of this.#bridges) bridge.reset();
    await closed;
  }

  #accept(socket: Socket): void {
    socket.on('error', ignoreError);
    if (this.#spec.kind === 'tcp') return this.#bridge(socket, { region: this.#spec.from, head: Buffer.alloc(0) });
    this.#undecided.add(socket);
    socket.once('close', () => this.#undecided.delete(socket));
    this.#readHead(socket);
  }

  /** Reads the first request's head, which tells the dialling member. Nothing is sent on before. */
  #readHead(socket: Socket): void {
    let head = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      if (!isCompleteHead(head) && head.length < limits.headMaxBytes) return;
      socket.pause();
      socket.off('data', onData);
      socket.off('end', onEnd);
      this.#undecided.delete(socket);
      this.#bridge(socket, { region: this.#dialerOf(socket, head), head });
    };
    const onEnd = (): void => void socket.destroy();
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.resume();
  }

  #dialerOf(socket: Socket, head: Buffer): Region | undefined {
    if (this.#spec.kind === 'tcp') return this.#spec.from;
    const member = serverFrom(head);
    const named = member === undefined ? undefined : this.#spec.dialers.get(member);
    if (named !== undefined || socket.remotePort === undefined) return named;
    const pids = this.#spec.dialerPids?.() ?? new Map<number, Region>();
    // Not found out is answered by `undefined`: the connection then meets the worst of the links that end here.
    const pid = processBehind(socket.remotePort, this.#spec.listen.port, [...pids.keys()]);
    return pid === undefined ? undefined : pids.get(pid);
  }

  #bridge(dialer: Socket, from: { region: Region | undefined; head: Buffer }): void {
    const { to, target } = this.#spec;
    let { region } = from;
    if (region === undefined) dialer.on('data', (bytes: Buffer) => (region ??= this.#namedIn(bytes)));
    const bridge = new LinkBridge({
      dialer,
      target,
      head: from.head,
      outward: () => (region === undefined ? this.#faults.worst('into', to) : this.#faults.of(region, to)),
      back: () => (region === undefined ? this.#faults.worst('out-of', to) : this.#faults.of(to, region)),
      bufferMaxBytes: limits.bufferMaxBytes,
      onBytes: (way, count) => {
        if (way === 'outward') this.#outwardBytes += count;
        else this.#backBytes += count;
      },
      onClosed: () => this.#bridges.delete(bridge),
    });
    this.#bridges.add(bridge);
    bridge.start();
  }

  /** A later request on a kept-alive connection may name the member that an earlier one did not. */
  #namedIn(bytes: Buffer): Region | undefined {
    const member = this.#spec.kind === 'etcd-peer' ? serverFrom(bytes) : undefined;
    return member === undefined || this.#spec.kind === 'tcp' ? undefined : this.#spec.dialers.get(member);
  }
}
