import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { ProgramSpec } from '../programs/program.ts';
import { backoffMs, pause } from './backoff.ts';
import { forgetRunning, recordRunning } from './leftovers.ts';
import type { PartLog } from './part-log.ts';
import { signalOne, signalTree, startOf } from './processes.ts';
import { giveShare } from './share-of-cores.ts';

/** `down`: held by a person, and not started until they let it run again. */
export type PartState = 'waiting' | 'starting' | 'ready' | 'restarting' | 'paused' | 'down' | 'stopping' | 'stopped' | 'failed' | 'missing';

export interface PartOptions {
  readonly spec: ProgramSpec;
  readonly log: PartLog;
  /** Where running processes are recorded. */
  readonly runDirectory: string;
  /** Says what happened to a person: one line. */
  readonly report: (line: string) => void;
}

const backoff = { firstMs: 250, maxMs: 30_000 };
/** After so long without trouble the next failure counts as the first. */
const stableAfterMs = 30_000;
/** A first start may be tried so often; once it has been ready, a part is started again for as long as the runtime runs. */
const firstStartsMax = 5;
const readinessPollMs = 150;
const tailBytes = 2000;
const killTimeoutMs = 5000;
const unreadyStopMs = 2000;

/**
 * One program under supervision: started, asked until it is ready, started again when it dies, stopped. Never two processes at once.
 * A program that is alive but does not answer is left alone: `status` shows it, and only its death or a person restarts it.
 */
export class Part {
  readonly spec: ProgramSpec;
  readonly log: PartLog;
  readonly #options: PartOptions;
  readonly #stop = new AbortController();
  readonly #firstReady = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #exited: Promise<string> = Promise.resolve('never started');
  #currentState: PartState = 'waiting';
  /** `change` whenever the state does. */
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #paused = false;
  /** While it is set no process is started. */
  #held = false;
  #givesWay = false;
  #starts = 0;
  #readySinceMs: number | undefined;
  #failuresInARow = 0;
  #running: Promise<void> | undefined;

  constructor(options: PartOptions) {
    this.spec = options.spec;
    this.log = options.log;
    this.#options = options;
    this.#firstReady.promise.catch(() => undefined); // whoever starts the part awaits it
  }

  get state(): PartState {
    return this.#paused ? 'paused' : this.#state;
  }

