import type { Command } from 'commander';
import { regionsOf } from '#contracts';
import { z } from 'zod';
import { writtenTopology } from '../terminal/home.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';
import { mintFor } from '../token/mint.ts';
import { postToAgent, regionNamed } from './agents.ts';

const tokenSeconds = 300;
const wishesSchema = z.looseObject({ evacuated: z.array(z.string()) });

/** Writes a wish into etcd through an agent: the region's own, else another's. The agents fulfil it; `region status` tells how far. */
export async function wish(path: 'evacuate' | 'return', name: string): Promise<{ readonly evacuated: readonly string[] }> {
  const topology = await writtenTopology();
  const region = regionNamed(topology, name);
  const token = await mintFor(topology, { subject: 'operator', roles: ['operator'], validForSeconds: tokenSeconds });
  const regions = [region, ...regionsOf(topology).filter((other) => other !== region)];
  return postToAgent(topology, { regions, path: `/wishes/${path}`, body: { region }, answer: wishesSchema, token });
}

async function told(path: 'evacuate' | 'return', region: string): Promise<Answer> {
  const { evacuated } = await wish(path, region);
  const what =
    path === 'evacuate'
      ? `${region}: to be evacuated. DNS leaves it first, then its shards are handed over one batch after the other; it goes on mirroring.`
      : `${region}: its home shards come back as soon as the regions are paired.`;
  return { value: { region, wish: path, evacuated }, text: `${what}\nWatch it with \`evenkeel region status\` and \`region history\`.` };
}

export const evacuateRegionVerb = (): Command =>
  verb('evacuate <region>', 'empty a region of work on purpose: nothing is lost, its clients are served by the others').action(
    (region: string, options: CommonOptions) => answerWith(options, () => told('evacuate', region)),
  );

export const returnRegionVerb = (): Command =>
  verb('return <region>', 'let an evacuated region have its home shards back').action((region: string, options: CommonOptions) =>
    answerWith(options, () => told('return', region)),
  );
