import {
  agentStatusSchema,
  historyAnswerSchema,
  regionsOf,
  strandedAnswerSchema,
  type AgentStatus,
  type HistoryEntry,
  type Region,
  type StrandedCommit,
  type Topology,
} from '#contracts';
import type { z } from 'zod';
import { askJson, RefusedError } from '../terminal/get-json.ts';

const askTimeoutMs = 3_000;
const wishTimeoutMs = 10_000;

export interface AskedAgent {
  readonly region: Region;
  readonly url: string;
  readonly status: AgentStatus | undefined;
  /** Why there is no status. */
  readonly error: string | undefined;
}

/** The region as the topology names it. @throws Error that names those there are */
export function regionNamed(topology: Topology, name: string): Region {
  const found = regionsOf(topology).find((region) => region === name);
  if (found === undefined) throw new Error(`no region ${name}; there are ${regionsOf(topology).join(', ')}`);
  return found;
}

const agentsOf = (topology: Topology, region: Region): readonly string[] => topology.regions[region]?.services.agent ?? [];

/** Every agent of every region; never rejects for one that is silent. */
export async function askAgents(topology: Topology, timeoutMs: number = askTimeoutMs): Promise<readonly AskedAgent[]> {
  const all = regionsOf(topology).flatMap((region) => agentsOf(topology, region).map((url) => ({ region, url })));
  return Promise.all(
    all.map(async ({ region, url }) => {
      try {
        const status = await askJson({ url: `${url}/status`, answer: agentStatusSchema, timeoutMs });
        return { region, url, status, error: undefined };
      } catch (error) {
        return { region, url, status: undefined, error: messageOf(error) };
      }
    }),
  );
}

export interface OfRegion<T> {
  readonly region: Region;
  readonly found: T | undefined;
  readonly error: string | undefined;
}

/** What the first agent of the region that answers says; each region has its own. */
async function readFrom<T extends z.ZodType>(topology: Topology, region: Region, path: string, answer: T): Promise<OfRegion<z.output<T>>> {
  let error = 'no agent in the topology';
  for (const url of agentsOf(topology, region))
    try {
      return { region, found: await askJson({ url: `${url}${path}`, answer, timeoutMs: askTimeoutMs }), error: undefined };
    } catch (cause) {
      error = messageOf(cause);
    }
  return { region, found: undefined, error };
}

const fromAll = <T>(topology: Topology, read: (region: Region) => Promise<OfRegion<T>>): Promise<readonly OfRegion<T>[]> =>
  Promise.all(regionsOf(topology).map(read));

export interface MergedHistory {
  /** Of all regions that answered, oldest first, by the clocks of those who wrote. */
  readonly entries: readonly HistoryEntry[];
  readonly silent: readonly { readonly region: Region; readonly error: string }[];
}

export async function readHistory(topology: Topology, limit: number): Promise<MergedHistory> {
  const asked = await fromAll(topology, (region) => readFrom(topology, region, `/history?limit=${limit}`, historyAnswerSchema));
  const entries = asked.flatMap(({ found }) => found?.entries ?? []).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return { entries: entries.slice(-limit), silent: silentAmong(asked) };
}

export interface StrandedByRegion {
  readonly commits: readonly (StrandedCommit & { readonly region: Region })[];
  readonly silent: MergedHistory['silent'];
}

export async function readStranded(topology: Topology): Promise<StrandedByRegion> {
  const asked = await fromAll(topology, (region) => readFrom(topology, region, '/stranded', strandedAnswerSchema));
  return {
    commits: asked.flatMap(({ region, found }) => (found?.commits ?? []).map((commit) => ({ region, ...commit }))),
    silent: silentAmong(asked),
  };
}

const silentAmong = (asked: readonly OfRegion<unknown>[]): MergedHistory['silent'] =>
  asked.flatMap(({ region, error }) => (error === undefined ? [] : [{ region, error }]));

export interface PostToAgent<T extends z.ZodType> {
  /** In this order; the first answer counts. */
  readonly regions: readonly Region[];
  readonly path: string;
  readonly body: unknown;
  readonly answer: T;
  readonly token: string;
}

/** @throws Error with what every agent said, when none carried it out */
export async function postToAgent<T extends z.ZodType>(topology: Topology, post: PostToAgent<T>): Promise<z.output<T>> {
  const { regions, path, body, answer, token } = post;
  const failures: string[] = [];
  for (const url of regions.flatMap((region) => agentsOf(topology, region)))
    try {
      return await askJson({ url: `${url}${path}`, method: 'POST', answer, token, body, timeoutMs: wishTimeoutMs });
    } catch (error) {
      failures.push(messageOf(error));
    }
  throw new Error(failures.length === 0 ? 'there is no agent to ask' : failures.join('\n'));
}

/**
 * Says it to every agent of these regions. One that cannot carry it out now (503) has heard it all the same. Answered are the reasons of those that
 * could not be reached. @throws RefusedError of the first that says no
 */
export async function tellAgents<T extends z.ZodType>(
  topology: Topology,
  { regions, ...post }: PostToAgent<T>,
): Promise<readonly string[]> {
  const { path, body, answer, token } = post;
  const urls = regions.flatMap((region) => agentsOf(topology, region));
  const told = await Promise.allSettled(
    urls.map((url) => askJson({ url: `${url}${path}`, method: 'POST', answer, token, body, timeoutMs: wishTimeoutMs })),
  );
  const failures = told.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
  const refused = failures.find((error) => error instanceof RefusedError && error.status !== 503);
  if (refused !== undefined) throw refused;
  return failures.filter((error) => !(error instanceof RefusedError)).map(messageOf);
}

/** The lineage's status in words. */
export function statusInWords(status: NonNullable<AgentStatus['lineage']>['status']): string {
  return status.status === 'paired' ? 'paired' : `${status.status}(${status.region})`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