  get #state(): PartState {
    return this.#currentState;
  }

  set #state(state: PartState) {
    this.#currentState = state;
    this.#changes.emit('change');
  }

  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** Resolves when it is ready for the first time. @throws Error with the end of its log, when it could not be started */
  start(): Promise<void> {
    this.#running ??= this.#keepRunning().catch((error: unknown) => {
      this.#state = 'failed';
      this.#firstReady.reject(error);
    });
    return this.#firstReady.promise;
  }

  markMissing(): void {
    this.#state = 'missing';
    this.#firstReady.resolve();
  }

  /** Kills (it is then started again), pauses or resumes the program with all its processes. @throws Error when it does not run */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) throw new Error(`${this.spec.name} does not run`);
    await signalTree(pid, signal);
    this.wasSignalled(signal);
  }

  /** Ends the present process in order, or kills it when it takes too long; another one is started, as after any end. @throws Error when it does not run */
  async restart(): Promise<void> {
    if (this.pid === undefined) throw new Error(`${this.spec.name} does not run`);
    await this.#end();
  }

  /** For whoever signals the processes of many parts at once. */
  wasSignalled(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#paused = signal === 'SIGSTOP' && this.pid !== undefined;
  }

  /** From now on no process of it is started, until `letRun`. What runs goes on. Takes effect at once: nothing comes between. */
  hold(): void {
    this.#held = true;
    this.#changes.emit('change');
  }

  /** Resolves when a held part, whose process somebody killed, has none. @throws Error when it still has one after `timeoutMs` */
  async whenDown(timeoutMs: number): Promise<void> {
    const isDown = (): boolean => ['down', 'waiting', 'stopped', 'failed', 'missing'].includes(this.#state);
    await this.#until(isDown, AbortSignal.timeout(timeoutMs));
    if (!isDown()) throw new Error(`${this.spec.name} (pid ${this.pid}, ${this.state}) is not down after ${timeoutMs} ms`);
  }

  /**
   * Ends `hold`: it is started again, whenever it dies too. Resolves when it is ready, or the signal says to wait no longer.
   * `givingWay`: the process that this starts leaves the cores to whoever else wants them, until it is ready.
   */
  async letRun(signal: AbortSignal, { givingWay = false }: { readonly givingWay?: boolean } = {}): Promise<void> {
    this.#held = false;
    this.#givesWay = givingWay && this.pid === undefined;
    this.#changes.emit('change');
    await this.#until(() => ['ready', 'stopped', 'failed', 'missing'].includes(this.#state), signal);
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition() && !signal.aborted) await once(this.#changes, 'change', { signal }).catch(() => undefined); // the signal ends the wait
  }

  /** Stops it for good: asks, waits, kills. Resolves when no process of it is left. */
  async stop(): Promise<void> {
    const wasUsed = this.#running !== undefined;
    this.#stop.abort();
    if (this.#state !== 'missing' && this.#state !== 'failed') this.#state = wasUsed ? 'stopping' : 'stopped';
    await this.#end();
    await this.#running;
    if (this.#state === 'stopping') this.#state = 'stopped';
  }

  async #keepRunning(): Promise<void> {
    let wasReady = false;
    while (!this.#stop.signal.aborted) {
      if (this.#held) await this.#stayDown();
      let trouble: string;
      try {
        if (!(await this.#launch())) continue;
        wasReady = true;
        this.#firstReady.resolve();
        trouble = await this.#exited;
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error);
        await this.#end();
      }
      if (this.#stop.signal.aborted) break;
      if (this.#held) continue;
      this.#noteFailure();
      if (!wasReady && this.#failuresInARow >= firstStartsMax) return this.#giveUp(trouble);
      const waitMs = backoffMs(this.#failuresInARow, backoff);
      this.#state = 'restarting';
      this.#options.report(`${this.spec.name}: ${trouble}; started again in ${waitMs} ms`);
      await this.#until(() => this.#held, AbortSignal.any([this.#stop.signal, AbortSignal.timeout(waitMs)]));
    }
    this.#firstReady.reject(new Error(`${this.spec.name} was stopped before it was ready`));
  }

  async #stayDown(): Promise<void> {
    this.#state = 'down';
    this.#failuresInARow = 0;
    this.#readySinceMs = undefined;
    await this.#until(() => !this.#held, this.#stop.signal);
  }

  #noteFailure(): void {
    const wasStable = this.#readySinceMs !== undefined && performance.now() - this.#readySinceMs > stableAfterMs;
    this.#failuresInARow = wasStable ? 1 : this.#failuresInARow + 1;
    this.#readySinceMs = undefined;
  }

  async #giveUp(trouble: string): Promise<void> {
    this.#state = 'failed';
    const tail = await this.log.tail(tailBytes);
    this.#firstReady.reject(new Error(`${this.spec.name} could not be started: ${trouble}\n${tail}(all of it in ${this.log.path})`));
  }

  /** False when it was stopped, or held, meanwhile. */
  async #launch(): Promise<boolean> {
    if (this.#stop.signal.aborted) return false;
    this.#state = 'starting';
    await this.spec.prepare();
    if (this.#stop.signal.aborted || this.#held) return false;
    this.#spawn();
    const { pid } = this;
    if (pid === undefined) throw new Error(await this.#exited);
    const givesWay = this.#givesWay;
    if (givesWay) await giveShare(pid, 'little', this.#stop.signal);
    await this.#untilReady();
    this.#givesWay = false;
    if (givesWay && !(await giveShare(pid, 'full', this.#stop.signal)))
      this.#options.report(`${this.spec.name}: still has less than others' share of the cores`);
    if (this.#stop.signal.aborted) return false;
    this.#state = 'ready';
    this.#readySinceMs = performance.now();
    if (this.#starts > 1) this.#options.report(`${this.spec.name}: ready again`);
    return true;
  }

  #spawn(): void {
    const { name, command, args, argsOfThisStart, env, envOfThisStart, cwd, user } = this.spec;
    const { runDirectory } = this.#options;
    const output = this.log.open();
    this.#starts += 1;
    this.#paused = false;
    try {
      // A group of its own: a Ctrl-C in the terminal reaches only the supervisor, which stops parts in their order.
      const child = spawn(command, [...args, ...(argsOfThisStart?.() ?? [])], {
        cwd,
        env: { ...env, ...envOfThisStart?.() },
        stdio: ['ignore', output.fd, output.fd],
        detached: true,
        ...user,
      });
      this.#child = child;
      this.#exited = new Promise((resolve) => {
        child.once('error', (error) => resolve(`cannot run ${command}: ${error.message}`));
        child.once('exit', (code, signal) => {
          if (child.pid !== undefined) signalOne(-child.pid, 'SIGKILL'); // what it left behind in its group
          forgetRunning(runDirectory, name);
          this.#paused = false;
          resolve(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
        });
      });
      if (child.pid !== undefined) recordRunning(runDirectory, { name, pid: child.pid, startedAt: startOf(child.pid) });
    } finally {
      output.close();
    }
  }

  async #untilReady(): Promise<void> {
    const { name, startTimeoutMs } = this.spec;
    const deadline = performance.now() + startTimeoutMs;
    let exit: string | undefined;
    void this.#exited.then((how) => (exit = how));
    let missing: string | undefined = 'not asked yet';
    while (!this.#stop.signal.aborted) {
      missing = await this.spec.ready();
      if (exit !== undefined) throw new Error(`${exit} before it was ready`);
      if (missing === undefined) return;
      if (performance.now() > deadline) throw new Error(`${name} was not ready after ${startTimeoutMs} ms: ${missing}`);
      await pause(readinessPollMs, this.#stop.signal);
    }
  }

  /** Ends the present process, if there is one, and what it left in its group. */
  async #end(): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) return;
    if (this.#paused) await signalTree(pid, 'SIGCONT'); // a stopped process takes no other signal
    this.#paused = false;
    // In the middle of a start there is little to put in order, and some programs do not listen yet.
    const timeoutMs = this.#readySinceMs === undefined ? Math.min(unreadyStopMs, this.spec.stopTimeoutMs) : this.spec.stopTimeoutMs;
    signalOne(pid, this.spec.stopSignal);
    if (await this.#exitsWithin(timeoutMs)) return;
    this.#options.report(`${this.spec.name}: still there ${timeoutMs} ms after ${this.spec.stopSignal}: killed`);
    await signalTree(pid, 'SIGKILL');
    if (!(await this.#exitsWithin(killTimeoutMs))) throw new Error(`${this.spec.name} (pid ${pid}) does not end, even on SIGKILL`);
  }

  async #exitsWithin(ms: number): Promise<boolean> {
    const timer = new AbortController();
    const waited = pause(ms, timer.signal).then(() => false);
    const exited = await Promise.race([this.#exited.then(() => true), waited]);
    timer.abort();
    return exited;
  }
}
