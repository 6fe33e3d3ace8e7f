import { expect, test } from 'vitest';
import { adviceFor, aliasCommand, ensurePrograms, parseJavaMajor, requirements } from './doctor.ts';

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_401"', 8],
  ['openjdk version "24" 2025-03-18', 24],
  ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
])('%s', (said, major) => expect(parseJavaMajor(said)).toBe(major));

test('the advice names what is missing, with one command for Debian and one for macOS', () => {
  const all = requirements({ jarsArePresent: false });
  expect(adviceFor(all, 'linux')).toContain(
    'sudo apt-get update && sudo apt-get install -y openjdk-17-jre-headless maven etcd-server etcd-client pdns-server pdns-backend-bind',
  );
  expect(adviceFor(all, 'darwin')).toContain('brew install openjdk@17 maven etcd pdns');
  const watched = requirements({ jarsArePresent: true, extras: ['prometheus'] }).slice(-1);
  expect(adviceFor(watched, 'linux')).toContain('This machine lacks Prometheus. Install on Debian or Ubuntu with:\n  sudo apt-get update');
  expect(adviceFor(watched, 'darwin')).toContain('brew install prometheus');
  expect(aliasCommand(['127.0.0.2', '127.0.0.3'])).toBe('sudo ifconfig lo0 alias 127.0.0.2 up && sudo ifconfig lo0 alias 127.0.0.3 up');
});

test('Maven is asked for only as long as the jars are not there, and nothing is done when nothing is missing', async () => {
  expect(requirements({ jarsArePresent: true }).map(({ what }) => what)).not.toContain('Maven');
  const said: string[] = [];
  await ensurePrograms({ needed: [], report: (line) => said.push(line) });
  expect(said).toEqual([]);
});
