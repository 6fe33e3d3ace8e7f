import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Serving } from '#contracts';
import { eventually } from '#test-kit';
import { afterEach, expect, it } from 'vitest';
import { ServingWatch } from './serving-watch.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const yes: Serving = { serving: true, because: 'the regions are paired' };
const no: Serving = { serving: false, because: 'west carries on alone' };
const draining: Serving = { serving: false, because: 'east is evacuated on purpose', draining: true };

/** An agent that answers as it is told to; `undefined`: it hangs. */
async function agent(says: Serving | undefined) {
  const told = { says, asked: 0 };
  const server: Server = createServer((_request, response) => {
    told.asked += 1;
    if (told.says !== undefined) response.writeHead(told.says.serving ? 200 : 503).end(JSON.stringify(told.says));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function watching(agentUrls: readonly string[], clock: { readonly nowMs?: () => number } = {}): ServingWatch {
  const watch = new ServingWatch({ agentUrls, intervalMs: 5, takeoverIntervalMs: 5, timeoutMs: 50, silentMs: 150, ...clock });
  watch.start();
  stops.push(() => watch.stop());
  return watch;
}
const eventuallySays = (watch: ServingWatch, said: Serving): Promise<unknown> =>
  eventually(() => JSON.stringify(watch.now()) === JSON.stringify(said), { withinMs: 5_000, everyMs: 2 });

it('a region serves once an agent has said so, and until it says otherwise or nothing', async () => {
  const { told, url } = await agent(no);
  const watch = watching([url]);
  expect(watch.now().serving).toBe(false);
  await eventuallySays(watch, no);
  told.says = yes;
  await eventuallySays(watch, yes);
  told.says = undefined;
  await eventuallySays(watch, { serving: false, because: 'no agent of this region has answered for 150 ms' });
  told.says = yes;
  await eventuallySays(watch, yes);
});

it('one of two agents is enough, whatever has become of the other; that one of them drains the region counts more', async () => {
  const [one, other] = [await agent(yes), await agent(undefined)];
  // On a clock that stands still nobody becomes silent, however busy the machine is.
  const watch = watching([one.url, other.url, 'http://127.0.0.1:1'], { nowMs: () => 0 });
  await eventuallySays(watch, yes);
  other.told.says = no;
  const asked = other.told.asked;
  await eventually(() => other.told.asked > asked + 1, { everyMs: 2 });
  expect(watch.now()).toEqual(yes);
  other.told.says = draining;
  await eventuallySays(watch, draining);
});

it('what was said before the process was stopped counts no more when it goes on', async () => {
  const { url } = await agent(yes);
  let stoppedForMs = 0;
  const watch = new ServingWatch({
    agentUrls: [url],
    intervalMs: 60_000,
    takeoverIntervalMs: 60_000,
    timeoutMs: 15_000,
    silentMs: 15_000,
    nowMs: () => performance.now() + stoppedForMs,
  });
  watch.start();
  stops.push(() => watch.stop());
  await eventuallySays(watch, yes);
  stoppedForMs = 20_000;
  expect(watch.now().serving).toBe(false);
});

const takingOver: Serving = { serving: false, because: 'east is taking over (term 2)', takingOver: true };

it('the end of a takeover is noticed at once by who waits for it; one that takes too long is waited for no more', async () => {
  const { told, url } = await agent(takingOver);
  let nowMs = 0;
  const watch = watching([url], { nowMs: () => nowMs });
  await eventuallySays(watch, takingOver);
  const waiting = watch.afterTakeover(60_000);
  told.says = yes;
  expect(await waiting).toEqual(yes);
  expect(await watch.afterTakeover(60_000)).toEqual(yes);
  told.says = takingOver;
  await eventuallySays(watch, takingOver);
  nowMs = 100; // heard of for so long
  expect(await watch.afterTakeover(100)).toEqual(takingOver);
});

it('of two agents it is enough that one knows of the takeover', async () => {
  const [lost, leads] = [await agent({ serving: false, because: 'etcd has not answered yet' }), await agent(takingOver)];
  await eventuallySays(watching([lost.url, leads.url], { nowMs: () => 0 }), takingOver);
});
