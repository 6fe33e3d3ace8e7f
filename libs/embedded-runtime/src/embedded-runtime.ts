import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Region, Topology } from '#contracts';
import { startControlServer } from './control/control.server.ts';
import type { PartAction, RegionAction, RuntimeControl, RuntimePhase, RuntimeStatus } from './control/control.protocol.ts';
import { aliasCommand } from './doctor/doctor.ts';
import { identityKey, startIdentityServer, writeAgentToken } from './identity/identity-issuer.ts';
import { startLinks, type Links, type LinkSpec, type LinksStatus } from './links/links.ts';
import { markEtcdMember } from './programs/etcd-membership.ts';
import type { RuntimeHome } from './runtime-home.ts';
import { endLeftovers, forgetRunning, recordRunning, runningSupervisor } from './supervisor/leftovers.ts';
import type { Part } from './supervisor/part.ts';
import { describePortProblems, findPortProblems, type Listen } from './supervisor/ports.ts';
import { startOf } from './supervisor/processes.ts';
import { RegionControl } from './supervisor/region-control.ts';
import { planName, Supervisor, type PartStatus, type Plan } from './supervisor/supervisor.ts';

export interface RuntimeOptions {
  readonly home: RuntimeHome;
  /** Forget everything that an earlier runtime of this home knew. */
  readonly fresh: boolean;
  readonly report: (line: string) => void;
  /** Written for the Node processes before anything starts. */
  readonly topology: Topology;
  readonly identity: Listen;
  readonly plan: () => Promise<Plan>;
  readonly links: (etcdPids: () => ReadonlyMap<number, Region>) => readonly LinkSpec[];
}

const actions: Readonly<Record<PartAction, (part: Part) => Promise<void>>> = {
  kill: (part) => part.signal('SIGKILL'),
  pause: (part) => part.signal('SIGSTOP'),
  resume: (part) => part.signal('SIGCONT'),
  restart: (part) => part.restart(),
  hold: async (part) => {
    part.hold();
    if (part.pid !== undefined) await part.signal('SIGKILL');
    await part.whenDown(holdTimeoutMs);
  },
  start: (part) => part.letRun(AbortSignal.abort()), // takes longer than a request may
};
const holdTimeoutMs = 20_000;
const supervisorName = 'supervisor';
const forceTimeoutMs = 12_000;

/** This home has a runtime that runs. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/**
 * A running system: identity, links, control socket and all programs. What was started is stopped in reverse by `stop`, whether
 * `start` has finished, failed or is under way; afterwards no process of it is left.
 */
export class EmbeddedRuntime implements RuntimeControl {
  readonly #options: RuntimeOptions;
  readonly #startedAt = new Date();
  readonly #stoppers: (() => Promise<void>)[] = [];
  #phase: RuntimePhase = 'starting';
  #readyAfterMs: number | undefined;
  #supervisor: Supervisor | undefined;
  #regions: RegionControl | undefined;
  #links: Links | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  readonly #shutdownAsked = Promise.withResolvers<void>();

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  /** Resolves when somebody asked through the control socket that it stops. */
  get shutdownAsked(): Promise<void> {
    return this.#shutdownAsked.promise;
  }

