import { connect, type Socket } from 'node:net';
import type { DirectionFaults } from './link-faults.ts';
import { LinkFlow } from './link-flow.ts';

export interface BridgeOptions {
  readonly dialer: Socket;
  readonly target: { readonly host: string; readonly port: number };
  /** Bytes already read from the dialling side (the head of an HTTP request). */
  readonly head: Buffer;
  /** Asked for every chunk. */
  readonly outward: () => DirectionFaults;
  readonly back: () => DirectionFaults;
  readonly bufferMaxBytes: number;
  readonly onBytes: (way: 'outward' | 'back', count: number) => void;
  readonly onClosed: () => void;
}

/**
 * One connection through a link: a socket from the side that dialled, one to the target, a flow each way.
 *
 * A handshake needs both directions: while one of them is cut silently, a new connection is taken from the kernel but goes no
 * further, and goes on after the heal. (The kernel accepts before us, so a dialler sees a connection that hangs, not a connect
 * that hangs.)
 */
export class LinkBridge {
  readonly #options: BridgeOptions;
  #target: Socket | undefined;
  #flows: readonly LinkFlow[] = [];
  #closed = false;

  constructor(options: BridgeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.dialer.pause();
    this.#options.dialer.on('close', () => this.#closeWhenBothAreGone());
    this.faultsChanged();
  }

  /** To be called when the faults of its directions have changed. */
  faultsChanged(): void {
    const cuts = [this.#options.outward().cut, this.#options.back().cut];
    if (cuts.includes('reset')) return this.reset();
    if (this.#target === undefined && !cuts.includes('silent')) this.#dial();
    for (const flow of this.#flows) flow.faultsChanged();
  }

  /** Both ends get a reset at once. */
  reset(): void {
    for (const flow of this.#flows) flow.stop();
    for (const socket of [this.#options.dialer, this.#target]) if (socket !== undefined && !socket.destroyed) socket.resetAndDestroy();
    this.#closeWhenBothAreGone();
  }

  #dial(): void {
    const { dialer, target: address, head, outward, back, bufferMaxBytes, onBytes } = this.#options;
    const target = connect({ host: address.host, port: address.port, noDelay: true, allowHalfOpen: true });
    this.#target = target;
    target.on('error', ignoreError);
    target.on('close', () => this.#closeWhenBothAreGone());
    const out = new LinkFlow(dialer, target, { faults: outward, bufferMaxBytes, onBytes: (count) => onBytes('outward', count) });
    this.#flows = [out, new LinkFlow(target, dialer, { faults: back, bufferMaxBytes, onBytes: (count) => onBytes('back', count) })];
    if (head.length > 0) out.take(head);
    dialer.resume();
  }

  #closeWhenBothAreGone(): void {
    const gone = this.#options.dialer.destroyed && (this.#target === undefined || this.#target.destroyed);
    if (!gone || this.#closed) return;
    this.#closed = true;
    for (const flow of this.#flows) flow.stop();
    this.#options.onClosed();
  }
}

/** A socket's error is always followed by `close`, which the flows carry to the other side. */
export const ignoreError = (): void => {};
