import { expect, it } from 'vitest';
import { orderReadRoutes, orderWriteRoutes, productReadRoutes } from '#contracts';
import { operations, pathOf } from './operations.ts';

const routes = [...orderReadRoutes, ...orderWriteRoutes, ...productReadRoutes];

it.each(Object.entries(operations))("%s is the API's own", (name, { method, path, answer }) => {
  const route = routes.find(({ operationId }) => operationId === name)!;
  expect([route.method.toUpperCase(), route.path]).toEqual([method, path]);
  expect(Object.values(route.answers).every(({ schema }) => schema === answer)).toBe(true);
});

it('fills in paths, with whatever stands in them', () => {
  expect(pathOf('getProduct', { sku: 'A/B ?' })).toBe('/v1/products/A%2FB%20%3F');
  expect(pathOf('listOrders', {}, { cursor: 'a&b', limit: 5, status: undefined })).toBe('/v1/orders?cursor=a%26b&limit=5');
});