  /** @throws AlreadyRunningError; Error for a person, after which `stop` must still be called */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      if (this.#phase === 'starting') this.#phase = 'failed';
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { home, fresh, identity, links, plan, report, topology } = this.#options;
    const beganMs = performance.now();
    await this.#takeOver();
    if (fresh) await wipe(home);
    await mkdir(home.data, { recursive: true });
    await writeFile(home.topology, `${JSON.stringify(topology, null, 2)}\n`);

    const supervisor = new Supervisor({ plan: await plan(), logs: home.logs, runDirectory: home.run, report });
    this.#supervisor = supervisor;
    this.#regions = new RegionControl({ supervisor, report });
    const linkSpecs = links(() => this.#etcdPids());
    await assertPortsAreFree([identity, ...linkSpecs.map(({ listen }) => listen), ...supervisor.listens()]);

    const key = await identityKey(home.identityKey);
    await writeAgentToken(key, home.agentToken, topology.identity);
    const issuer = await startIdentityServer(key, identity);
    this.#stoppers.push(() => issuer.close());
    const opened = await startLinks(linkSpecs);
    this.#links = opened;
    this.#stoppers.push(() => opened.close());
    const control = await startControlServer(home.controlSocket, this);
    this.#stoppers.push(() => control.close());

    this.#stoppers.push(() => supervisor.stop());
    if (this.#stopping !== undefined) throw new Error('stopped before everything was ready');
    await supervisor.start();
    this.#phase = 'ready';
    this.#readyAfterMs = Math.round(performance.now() - beganMs);
  }

  /** Makes this process the home's supervisor, and ends what an earlier one left running. */
  async #takeOver(): Promise<void> {
    const { home, report } = this.#options;
    const other = await runningSupervisor(home.run);
    if (other !== undefined) throw new AlreadyRunningError(`a runtime runs here already (pid ${other.pid}): \`evenkeel down\` stops it`);
    for (const { name, pid } of await endLeftovers(home.run)) report(`${name} (pid ${pid}) was left over from an earlier run: ended`);
    recordRunning(home.run, { name: supervisorName, pid: process.pid, startedAt: startOf(process.pid) });
    this.#stoppers.push(() => Promise.resolve(forgetRunning(home.run, supervisorName)));
  }

  /** Stops everything in reverse. Safe at any time, and more than once. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#phase = 'stopping';
    const failures: unknown[] = [];
    const note = (error: unknown): void => void failures.push(error);
    await this.#supervisor?.stop().catch(note); // also ends a start that is under way
    await this.#starting?.catch(() => undefined); // whoever called `start` was told
    for (let stopper = this.#stoppers.pop(); stopper !== undefined; stopper = this.#stoppers.pop()) await stopper().catch(note);
    if (failures.length > 0) throw new AggregateError(failures, failures.map(messageOf).join('\n'));
  }

  async status(): Promise<RuntimeStatus> {
    const parts: readonly PartStatus[] = (await this.#supervisor?.status()) ?? [];
    return { pid: process.pid, phase: this.#phase, startedAt: this.#startedAt.toISOString(), readyAfterMs: this.#readyAfterMs, parts };
  }

  async act(part: string, action: PartAction): Promise<void> {
    await actions[action](this.#running(this.#supervisor).part(part));
    this.#options.report(`${part}: ${action} by hand`);
  }

  async actOnRegion(region: string, action: RegionAction, { forget }: { readonly forget: readonly string[] }): Promise<void> {
    const regions = this.#running(this.#regions);
    if (action !== 'start') return regions[action](region);
    for (const part of forget) await this.#forgetDataOf(`${region}.${part}`);
    const told = (error: unknown): void => this.#options.report(`${region} could not be started: ${messageOf(error)}`);
    void regions.start(region).catch(told); // takes longer than a request may: `status` shows it
    return undefined;
  }

  async #forgetDataOf(part: string): Promise<void> {
    const { state } = this.#running(this.#supervisor).part(part);
    if (state !== 'down') throw new Error(`${part} is ${state}: only what is down can forget its data`);
    const dataDir = join(this.#options.home.data, part);
    if (part.endsWith('.etcd')) await markEtcdMember(dataDir, { next: 'rejoin' });
    else await rm(dataDir, { recursive: true, force: true });
  }

  async forceNewEtcdCluster(region: string): Promise<void> {
    const supervisor = this.#running(this.#supervisor);
    const dataDirOf = (name: string): string => join(this.#options.home.data, name);
    const own = supervisor.part(`${region}.etcd`);
    const others = supervisor.plan.map(planName).filter((name) => name.endsWith('.etcd') && name !== own.spec.name);
    const alive = others.find((name) => supervisor.part(name).state !== 'down');
    if (alive !== undefined) throw new Error(`${alive} is not down: two clusters would go on from the same data`);
    // First the others: a member that came back with what it had would be the old cluster again.
    for (const name of others) await markEtcdMember(dataDirOf(name), { next: 'rejoin' });
    await markEtcdMember(dataDirOf(own.spec.name), { next: 'force' });
    own.hold();
    if (own.pid !== undefined) await own.signal('SIGKILL');
    await own.whenDown(forceTimeoutMs);
    await own.letRun(AbortSignal.timeout(forceTimeoutMs));
    if (own.state !== 'ready') throw new Error(`${own.spec.name} is ${own.state} after ${forceTimeoutMs} ms; its log is ${own.log.path}`);
    this.#options.report(`${own.spec.name}: a cluster of one; ${others.join(' and ')} join again when they are started`);
  }

  links(): LinksStatus {
    return this.#running(this.#links).status();
  }

  delay({ from, to, ms, direction }: Parameters<RuntimeControl['delay']>[0]): void {
    this.#running(this.#links).delay({ from: from as Region, ...(to === undefined ? {} : { to: to as Region }), ms, direction });
  }

  cut({ from, to, direction, how }: Parameters<RuntimeControl['cut']>[0]): void {
    this.#running(this.#links).cut({ from: from as Region, ...(to === undefined ? {} : { to: to as Region }), direction, how });
  }

  heal({ from, to }: Parameters<RuntimeControl['heal']>[0]): void {
    const links = this.#running(this.#links);
    if (from === undefined) links.heal();
    else links.heal({ from: from as Region, ...(to === undefined ? {} : { to: to as Region }) });
  }

  shutdown(): void {
    this.#shutdownAsked.resolve();
  }

  #running<T>(what: T | undefined): T {
    if (what === undefined) throw new Error('the runtime has not come so far yet');
    return what;
  }

  #etcdPids(): ReadonlyMap<number, Region> {
    return new Map(this.#supervisor?.pidsOf('etcd').map(({ pid, region }) => [pid, region as Region]) ?? []);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function wipe(home: RuntimeHome): Promise<void> {
  for (const directory of [home.data, home.logs, home.env]) await rm(directory, { recursive: true, force: true });
}

/** @throws Error that says which port, and by whom it is taken */
async function assertPortsAreFree(listens: readonly Listen[]): Promise<void> {
  const problems = await findPortProblems(listens);
  if (problems.length === 0) return;
  const lacking = new Set(problems.flatMap(({ problem, at }) => (problem === 'no-address' ? [at.host] : [])));
  const advice = lacking.size === 0 ? [] : [`give this machine the missing addresses with:\n  ${aliasCommand([...lacking])}`];
  throw new Error([...describePortProblems(problems), ...advice].join('\n'));
}
