/**
 * The life of every Evenkeel process: configuration, telemetry, start of the parts in order, SIGTERM or SIGINT or a fatal part,
 * stop in reverse, exit code. Exit 0 after a signal, 1 after a failure. A second signal exits at once.
 */
import process from 'node:process';
import { startTelemetry } from '#telemetry';
import type { Logger } from 'pino';
import { HealthRegistry } from './health.ts';
import { Lifecycle, StoppedError } from './lifecycle.ts';
import { createLogger } from './logger.ts';
import { ConfigError, loadProcessConfig, type ProcessConfig } from './process-config.ts';

export interface ProcessParts {
  readonly config: ProcessConfig;
  readonly lifecycle: Lifecycle;
  readonly health: HealthRegistry;
  readonly log: Logger;
  /** A part cannot go on: the process stops and exits 1, so that it is started anew. */
  readonly fail: (part: string, error: Error) => void;
}

export interface RunOptions {
  /** Longest wait for one part to stop. Default 10 s. */
  readonly stopTimeoutMs?: number;
}

/** `await runProcess('order-service', async ({ config, lifecycle, health, log }) => { await lifecycle.start(…); … })` */
export async function runProcess(service: string, main: (parts: ProcessParts) => Promise<void>, options: RunOptions = {}): Promise<void> {
  const config = configOrExit(service);
  const log = createLogger({ service, region: config.region, instance: config.instance });
  const lifecycle = new Lifecycle({ stopTimeoutMs: options.stopTimeoutMs ?? 10_000, log });
  const health = new HealthRegistry();
  const end = endOnce(lifecycle, health, log);
  listenForSignals(end, log);
  process.on('unhandledRejection', (error) => end(1, 'a promise was rejected and nobody looked', error));
  process.on('uncaughtException', (error) => end(1, 'an exception was not caught', error));
  try {
    await lifecycle.start('telemetry', () => {
      const telemetry = startTelemetry({
        service,
        region: config.region,
        instance: config.instance,
        otlp: config.topology.telemetry,
      });
      return () => telemetry.stop();
    });
    await main({ config, lifecycle, health, log, fail: (part, error) => end(1, `${part} cannot go on`, error) });
    health.started();
    log.info({ listen: `${config.listen.host}:${config.listen.port}` }, 'started');
  } catch (error) {
    if (!(error instanceof StoppedError)) end(1, 'failed to start', error);
  }
}

function configOrExit(service: string): ProcessConfig {
  try {
    return loadProcessConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${service}: ${error.message}\n`);
    return process.exit(78); // EX_CONFIG of sysexits.h: starting again will not help
  }
}

function endOnce(lifecycle: Lifecycle, health: HealthRegistry, log: Logger): (code: number, why: string, error?: unknown) => void {
  let ending = false;
  return (code, why, error) => {
    if (error !== undefined) log.error({ err: error }, why);
    else log.info(why);
    if (ending) return;
    ending = true;
    health.stopping();
    void lifecycle.stop().then((failed) => process.exit(failed.length > 0 ? 1 : code));
  };
}

function listenForSignals(end: (code: number, why: string) => void, log: Logger): void {
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) {
        log.warn({ signal }, 'second signal: exiting at once');
        process.exit(1);
      }
      end(0, `stopping on ${signal}`);
    });
}
