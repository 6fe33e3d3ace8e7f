import { readFile } from 'node:fs/promises';
import { topologySchema, type Topology } from '#contracts';
import {
  ControlClient,
  identityKey,
  mintToken,
  isAlive,
  processTree,
  projectRoot,
  runningSupervisor,
  runtimeHome,
  type RuntimeStatus,
  type TokenClaims,
} from '#embedded-runtime';
import { eventually } from './eventually.ts';
import { EvenkeelCommand } from './evenkeel-command.ts';

export interface WholeSystemOptions {
  /** Its EVENKEEL_HOME. */
  readonly home: string;
  /** Of the storefront and of each service, in each region. */
  readonly instances: number;
  /** Describes the system. Default: what `evenkeel up` starts. */
  readonly file?: string;
}

/** Two real regions, a witness and a payment provider that run, used from outside. */
export interface WholeSystem {
  readonly home: string;
  readonly topology: Topology;
  readonly command: EvenkeelCommand;
  /** For what must happen at a moment: a command takes a second to begin. */
  readonly control: ControlClient;
  status(): Promise<RuntimeStatus>;
  tokenFor(claims: { readonly subject: string; readonly roles?: TokenClaims['roles'] }): Promise<string>;
  /** Resolves when every part is ready. */
  allReady(withinMs?: number): Promise<void>;
}

const startTimeoutMs = 280_000;
const stopTimeoutMs = 150_000;
const diesWithinMs = 20_000;
const tokenSeconds = 7_200;

/** Starts a new system, whatever its home held; it goes on when this process ends, until `stopWholeSystem`. */
export async function startWholeSystem({ home, instances, file }: WholeSystemOptions): Promise<WholeSystem> {
  const described = file === undefined ? [] : ['--system', file];
  await commandAt(home).succeed(['up', '--detach', '--fresh', '--instances', String(instances), ...described], startTimeoutMs);
  return runningSystem(home);
}

/** The system that runs in this home, if it is whole: ready, every part of it, with at least so many instances. */
export async function wholeSystemAt({ home, instances }: WholeSystemOptions): Promise<WholeSystem | undefined> {
  try {
    const system = await runningSystem(home);
    const { phase } = await system.status();
    const few = Object.values(system.topology.regions).some(({ services }) => services.order.length < instances);
    if (phase !== 'ready' || few) return undefined;
    await system.control.heal();
    await system.allReady();
    return system;
  } catch {
    return undefined; // none, or none to rely on: the caller starts another one
  }
}

/**
 * `evenkeel down`, then looks for every process that was in the system's tree. @throws Error naming those that are left, after they
 * were killed
 */
export async function stopWholeSystem(home: string): Promise<void> {
  const supervisor = await runningSupervisor(runtimeHome(home).run);
  const before = supervisor === undefined ? [] : await processTree(supervisor.pid);
  await commandAt(home).succeed(['down'], stopTimeoutMs);
  const alive = async (): Promise<readonly number[]> => {
    const are = await Promise.all(before.map(isAlive));
    return before.filter((_, index) => are[index]).map(({ pid }) => pid);
  };
  // What was killed dies when it next gets a core.
  const left = await eventually(async () => ((await alive()).length === 0 ? [] : undefined), { withinMs: diesWithinMs }).catch(alive);
  for (const pid of left) killIfAlive(pid);
  if (left.length > 0) throw new Error(`evenkeel down left processes running (killed now): ${left.join(', ')}`);
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has gone meanwhile
  }
}

const commandAt = (home: string): EvenkeelCommand => new EvenkeelCommand({ home, projectRoot: projectRoot() });

async function runningSystem(home: string): Promise<WholeSystem> {
  const paths = runtimeHome(home);
  const control = new ControlClient(paths.controlSocket);
  await control.status(); // or NotRunningError
  const topology = topologySchema.parse(JSON.parse(await readFile(paths.topology, 'utf8')));
  const key = await identityKey(paths.identityKey);
  const { issuer, audience } = topology.identity;
  const allReady = async (withinMs = 90_000): Promise<void> => {
    await eventually(
      async () => {
        const { parts } = await control.status();
        const missing = parts.filter(({ state, unready }) => state !== 'ready' || unready !== undefined);
        if (missing.length > 0) throw new Error(missing.map(({ name, state, unready }) => `${name}: ${unready ?? state}`).join('; '));
        return true;
      },
      { withinMs, everyMs: 250 },
    );
  };
  return {
    home: paths.root,
    topology,
    command: commandAt(home),
    control,
    status: () => control.status(),
    tokenFor: ({ subject, roles = [] }) => mintToken(key, { subject, roles, issuer, audience, validForSeconds: tokenSeconds }),
    allReady,
  };
}
