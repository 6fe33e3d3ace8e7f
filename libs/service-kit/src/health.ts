import type { FastifyInstance } from 'fastify';

/** What a check says: fine, or why not. Synchronous and cheap: a check reports what is known, it does not go and ask. */
export type HealthCheck = () => { readonly ok: boolean; readonly detail?: string };

export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}

/**
 * Named checks. `live` failing means: restart this process, nothing else will help. `ready` failing means: it cannot do its work
 * now. While the process starts and while it stops it is not ready.
 */
export class HealthRegistry {
  readonly #live = new Map<string, HealthCheck>();
  readonly #ready = new Map<string, HealthCheck>();
  #phase: 'starting' | 'running' | 'stopping' = 'starting';

  addLive(name: string, check: HealthCheck): void {
    this.#live.set(name, check);
  }
  addReady(name: string, check: HealthCheck): void {
    this.#ready.set(name, check);
  }
  started(): void {
    this.#phase = 'running';
  }
  stopping(): void {
    this.#phase = 'stopping';
  }
  live(): HealthReport {
    return report(this.#live);
  }
  ready(): HealthReport {
    const phase: HealthCheck = () => ({ ok: this.#phase === 'running', detail: this.#phase });
    return report(new Map([['process', phase], ...this.#live, ...this.#ready]));
  }
}

function report(checks: ReadonlyMap<string, HealthCheck>): HealthReport {
  const results: Record<string, ReturnType<HealthCheck>> = {};
  for (const [name, check] of checks) {
    try {
      results[name] = check();
    } catch (error) {
      results[name] = { ok: false, detail: `the check failed: ${String(error)}` };
    }
  }
  return { status: Object.values(results).every(({ ok }) => ok) ? 'ok' : 'failing', checks: results };
}

/** `GET /health/live` and `/health/ready`: 200 or 503, with every check and its detail. */
export function serveHealth(server: FastifyInstance, health: HealthRegistry): void {
  const route = (path: string, read: () => HealthReport): void => {
    server.get(path, (_request, reply) => {
      const found = read();
      return reply
        .status(found.status === 'ok' ? 200 : 503)
        .header('cache-control', 'no-store')
        .send(found);
    });
  };
  route('/health/live', () => health.live());
  route('/health/ready', () => health.ready());
}
