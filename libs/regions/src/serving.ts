import type { Region, Serving } from '#contracts';
import { assertNever } from '#kernel';
import type { StoredLineage } from './lineage-store.port.ts';
import { shardsOwnedBy } from './ownership.ts';
import type { RegionTiming } from './region-timing.ts';

export interface ServingKnowledge {
  readonly here: Region;
  /** The lineage as it was last read; undefined: never, or there is none. */
  readonly stored: StoredLineage | undefined;
  /** How long ago that read was begun; undefined: etcd never answered. */
  readonly readAgoMs: number | undefined;
  /** Regions that are to be empty of work. */
  readonly evacuated: readonly Region[];
  readonly kafkaSilentForMs: number;
  readonly timing: Pick<RegionTiming, 'servingKnowledgeMs' | 'kafkaSilentMs'>;
}

const yes = (because: string): Serving => ({ serving: true, because });
const no = (because: string): Serving => ({ serving: false, because });

/**
 * Whether DNS should send clients to this region. `draining`: it could, but is to be left, and serves who still comes. It keeps clients off a region whose answers would all be refusals; it keeps nothing
 * safe: a region that wrongly serves cannot settle anything, and says so to each client.
 */
export function servingOf({ here, stored, readAgoMs, evacuated, kafkaSilentForMs, timing }: ServingKnowledge): Serving {
  if (readAgoMs === undefined) return no('etcd has not answered yet');
  if (readAgoMs > timing.servingKnowledgeMs)
    return no(
      `etcd has not answered for ${readAgoMs} ms (more than ${timing.servingKnowledgeMs}): who owns what is not known; a person may promote this region`,
    );
  if (stored === undefined) return no('there is no lineage yet');
  if (kafkaSilentForMs >= timing.kafkaSilentMs) return no(`own Kafka has not answered for ${kafkaSilentForMs} ms`);
  const found = under(here, stored);
  return found.serving && evacuated.includes(here) ? { ...no(`${here} is evacuated on purpose`), draining: true } : found;
}

function under(here: Region, { lineage }: StoredLineage): Serving {
  const { status } = lineage;
  switch (status.status) {
    case 'paired':
      return yes('the regions are paired');
    case 'solo':
      if (status.region === here) return yes(`${here} carries on alone`);
      return shardsOwnedBy(lineage, here).length > 0
        ? yes(`${status.region} carries on for a region that is lost; ${here} owns its shards`)
        : no(`${status.region} carries on alone: ${here} can settle nothing`);
    case 'rejoining':
      return status.region === here ? no(`${here} is returning`) : yes(`${status.region} is returning; ${here} carries on`);
    case 'claimed':
      return status.region === here
        ? { ...no(`${here} is taking over (term ${status.term})`), takingOver: true }
        : no(`${status.region} has claimed term ${status.term}: ${here} may have lost its shards`);
    default:
      return assertNever(status);
  }
}
