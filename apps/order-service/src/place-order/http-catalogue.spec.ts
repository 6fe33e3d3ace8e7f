import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sku } from '#contracts';
import type { ProblemError } from '#service-kit';
import { afterEach, expect, it } from 'vitest';
import { HttpCatalogue, type HttpCatalogueOptions } from './http-catalogue.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const mug = { sku: 'MUG', name: 'Mug', unitPriceMinor: 500, currency: 'GBP' };

/** An inventory service that sells mugs, and remembers which skus it was asked for. */
async function inventory(answer?: RequestListener) {
  const asked: string[][] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { skus } = JSON.parse(body) as { skus: string[] };
      asked.push(skus);
      if (answer !== undefined) return answer(request, response);
      return response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ prices: skus.includes('MUG') ? [mug] : [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const catalogueOf = (inventoryUrls: readonly string[], options: Partial<HttpCatalogueOptions> = {}) =>
  new HttpCatalogue({ inventoryUrls, freshMs: 1_000, timeoutMs: 20_000, rememberedMax: 100, nowMs: () => 0, ...options });

it('remembers a price for a while, an unknown sku not at all', async () => {
  let nowMs = 0;
  const { url, asked } = await inventory();
  const catalogue = catalogueOf([url], { nowMs: () => nowMs });
  const skus = [sku('MUG'), sku('NONE')];
  const { sku: _sku, ...price } = mug;
  expect([...(await catalogue.pricesOf(skus))]).toEqual([['MUG', price]]);
  expect([...(await catalogue.pricesOf(skus))]).toEqual([['MUG', price]]);
  nowMs = 1_000;
  await catalogue.pricesOf([sku('MUG')]);
  await catalogue.pricesOf([sku('MUG')]);
  expect(asked).toEqual([['MUG', 'NONE'], ['NONE'], ['MUG']]);
});

it('keeps fresh what was ordered within a minute, together and before it is old, so that no order waits for it', async () => {
  let nowMs = 0;
  const { url, asked } = await inventory((_request, response) =>
    response.writeHead(200).end(JSON.stringify({ prices: asked.at(-1)!.map((code) => ({ ...mug, sku: code })) })),
  );
  const catalogue = catalogueOf([url], { nowMs: () => nowMs });
  const order = async (...codes: string[]) => [...(await catalogue.pricesOf(codes.map((code) => sku(code)))).keys()];
  await order('HOT', 'COLD');
  await catalogue.keepFresh();
  expect(asked).toEqual([['HOT', 'COLD']]); // fresh until well after the next call
  for (nowMs = 500; nowMs < 60_000; nowMs += 500) {
    await catalogue.keepFresh();
    if (nowMs === 30_000) await order('HOT');
  }
  const untilThen = asked.length;
  expect(asked.slice(1).every((skus) => skus.length === 2)).toBe(true);
  expect(await order('HOT')).toEqual(['HOT']);
  expect(asked).toHaveLength(untilThen);
  for (; nowMs < 63_000; nowMs += 500) await catalogue.keepFresh();
  expect(asked.slice(untilThen).every((skus) => skus.join() === 'HOT')).toBe(true);
  expect(await order('COLD')).toEqual(['COLD']);
  expect(asked.at(-1)).toEqual(['COLD']);
});

it('asks again for what could not be kept fresh, and says so then', async () => {
  let nowMs = 0;
  let whole = true;
  const { url } = await inventory((_request, response) =>
    whole ? response.writeHead(200).end(JSON.stringify({ prices: [mug] })) : response.writeHead(500).end(),
  );
  const catalogue = catalogueOf([url], { nowMs: () => nowMs });
  await catalogue.pricesOf([sku('MUG')]);
  whole = false;
  nowMs = 500;
  await catalogue.keepFresh();
  expect((await catalogue.pricesOf([sku('MUG')])).size).toBe(1);
  nowMs = 1_000;
  await expect(catalogue.pricesOf([sku('MUG')])).rejects.toMatchObject({ status: 503 });
});

it('asks the next instance when one is away, fails or hangs; and nobody means unavailable', async () => {
  const broken = await inventory((_request, response) => response.writeHead(500).end());
  const hanging = await inventory(() => undefined);
  const whole = await inventory();
  for (const away of ['http://127.0.0.1:1', broken.url]) expect((await catalogueOf([away, whole.url]).pricesOf([sku('MUG')])).size).toBe(1);
  expect((await catalogueOf([hanging.url, whole.url], { timeoutMs: 2_000 }).pricesOf([sku('MUG')])).size).toBe(1);
  const problem = await catalogueOf([broken.url])
    .pricesOf([sku('MUG')])
    .catch((error: unknown) => error as ProblemError);
  expect(problem).toMatchObject({ status: 503, code: 'unavailable', headers: { 'retry-after': '1' } });
});

it('holds no more prices than it may', async () => {
  const { url, asked } = await inventory((_request, response) =>
    response.writeHead(200).end(JSON.stringify({ prices: asked.at(-1)!.map((code) => ({ ...mug, sku: code })) })),
  );
  const catalogue = catalogueOf([url], { rememberedMax: 2 });
  for (const code of ['A', 'B', 'C', 'C', 'A']) await catalogue.pricesOf([sku(code)]);
  expect(asked).toEqual([['A'], ['B'], ['C'], ['A']]);
});
