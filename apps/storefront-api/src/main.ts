import { createServiceApp, createVerifier, listenOn, runProcess } from '#service-kit';
import { Forwarder } from './forward/forwarder.ts';
import { homeIsOwner } from './forward/owner-lookup.port.ts';
import { requestLimitsDefault } from './rate-limit/request-limits.ts';
import { StorefrontModule } from './storefront.module.ts';

await runProcess('storefront-api', async ({ config, lifecycle, health, log }) => {
  const { region, topology, listen } = config;
  const verifier = createVerifier(topology.identity);
  const module = StorefrontModule.with({ region, topology, verifier, owners: homeIsOwner, limits: requestLimitsDefault });
  const app = await createServiceApp(module, { log, health, verifier, bodies: 'raw' });
  await lifecycle.start('forwarder', () => () => app.get(Forwarder).close());
  await lifecycle.start('http', () => listenOn(app, listen));
});
