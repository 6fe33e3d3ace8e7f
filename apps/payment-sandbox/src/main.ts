import { pino } from 'pino';
import { z } from 'zod';
import { buildSandbox } from './sandbox.app.ts';

const environmentSchema = z.object({
  EVENKEEL_LISTEN: z
    .string()
    .regex(/^[^:]+:\d{1,5}$/, 'host:port')
    .default('127.0.0.1:8070'),
  EVENKEEL_SANDBOX_DATA: z.string().min(1),
});

const environment = environmentSchema.parse(process.env);
const [host, port] = environment.EVENKEEL_LISTEN.split(':') as [string, string];
const log = pino({ name: 'payment-sandbox' });
const sandbox = await buildSandbox({ directory: environment.EVENKEEL_SANDBOX_DATA, log });

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  sandbox.close().then(
    () => process.exit(0),
    (error: unknown) => {
      log.error(error);
      process.exit(1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
log.info({ listen: await sandbox.app.listen({ host, port: Number(port) }) }, 'ready');
