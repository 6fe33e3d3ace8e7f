import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checksumsAnswerSchema,
  rebuildAnswerSchema,
  services,
  type ChecksumsAnswer,
  type RebuildAnswer,
  type Region,
  type Service,
} from '#contracts';
import { projectRoot, v8Flags } from '#embedded-runtime';
import { eventually, freePorts, silentTopology } from '#test-kit';
import { processTable } from '../machine/process-table.ts';

export interface RegionProjectorsOptions {
  readonly regions: readonly Region[];
  readonly region: Region;
  readonly partitions: number;
  readonly brokers: readonly string[];
  readonly postgres: string;
}

interface RunningProjector {
  readonly service: Service;
  readonly url: string;
  readonly child: ChildProcess;
}

const pollMs = 100;

/** The built projector processes of one region, as its runtime would start them, on a broker and a PostgreSQL of the bench's own. */
export class RegionProjectors {
  readonly #options: RegionProjectorsOptions;
  readonly #folder: string;
  #running: readonly RunningProjector[] = [];

  private constructor(options: RegionProjectorsOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  static async prepare(options: RegionProjectorsOptions): Promise<RegionProjectors> {
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-rebuild-'));
    const silent = silentTopology(options);
    const own = { ...silent.regions[options.region]!, kafka: { brokers: [...options.brokers] }, postgres: options.postgres };
    const topology = { ...silent, regions: { ...silent.regions, [options.region]: own } };
    await writeFile(join(folder, 'topology.json'), JSON.stringify(topology));
    return new RegionProjectors(options, folder);
  }

  async start(): Promise<void> {
    const ports = await freePorts(services.length);
    this.#running = services.map((service, i) => {
      const listen = `127.0.0.1:${ports[i]}`;
      const file = join(projectRoot(), 'dist', 'processes', `${service}-service`, 'projector.js');
      const child = spawn(process.execPath, [...v8Flags, file], {
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ENV: 'production',
          TZ: 'UTC',
          EVENKEEL_TOPOLOGY: join(this.#folder, 'topology.json'),
          EVENKEEL_REGION: this.#options.region,
          EVENKEEL_INSTANCE: '1',
          EVENKEEL_LISTEN: listen,
          EVENKEEL_LOG_LEVEL: 'warn',
        },
        stdio: ['ignore', 2, 2],
      });
      return { service, url: `http://${listen}`, child };
    });
    await eventually(async () => (await this.statuses()).length === services.length, { withinMs: 60_000, everyMs: pollMs });
  }

  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = [];
    await Promise.all(
      running.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  statuses(): Promise<readonly RebuildAnswer[]> {
    return Promise.all(this.#running.map(async ({ url }) => rebuildAnswerSchema.parse(await asked(`${url}/internal/rebuild`))));
  }

  checksums(): Promise<readonly ChecksumsAnswer[]> {
    return Promise.all(this.#running.map(async ({ url }) => checksumsAnswerSchema.parse(await asked(`${url}/internal/checksums`))));
  }

  /** All of them at once, as `evenkeel rebuild --all` does. */
  async begin(): Promise<void> {
    await Promise.all(this.#running.map(({ url }) => asked(`${url}/internal/rebuild`, 'POST')));
  }

  /** Resolves when none runs any more, with what came of them. @throws Error when one failed */
  async ended(look: (statuses: readonly RebuildAnswer[]) => void = () => undefined): Promise<readonly RebuildAnswer[]> {
    return eventually(
      async () => {
        const statuses = await this.statuses();
        look(statuses);
        if (statuses.some(({ state }) => state === 'running' || state === 'none')) return undefined;
        return statuses;
      },
      { withinMs: 900_000, everyMs: pollMs },
    );
  }

  /** Resident bytes of their own, of each. */
  memory(): readonly number[] {
    const rows = processTable();
    return this.#running.map(({ child }) => rows.find(({ pid }) => pid === child.pid)?.memory.anon ?? 0);
  }

  cpuMs(): number {
    const rows = processTable();
    return this.#running.reduce((sum, { child }) => sum + (rows.find(({ pid }) => pid === child.pid)?.cpuMs ?? 0), 0);
  }
}

async function asked(url: string, method: 'GET' | 'POST' = 'GET'): Promise<unknown> {
  const response = await fetch(url, { method, signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
  return response.json();
}
