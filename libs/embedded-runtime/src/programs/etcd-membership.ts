import { readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/**
 * What a member has to do at its next start besides starting, kept beside its data so that it outlives the runtime:
 *
 * - `force`: go on as a cluster of one, with the data that it has (etcd's way out when the majority is lost for good);
 * - `rejoin`: forget its data, and be added to the cluster that the others are now;
 * - `joining`: it has been added, and is not a voter yet. It joins as a learner, so that the others keep their majority meanwhile.
 */
const markSchema = z.discriminatedUnion('next', [
  z.object({ next: z.literal('force') }),
  z.object({ next: z.literal('rejoin') }),
  z.object({ next: z.literal('joining'), initialCluster: z.string() }),
]);
export type EtcdMark = z.infer<typeof markSchema>;

const timeoutMs = 3000;
const fileOf = (dataDir: string): string => `${dataDir}.membership.json`;

export const markEtcdMember = (dataDir: string, mark: EtcdMark): Promise<void> => writeFile(fileOf(dataDir), JSON.stringify(mark));
export const forgetEtcdMark = (dataDir: string): Promise<void> => rm(fileOf(dataDir), { force: true });

export async function etcdMarkOf(dataDir: string): Promise<EtcdMark | undefined> {
  try {
    return markSchema.parse(JSON.parse(await readFile(fileOf(dataDir), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const id = z.union([z.string(), z.number().transform(String)]);
const memberSchema = z.object({
  ID: id,
  name: z.string().default(''),
  peerURLs: z.array(z.string()).default([]),
  isLearner: z.boolean().default(false),
});
const membersSchema = z.object({ members: z.array(memberSchema) });
type Member = z.infer<typeof memberSchema>;

export interface Joining {
  readonly name: string;
  readonly peerUrl: string;
  /** Client URLs of the others: the first that answers is asked. */
  readonly others: readonly string[];
}

/** Adds the member as a learner, in place of the one that dialled from its URL before. Answers the `--initial-cluster` to start with. */
export async function addLearner({ name, peerUrl, others }: Joining): Promise<string> {
  const { url, members } = await anyOf(others);
  for (const stale of members.filter(({ peerURLs }) => peerURLs.includes(peerUrl))) await ask(url, 'member/remove', { ID: stale.ID });
  const added = membersSchema.parse(await ask(url, 'member/add', { peerURLs: [peerUrl], isLearner: true }));
  const present = added.members.filter(({ peerURLs }) => !peerURLs.includes(peerUrl));
  return [...present.flatMap((member) => member.peerURLs.map((each) => `${member.name}=${each}`)), `${name}=${peerUrl}`].join(',');
}

/** Asks that the learner becomes a voter. Undefined when it is one, else why not yet. */
export async function promoteLearner({ peerUrl, others }: Joining): Promise<string | undefined> {
  try {
    const { url, members } = await anyOf(others);
    const own = members.find(({ peerURLs }) => peerURLs.includes(peerUrl));
    if (own === undefined) return 'the others do not know it as a member';
    if (own.isLearner) await ask(url, 'member/promote', { ID: own.ID });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function anyOf(urls: readonly string[]): Promise<{ readonly url: string; readonly members: readonly Member[] }> {
  const failures: string[] = [];
  for (const url of urls) {
    try {
      const { members } = membersSchema.parse(await ask(url, 'member/list', {}));
      return { url, members };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`no other etcd member answers: ${failures.join('; ')}`);
}

async function ask(url: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/v3/cluster/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}
