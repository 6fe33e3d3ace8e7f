import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot, runtimeHome } from '../runtime-home.ts';
import type { PartPlan, Plan } from '../supervisor/supervisor.ts';
import { planName } from '../supervisor/supervisor.ts';
import { renderPlan } from './plan.ts';
import { scrapeTargets, watchedOf } from './prometheus-part.ts';
import { instancePort, readSystem, type System } from './system.ts';

const described = (): Promise<System> => readSystem(join(projectRoot(), 'deploy', 'topology', 'embedded.json'));
const planOf = (system: System, prometheus?: string): Promise<Plan> =>
  renderPlan({
    system,
    home: runtimeHome('/nowhere'),
    projectRoot: '/project',
    postgres: { initdb: '/pg/initdb', postgres: '/pg/postgres' },
    user: undefined,
    dns: { command: '/dns/server' },
    prometheus,
    createTopics: () => Promise.resolve(),
  });

test('every Node process of a region and every member of etcd is asked for its metrics at the address where the plan has it listen', async () => {
  const system = { ...(await described()), instances: 2 };
  const plan = await planOf(system, '/usr/bin/prometheus');
  const targets = scrapeTargets(watchedOf(plan));
  const parts = plan.filter((item): item is PartPlan => item.kind === 'part');
  const expected = parts.filter(({ spec }) => spec.env['EVENKEEL_REGION'] !== undefined || spec.name.endsWith('.etcd'));
  expect(targets.map(({ instance }) => instance)).toEqual(expected.map(({ spec }) => spec.name));
  for (const { instance, address } of targets) {
    const part = parts.find(({ spec }) => spec.name === instance);
    expect(part?.listens.map(({ host, port }) => `${host}:${port}`)).toContain(address);
  }
  expect(targets).toEqual(
    expect.arrayContaining([
      { job: 'evenkeel', address: '127.0.0.2:8091', region: 'east', service: 'order-projector', instance: 'east.order-projector' },
      {
        job: 'evenkeel',
        address: `127.0.0.3:${instancePort(system.ports.order, 2)}`,
        region: 'west',
        service: 'order-service',
        instance: 'west.order-service-2',
      },
      { job: 'etcd', address: '127.0.0.4:2379', region: 'witness', service: 'etcd', instance: 'witness.etcd' },
    ]),
  );
});

test('Prometheus is part of a system only when it is asked for; it starts last, stands outside, and listens where the topology says', async () => {
  const system = await described();
  expect((await planOf(system)).map(planName)).not.toContain('prometheus');
  const part = (await planOf(system, '/usr/bin/prometheus')).at(-1);
  expect(part).toMatchObject({
    kind: 'part',
    region: 'outside',
    url: 'http://127.0.0.1:8072',
    listens: [{ host: '127.0.0.1', port: 8072 }],
    spec: { name: 'prometheus', command: '/usr/bin/prometheus' },
  });
  expect(part?.needs).toEqual(expect.arrayContaining(['east.region-agent-2', 'witness.etcd']));
});
