import { otherRegions, promotionConfirmation, regionsOf, type Region, type Topology } from '#contracts';
import { AgentRegistryError, type AgentRegistry, type RegionState, type RegionWishes } from '#regions';
import { problem, ProblemError } from '#service-kit';
import type { RegionEvents } from '../region-events.port.ts';

export interface WishesOptions {
  readonly here: Region;
  readonly topology: Topology;
  readonly registry: AgentRegistry;
  readonly events: RegionEvents;
  /** A promotion was asked for that etcd cannot take now. */
  onPromotionAnnounced(): void;
}

/** Two people, or two tries of one, at the same moment: more is not to be expected. */
const attemptsMax = 5;

/** What people wish of the regions, written where all agents read it. The leading agents fulfil it, or say why they wait. */
export class Wishes {
  readonly #options: WishesOptions;

  constructor(options: WishesOptions) {
    this.#options = options;
  }

  /** The region is to be empty of work, and to be left by clients. @throws ProblemError */
  evacuate(wished: Region | undefined, by: string): Promise<RegionWishes> {
    const region = this.#known(wished);
    return this.#change('evacuation-wished', `${by} wishes ${region} to be evacuated`, ({ wishes, lineage }) => {
      const left = regionsOf(this.#options.topology).filter((other) => other !== region && !wishes.evacuated.includes(other));
      if (left.length === 0) throw problem('conflict', { detail: 'No region would be left: call another one back first.' });
      const status = lineage?.lineage.status;
      if (status?.status === 'solo' && status.region === region)
        throw problem('conflict', { detail: `${region} carries on alone: there is no region to hand over to.` });
      return { ...wishes, evacuated: [...new Set([...wishes.evacuated, region])] };
    });
  }

  /** It may have its work back. @throws ProblemError */
  return(wished: Region | undefined, by: string): Promise<RegionWishes> {
    const region = this.#known(wished);
    return this.#change('return-wished', `${by} wishes ${region} to have its work back`, ({ wishes }) => ({
      ...wishes,
      evacuated: wishes.evacuated.filter((evacuated) => evacuated !== region),
    }));
  }

  /**
   * This region carries on without a majority, by a person's word. While etcd has none the wish cannot be written: the answer is 503, and from then on this
   * instance decides nothing, so that its member can be made a cluster of one and be asked again. @throws ProblemError
   */
  async promote(confirm: string, by: string): Promise<RegionWishes> {
    const { here, topology, onPromotionAnnounced } = this.#options;
    const others = otherRegions(topology, here);
    const sentence = promotionConfirmation(others);
    if (confirm !== sentence)
      throw problem('invalid-request', { errors: [{ field: 'confirm', message: `must be, word for word: ${sentence}` }] });
    const change = ({ wishes, lineage, signals }: RegionState): RegionWishes => {
      const alive = signals.find(({ region }) => region !== here);
      if (alive !== undefined)
        throw problem('conflict', { detail: `${alive.region} is not down: instance ${alive.instance} of its agent holds its lease.` });
      if (lineage === undefined) throw problem('conflict', { detail: 'There is no lineage.' });
      return { ...wishes, promote: { region: here, overTerm: lineage.lineage.term } };
    };
    try {
      return await this.#change('promotion-wished', `${by} states: ${sentence}`, change);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'unavailable') onPromotionAnnounced();
      throw error;
    }
  }

  async #change(event: string, because: string, change: (state: RegionState) => RegionWishes): Promise<RegionWishes> {
    const { registry, events } = this.#options;
    try {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const state = await registry.read();
        const wishes = change(state);
        if ((await registry.changeWishes(state.wishesRevision, wishes)) === 'conflict') continue;
        events.record({ event, term: state.lineage?.lineage.term ?? 0, because, details: { ...wishes } });
        return wishes;
      }
    } catch (cause) {
      if (!(cause instanceof AgentRegistryError)) throw cause;
      const detail = `etcd does not answer with a majority (${cause.message}): whether the wish was written is unknown. To promote this region, its member must first be made a cluster of one.`;
      throw problem('unavailable', { detail, headers: { 'retry-after': '1' }, cause });
    }
    throw problem('conflict', { detail: 'Others changed the wishes at the same time: look at them, and ask again.' });
  }

  #known(region: Region = this.#options.here): Region {
    if (!regionsOf(this.#options.topology).includes(region))
      throw problem('invalid-request', { errors: [{ field: 'region', message: 'is none of this topology' }] });
    return region;
  }
}
