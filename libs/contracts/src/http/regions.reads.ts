import { z } from 'zod';
import { regionSchema } from '../values.ts';
import type { Route } from './route.ts';

/** What a region agent answers at `GET /serving` (200 or 503), and an edge at `GET /health/serving` (200). */
export const servingSchema = z.object({
  serving: z.boolean(),
  /** In words, for people. */
  because: z.string(),
  /** On purpose, with nothing lost: no new clients are wanted, those who still come are served. */
  draining: z.boolean().optional(),
  /** It has claimed another region's shards and not swapped them yet: mostly over within a second, and worth waiting for a moment. */
  takingOver: z.boolean().optional(),
});
export type Serving = Readonly<z.infer<typeof servingSchema>>;

export const regionReadSchema = z.object({
  region: regionSchema,
  /** Base URLs of its public API. */
  endpoints: z.array(z.url()),
  /** Whether it takes orders, as far as this region knows: of itself by its agents, of others by the lineage. */
  serves: z.boolean(),
  /** Whether customers have their home there. */
  isHome: z.boolean(),
  /** Homes of which it owns every shard now. */
  ownsHomes: z.array(regionSchema),
});
export type RegionRead = Readonly<z.infer<typeof regionReadSchema>>;

export const regionListAnswerSchema = z.object({
  /** The region that answers. */
  here: regionSchema,
  regions: z.array(regionReadSchema),
});
export type RegionListAnswer = Readonly<z.infer<typeof regionListAnswerSchema>>;

export const regionReadRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/regions',
    operationId: 'listRegions',
    tag: 'regions',
    access: 'public',
    summary: 'Every region, where it is reached, and which of them serve',
    description:
      'For clients that go straight to the region that owns what they write. Answers to writes name it: `Evenkeel-Home-Region` is the ' +
      'home of the customer or pool, `Evenkeel-Owner-Region` the region that decides for it now.',
    answers: { 200: { description: 'The regions, in the order of the topology', schema: regionListAnswerSchema } },
  },
  {
    method: 'get',
    path: '/health/serving',
    operationId: 'isServing',
    tag: 'regions',
    access: 'public',
    summary: 'Whether clients should come to this region: what DNS asks',
    description:
      'While this answers 503, writes are refused with the same problem, unless the region only drains. Reads are always served.',
    answers: { 200: { description: 'It serves', schema: servingSchema } },
    problems: ['region-not-serving'],
  },
];
