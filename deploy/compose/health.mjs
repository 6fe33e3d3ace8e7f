// The health check of every Node process in a container: asks the process beside it for the path that it is given, at the port of
// EVENKEEL_LISTEN. The images have no curl. Exit code 0 when it answers 2xx, else 1 with the reason, which `docker inspect` shows.
const [path = '/health/ready'] = process.argv.slice(2);
const port = (process.env['EVENKEEL_LISTEN'] ?? '').split(':').at(-1);
try {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2000), redirect: 'error' });
  const body = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${body.slice(0, 200)}`);
} catch (error) {
  process.stderr.write(`port ${port}: ${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
}
