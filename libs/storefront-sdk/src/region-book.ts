import { type CustomerId, homeOf, type Region, type RegionRead, regionSchema } from '#contracts/browser';
import type { Verdict } from './core/judge.ts';
import type { Endpoint, Landscape } from './core/next-step.ts';
import { afterAbandonedProbe, afterNotNow, afterSilence, type Health, type RestSettings, restsAt, well, whileProbed } from './core/rest.ts';

export interface RegionBookOptions extends RestSettings {
  readonly endpoints: readonly { readonly region: string; readonly url: string }[];
  /** The topology's homes in its order: with them the customer's home is known before the first answer. */
  readonly homes?: readonly string[] | undefined;
  readonly customer: CustomerId | undefined;
}

export interface EndpointStatus {
  readonly region: Region;
  readonly url: string;
  readonly serving: boolean | undefined;
  readonly resting: boolean;
}

const endpointsMax = 32;

/** What all calls of a client know together: where the regions are, who answers, who owns. In memory only. */
export class RegionBook {
  readonly #given: readonly Endpoint[];
  readonly #rest: RestSettings;
  #endpoints: readonly Endpoint[];
  readonly #health = new Map<string, Health>();
  #owner: Region | undefined;
  #home: Region | undefined;
  #lastAnswered: Region | undefined;

  constructor({ endpoints, homes, customer, firstRestMs, restMaxMs }: RegionBookOptions) {
    if (endpoints.length === 0 || endpoints.length > endpointsMax) throw new RangeError(`give 1 to ${endpointsMax} endpoints`);
    this.#given = endpoints.map(({ region, url }) => ({ region: regionSchema.parse(region), url: baseUrlOf(url), serving: undefined }));
    this.#endpoints = this.#given;
    this.#rest = { firstRestMs, restMaxMs };
    if (homes !== undefined && homes.length > 0 && customer !== undefined)
      this.#home = homeOf({ homes: homes.map((home) => regionSchema.parse(home)) }, customer);
  }

  get landscape(): Landscape {
    const preference = { owner: this.#owner, home: this.#home, lastAnswered: this.#lastAnswered };
    return { endpoints: this.#endpoints, health: this.#health, preference };
  }

  status(nowMs: number): readonly EndpointStatus[] {
    return this.#endpoints.map((endpoint) => ({ ...endpoint, resting: restsAt(this.#healthOf(endpoint), nowMs) }));
  }

  /** @returns whether the try is the one that finds out whether a rested address is well again */
  tryStarted(endpoint: Endpoint, nowMs: number, tryMs: number): boolean {
    const before = this.#healthOf(endpoint);
    const after = whileProbed(before, nowMs, tryMs);
    this.#health.set(endpoint.url, after);
    return after !== before;
  }

  tryEnded(endpoint: Endpoint, verdict: Verdict<unknown>, nowMs: number): void {
    if (verdict.is !== 'again' || verdict.says === 'nothing') {
      this.#health.set(endpoint.url, well);
      this.#lastAnswered = endpoint.region;
    } else if (verdict.says === 'not-now') this.#health.set(endpoint.url, afterNotNow(nowMs, verdict.retryAfterMs, this.#rest));
    else this.silent(endpoint, nowMs);
  }

  silent(endpoint: Endpoint, nowMs: number): void {
    this.#health.set(endpoint.url, afterSilence(this.#healthOf(endpoint), nowMs, this.#rest));
  }

  probeAbandoned(endpoint: Endpoint, nowMs: number): void {
    this.#health.set(endpoint.url, afterAbandonedProbe(this.#healthOf(endpoint), nowMs));
  }

  /** From the headers of any answer, `Evenkeel-Owner-Region` and `Evenkeel-Home-Region`. */
  learnFrom(headers: Headers): void {
    this.#owner = regionIn(headers, 'evenkeel-owner-region') ?? regionIn(headers, 'evenkeel-owner') ?? this.#owner;
    this.#home = regionIn(headers, 'evenkeel-home-region') ?? this.#home;
  }

  /** What the regions say of themselves. Given addresses stay whatever is said; none is added that would send a token unencrypted. */
  refreshed(regions: readonly RegionRead[]): void {
    const owner = regions.find(({ ownsHomes }) => this.#home !== undefined && ownsHomes.includes(this.#home));
    this.#owner = owner?.region ?? this.#owner;
    const said = regions.flatMap(({ region, endpoints, serves }) =>
      endpoints.flatMap((url) => {
        const base = acceptableUrl(url);
        return base === undefined ? [] : [{ region, url: base, serving: serves }];
      }),
    );
    const servingOf = ({ region, url }: Endpoint): boolean | undefined =>
      (said.find((other) => other.url === url) ?? said.find((other) => other.region === region))?.serving;
    const given = this.#given.map((endpoint) => ({ ...endpoint, serving: servingOf(endpoint) }));
    const encryptedOnly = this.#given.every(({ url }) => url.startsWith('https:'));
    const added = said.filter(({ url }) => !given.some((endpoint) => endpoint.url === url) && (!encryptedOnly || url.startsWith('https:')));
    this.#endpoints = [...given, ...added].slice(0, endpointsMax);
    for (const url of this.#health.keys()) if (!this.#endpoints.some((endpoint) => endpoint.url === url)) this.#health.delete(url);
  }

  #healthOf({ url }: Endpoint): Health {
    return this.#health.get(url) ?? well;
  }
}

function regionIn(headers: Headers, name: string): Region | undefined {
  const parsed = regionSchema.safeParse(headers.get(name));
  return parsed.success ? parsed.data : undefined;
}

/** @throws TypeError when it is no http(s) URL */
function baseUrlOf(text: string): string {
  const url = acceptableUrl(text);
  if (url === undefined) throw new TypeError(`not an http(s) URL: ${text}`);
  return url;
}

function acceptableUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, username } = new URL(text);
  if ((protocol !== 'http:' && protocol !== 'https:') || username !== '') return undefined;
  return origin + pathname.replace(/\/+$/, '');
}
