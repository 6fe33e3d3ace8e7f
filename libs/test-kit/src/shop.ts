import {
  availabilityAnswerSchema,
  bulkWriteAnswerSchema,
  customerId,
  decodeToken,
  encodeToken,
  homeOf,
  mergeTokens,
  orderAnswerSchema,
  paymentAnswerSchema,
  placeOrderAnswerSchema,
  regionsOf,
  type AvailabilityAnswer,
  type CustomerId,
  type OrderAnswer,
  type PaymentAnswer,
  type Region,
} from '#contracts';
import { answered, askApi, askApiUntilAnswered, type ApiRequest, type ApiResponse } from './api-caller.ts';
import { eventually } from './eventually.ts';
import type { WholeSystem } from './whole-system.ts';

export interface Customer {
  readonly id: CustomerId;
  readonly home: Region;
  readonly token: string;
}

export interface Goods {
  readonly sku: string;
  readonly unitPriceMinor: number;
  /** Units in each region's pool. */
  readonly units: Readonly<Record<string, number>>;
}

export interface WantedLine {
  readonly sku: string;
  readonly quantity: number;
}

export interface PlaceOrder {
  readonly customer: Customer;
  /** The region whose storefront is asked. */
  readonly via: Region;
  readonly lines: readonly WantedLine[];
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const tokenHeader = 'evenkeel-consistency-token';

/**
 * A shop on a running system, through its public API alone. Each opening has customers, skus and keys of its own, so that several
 * journeys share one system.
 */
export class Shop {
  readonly regions: readonly Region[];
  readonly operatorToken: string;
  readonly #system: WholeSystem;
  readonly #opening: string;
  #customers = 0;

  private constructor(system: WholeSystem, opening: string, operatorToken: string) {
    this.#system = system;
    this.#opening = opening;
    this.operatorToken = operatorToken;
    this.regions = regionsOf(system.topology);
  }

  static async open(system: WholeSystem, name: string): Promise<Shop> {
    const operatorToken = await system.tokenFor({ subject: 'operator', roles: ['operator'] });
    return new Shop(system, `${name}-${Date.now().toString(36)}`, operatorToken);
  }

  /** A name that no other opening has: for a sku, a key. */
  name(what: string): string {
    return `${this.#opening}-${what}`;
  }

  storefront(region: Region): string {
    return this.storefronts(region)[0]!;
  }

  /** All instances of all regions, this region's first. */
  storefronts(first: Region): readonly string[] {
    const inTurn = [first, ...this.regions.filter((region) => region !== first)];
    return inTurn.flatMap((region) => this.#system.topology.regions[region]!.services.storefront);
  }

  other(region: Region): Region {
    return this.regions.find((other) => other !== region)!;
  }

  async customerOf(home: Region): Promise<Customer> {
    for (;;) {
      const id = customerId(this.name(`c${(this.#customers += 1)}`));
      if (homeOf(this.#system.topology, id) === home) return { id, home, token: await this.#system.tokenFor({ subject: id }) };
    }
  }

  /** Lists the products, receives their units, and waits until both regions show them. */
  async stock(goods: readonly Goods[]): Promise<void> {
    const first = this.regions[0]!;
    const products = goods.map(({ sku, unitPriceMinor }) => ({ sku, name: `Goods ${sku}`, unitPriceMinor, currency: 'GBP' }));
    const tokens = [await this.#bulk(first, '/v1/products/import', this.name(`import-${goods[0]!.sku}`), { products })];
    for (const region of this.regions) {
      const items = goods.flatMap(({ sku, units }) => ((units[region] ?? 0) > 0 ? [{ sku, quantity: units[region] }] : []));
      const key = this.name(`receipt-${region}-${goods[0]!.sku}`);
      if (items.length > 0) tokens.push(await this.#bulk(region, '/v1/stock/receipts', key, { region, items }));
    }
    const token = encodeToken(tokens.map((text) => decodeToken(text)!).reduce(mergeTokens));
    for (const region of this.regions) for (const { sku } of goods) await this.availability(sku, region, token);
  }

  async #bulk(region: Region, path: string, key: string, body: unknown): Promise<string> {
    const request: ApiRequest = { method: 'POST', path, key, body, token: this.operatorToken };
    return answered(await askApiUntilAnswered(this.storefronts(region), request), 200, bulkWriteAnswerSchema).consistencyToken;
  }

  placeRequest({ customer, lines, key, headers = {} }: Omit<PlaceOrder, 'via'>): ApiRequest {
    return { method: 'POST', path: '/v1/orders', token: customer.token, key, headers, body: { lines } };
  }

  /** One request; `askApiUntilAnswered` of the same is for when parts are killed. */
  place(order: PlaceOrder): Promise<ApiResponse> {
    return askApi(this.storefront(order.via), this.placeRequest(order));
  }

  /** Places an order and resolves when the API says that it is confirmed. */
  async placeConfirmed(order: PlaceOrder): Promise<{ readonly orderId: string; readonly consistencyToken: string }> {
    const request = this.placeRequest({ ...order, headers: { prefer: 'wait=10', ...order.headers } });
    return eventually(
      async () => {
        const answer = answered(await askApiUntilAnswered(this.storefronts(order.via), request), [200, 201], placeOrderAnswerSchema);
        if (answer.status !== 'confirmed') throw new Error(`order ${answer.orderId} is ${answer.status}`);
        return answer;
      },
      { withinMs: 60_000, everyMs: 100 },
    );
  }

  /** A write of an order's customer (cancel, return) or, with the operator's token, on behalf of it (ship). */
  change(customer: Customer, path: string, key: string, body: unknown, token = customer.token): Promise<ApiResponse> {
    const headers = { 'evenkeel-customer': customer.id };
    return askApiUntilAnswered(this.storefronts(customer.home), {
      method: 'POST',
      path,
      key,
      token,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** With a consistency token until the region has seen what that names: one request waits for a few seconds only. */
  read(path: string, region: Region, token: string | undefined, consistencyToken?: string): Promise<ApiResponse> {
    const request: ApiRequest = { method: 'GET', path, ...(token === undefined ? {} : { token }) };
    if (consistencyToken === undefined) return askApi(this.storefront(region), request);
    return askApiUntilAnswered([this.storefront(region)], { ...request, headers: { [tokenHeader]: consistencyToken } });
  }

  async order(customer: Customer, orderId: string, region: Region, consistencyToken?: string): Promise<OrderAnswer> {
    return answered(await this.read(`/v1/orders/${orderId}`, region, customer.token, consistencyToken), 200, orderAnswerSchema);
  }

  async payment(customer: Customer, orderId: string, region: Region): Promise<PaymentAnswer> {
    return answered(await this.read(`/v1/payments/${orderId}`, region, customer.token), 200, paymentAnswerSchema);
  }

  async availability(sku: string, region: Region, consistencyToken?: string): Promise<AvailabilityAnswer> {
    const path = `/v1/products/${encodeURIComponent(sku)}/availability`;
    return eventually(async () => answered(await this.read(path, region, undefined, consistencyToken), 200, availabilityAnswerSchema), {
      withinMs: 60_000,
      everyMs: 100,
    });
  }
}
