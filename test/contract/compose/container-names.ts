/**
 * The embedded runtime's addresses as the containers name them. Both listen at the same ports; where the runtime has a region's loopback
 * address, containers have a name inside the region (`kafka.east`), and where it has a link's proxy, the name on the link
 * (`kafka.west.link`). So whatever the runtime would tell a program can be translated and compared with what its container is told.
 */
import type { LinkSpec, PartPlan, System } from '#embedded-runtime';

export interface Listener {
  readonly host: string;
  readonly port: number;
}

/** The image's own port where it is not the runtime's: 15432 is for machines that have a PostgreSQL already. */
const otherPorts: Readonly<Record<string, number>> = { postgres: 5432 };

/** `east.order-service` → `order-service`; `payment-sandbox` is itself. */
export const kindOf = (part: PartPlan): string => part.spec.name.slice(part.spec.name.indexOf('.') + 1);
export const serviceOf = (part: PartPlan): string => part.spec.name.replaceAll('.', '-');
/** The network that it lives on: its region's, or what belongs to none. */
export const homeOf = ({ region }: PartPlan, { regions }: System): string =>
  regions.some(({ name }) => name === region) ? region : 'outside';
/** Its name there. What is in no region has the service's. */
export const nameOf = (part: PartPlan): string => (part.spec.name.includes('.') ? `${kindOf(part)}.${part.region}` : part.spec.name);
export const portIn = (part: PartPlan, port: number): number => otherPorts[kindOf(part)] ?? port;

const address = /\b(\d{1,3}(?:\.\d{1,3}){3}):(\d{2,5})\b/g;
const is = (at: Listener, host: string, port: number): boolean => at.host === host && at.port === port;

export class ContainerNames {
  readonly #system: System;
  readonly #parts: readonly PartPlan[];
  readonly #links: readonly LinkSpec[];

  constructor(system: System, parts: readonly PartPlan[], links: readonly LinkSpec[]) {
    [this.#system, this.#parts, this.#links] = [system, parts, links];
  }

  /** Every `address:port` of a text by its container's name. @throws Error for one at which nothing listens */
  of(text: string): string {
    return text.replaceAll(address, (_, host: string, port: string) => this.#one(host, Number(port)));
  }

  /** The same for where something listens itself: everywhere, for a container has no address that it could write down. */
  static listening(text: string): string {
    return text.replaceAll(address, '0.0.0.0:$2');
  }

  #one(host: string, port: number): string {
    const { outside } = this.#system;
    if (is({ host: outside.address, port: outside.identity }, host, port)) return `identity:${port}`;
    const link = this.#links.find(({ listen }) => is(listen, host, port));
    const at = link?.target ?? { host, port };
    const part = this.#parts.find(({ listens }) => listens.some((each) => is(each, at.host, at.port)));
    if (part === undefined) throw new Error(`nothing listens at ${at.host}:${at.port}`);
    return `${nameOf(part)}${link === undefined ? '' : '.link'}:${portIn(part, at.port)}`;
  }

  /** Parts that another region dials. */
  get crossed(): ReadonlySet<string> {
    const targets = this.#links.map(({ target }) => target);
    const dialled = this.#parts.filter(({ listens }) => listens.some(({ host, port }) => targets.some((each) => is(each, host, port))));
    return new Set(dialled.map(({ spec }) => spec.name));
  }
}
