import type { LoggerService } from '@nestjs/common';
import { currentTraceId } from '#telemetry';
import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';

export interface LogOptions {
  readonly service: string;
  readonly region: string;
  readonly instance: number;
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  /** Default: stdout. */
  readonly destination?: DestinationStream;
}

/** JSON lines on stdout. Bodies, tokens and headers are never logged; each line carries the trace id when there is one. */
export function createLogger(options: LogOptions): Logger {
  const settings: LoggerOptions = {
    level: options.level ?? 'info',
    base: { service: options.service, region: options.region, instance: options.instance },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => {
      const traceId = currentTraceId();
      return traceId === undefined ? {} : { traceId };
    },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

const textOf = (message: unknown): string =>
  typeof message === 'string' ? message : message instanceof Error ? message.message : String(message);

/** Nest's own messages: its start-up chatter is debug, for it says nothing that a person on call needs. */
export function nestLogger(log: Logger): LoggerService {
  const child = log.child({ component: 'nest' });
  const context = (rest: readonly unknown[]) => ({ context: rest.at(-1) });
  return {
    log: (message: unknown, ...rest: unknown[]) => child.debug(context(rest), textOf(message)),
    debug: (message: unknown, ...rest: unknown[]) => child.debug(context(rest), textOf(message)),
    verbose: (message: unknown, ...rest: unknown[]) => child.debug(context(rest), textOf(message)),
    warn: (message: unknown, ...rest: unknown[]) => child.warn(context(rest), textOf(message)),
    error: (message: unknown, ...rest: unknown[]) =>
      child.error({ ...context(rest), ...(message instanceof Error ? { err: message } : {}) }, textOf(message)),
    fatal: (message: unknown, ...rest: unknown[]) => child.fatal(context(rest), textOf(message)),
  };
}
