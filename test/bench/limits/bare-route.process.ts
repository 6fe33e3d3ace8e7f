/** A Fastify with one route and nothing around it, in a process of its own. Tells its port to its parent, and ends with it. */
import fastify from 'fastify';

const app = fastify();
app.post('/v1/orders', (_request, reply) =>
  reply.status(201).send({
    orderId: 'ord_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    status: 'pending',
    durability: 'global',
    homeRegion: 'east',
    consistencyToken: 'x'.repeat(60),
  }),
);
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
if (address === null || typeof address === 'string') throw new Error('listens at no port');
process.once('disconnect', () => void app.close());
process.send?.({ port: address.port });
