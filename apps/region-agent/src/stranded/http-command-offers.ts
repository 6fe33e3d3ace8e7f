import {
  internalCommandAnswerSchema,
  internalCommandsPath,
  internalPricesAnswerSchema,
  internalPricesPath,
  shardOf,
  type CommandEnvelope,
  type ListedProduct,
  type Region,
  type Service,
  type Sku,
  type Topology,
} from '#contracts';
import type { CommandOffers, OfferAnswer, ProductLookup } from './command-offers.port.ts';

export interface HttpCommandOffersOptions {
  readonly here: Region;
  readonly topology: Topology;
  /** A bearer token with the role `region-agent`. Asked for each request, so that it may be renewed. */
  token(): Promise<string>;
  readonly timeoutMs: number;
}

/** Over HTTP: to the owner's service through the link, or to this region's own. The instances are asked in turn until one answers. */
export class HttpCommandOffers implements CommandOffers, ProductLookup {
  readonly #options: HttpCommandOffersOptions;

  constructor(options: HttpCommandOffersOptions) {
    this.#options = options;
  }

  async offer(owner: Region, envelope: CommandEnvelope): Promise<OfferAnswer> {
    let last: OfferAnswer = { kind: 'again', because: `the topology names no address of ${owner}`, answered: false };
    for (const url of this.#urls(owner, shardOf(envelope.shard).service)) {
      last = await this.#offerTo(new URL(internalCommandsPath, url), envelope);
      if (last.kind !== 'again' || last.answered) return last;
    }
    return last;
  }

  async listed(skus: readonly Sku[]): Promise<ReadonlyMap<Sku, ListedProduct>> {
    let cause: unknown = new Error('no inventory-service is named');
    for (const url of this.#urls(this.#options.here, 'inventory'))
      try {
        const response = await this.#post(new URL(internalPricesPath, url), { skus }, {});
        if (!response.ok) throw new Error(`inventory-service answered ${response.status}`);
        const { prices } = internalPricesAnswerSchema.parse(await response.json());
        return new Map(prices.map(({ sku, ...listed }) => [sku, listed]));
      } catch (error) {
        cause = error; // the next instance is asked, and the last cause told
      }
    throw cause;
  }

  async #offerTo(url: URL, envelope: CommandEnvelope): Promise<OfferAnswer> {
    try {
      const response = await this.#post(url, envelope, { authorization: `Bearer ${await this.#options.token()}` });
      if (response.status === 202) return { kind: 'decided', ...internalCommandAnswerSchema.parse(await response.json()) };
      const because = `${url.host} answered ${response.status}: ${(await response.text()).slice(0, 300)}`;
      const isWrong = [400, 413, 415, 422].includes(response.status); // 401, 403: the token; 404: an older version; 421: a lineage on its way
      return isWrong ? { kind: 'never', because } : { kind: 'again', because, answered: ![421, 503].includes(response.status) };
    } catch (error) {
      const { message, cause } = error as Error;
      return { kind: 'again', because: `${url.host}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`, answered: false };
    }
  }

  #post(url: URL, body: unknown, headers: Readonly<Record<string, string>>): Promise<Response> {
    return fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(this.#options.timeoutMs),
    });
  }

  #urls(region: Region, service: Service): readonly string[] {
    const { here, topology } = this.#options;
    const place = topology.regions[here];
    return (region === here ? place?.services[service] : place?.peers[region]?.[service]) ?? [];
  }
}
