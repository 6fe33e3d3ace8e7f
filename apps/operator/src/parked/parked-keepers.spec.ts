import { expect, it } from 'vitest';
import type { PartStatus } from '#embedded-runtime';
import { parkedKeepersAmong } from './parked-keepers.ts';

const part = (name: string, state: PartStatus['state'] = 'ready'): PartStatus => ({
  name,
  region: name.split('.')[0]!,
  state,
  unready: undefined,
  pid: 1,
  ports: [],
  restarts: 0,
  url: `http://${name}`,
  log: '',
});

it('asks projectors and mains, one of the instances of each: a decision is made once in each region', () => {
  const parts = [
    part('east.order-projector'),
    part('east.order-service', 'starting'),
    part('east.order-service-2'),
    part('west.order-service'),
    part('west.order-service-2'),
    part('east.storefront-api'),
    part('east.region-agent'),
    part('payment-sandbox'),
    part('west.payment-service', 'missing'),
  ];
  expect(parkedKeepersAmong(parts).map(({ name, url }) => [name, url])).toEqual([
    ['east.order-projector', 'http://east.order-projector'],
    ['east.order-service', 'http://east.order-service-2'],
    ['west.order-service', 'http://west.order-service'],
  ]);
});
