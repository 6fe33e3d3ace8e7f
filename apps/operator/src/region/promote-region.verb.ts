import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { otherRegions, promotionConfirmation, type Region } from '#contracts';
import { z } from 'zod';
import { runtime, writtenTopology } from '../terminal/home.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { mintFor } from '../token/mint.ts';
import { postToAgent, regionNamed, tellAgents } from './agents.ts';

const tokenSeconds = 300;
/** The agent's etcd client has to find its restarted member. */
const attemptsMax = 10;
const pauseMs = 1_000;
const wishesSchema = z.looseObject({});

interface PromoteOptions extends CommonOptions {
  readonly confirm?: string;
}

export const promoteRegionVerb = (): Command =>
  verb('promote <region>', 'let a region carry on alone when etcd has lost its majority: a person states that the others are down')
    .option('--confirm <sentence>', 'the sentence that is asked for, for scripts')
    .action((region: string, options: PromoteOptions) => answerWith(options, () => promote(region, options)));

/** What a person has to know before; the sentence that follows is asked for word for word. */
export const whatMayBeLost = (region: Region, lost: readonly Region[]): string =>
  [
    `${region} will carry on alone, by your word and without a vote.`,
    `What is lost: orders that ${lost.join(' and ')} acknowledged and that ${region} has not mirrored. While the regions were paired there are none:`,
    `an acknowledged order was in both. If ${lost.join(' or ')} carried on alone since, everything that it acknowledged meanwhile is lost.`,
    `If ${lost.join(' or ')} still runs somewhere, stop it first: otherwise both may answer customers, and what it answers will not hold.`,
    `It comes back only by being rebuilt from ${region}: its etcd member and its logs are wiped.`,
  ].join('\n');

async function promote(name: string, { confirm, json }: PromoteOptions): Promise<Answer> {
  const topology = await writtenTopology();
  const region = regionNamed(topology, name);
  const lost = otherRegions(topology, region);
  const sentence = promotionConfirmation(lost);
  const stated = confirm ?? (await askPerson(region, lost, sentence, json));
  if (stated !== sentence) throw new Error(`nothing was done: the sentence must be, word for word: ${sentence}`);
  const token = await mintFor(topology, { subject: 'operator', roles: ['operator'], validForSeconds: tokenSeconds });
  const wish = { regions: [region], path: '/promote', body: { confirm: sentence }, answer: wishesSchema, token };
  // Each agent is told before etcd answers again: one that met the forced member without the wish would take over under a term that may be taken.
  const unreached = await tellAgents(topology, wish);
  await runtime().forceNewEtcdCluster(region);
  const wishes = await untilDone(() => postToAgent(topology, wish));
  return {
    value: { region, promoted: true, wishes, unreached },
    text: [
      `${region}: its etcd member is a cluster of one, and its agent takes over. Watch it with \`evenkeel region status\`.`,
      ...unreached.map((reason) => `Not told beforehand: ${reason}`),
    ].join('\n'),
  };
}

async function askPerson(region: Region, lost: readonly Region[], sentence: string, json: boolean): Promise<string> {
  if (json || !process.stdin.isTTY) throw new Error(`${whatMayBeLost(region, lost)}\nState it with --confirm "${sentence}"`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${whatMayBeLost(region, lost)}\n\nType this sentence to go on:\n  ${sentence}\n> `)).trim();
  } finally {
    terminal.close();
  }
}

/** The wish is the same however often it is asked. @throws the last failure */
async function untilDone<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await ask();
    } catch (error) {
      if (attempt === attemptsMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
}
