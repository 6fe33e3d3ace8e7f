// A part for tests: answers /health/ready at EVENKEEL_LISTEN. EVENKEEL_DUMMY=broken exits at once; =child also starts a child of its own.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

process.stdout.write(`dummy ${process.pid} starts\n`);
if (process.env.EVENKEEL_DUMMY === 'broken') {
  process.stderr.write('this one is broken\n');
  process.exit(3);
}
if (process.env.EVENKEEL_DUMMY === 'child') spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
const [host, port] = process.env.EVENKEEL_LISTEN.split(':');
const server = createServer((_, response) => response.end('{}')).listen(Number(port), host);
process.on('SIGTERM', () => {
  if (process.env.EVENKEEL_DUMMY === 'stubborn') return;
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
