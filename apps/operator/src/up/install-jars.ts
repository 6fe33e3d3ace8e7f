import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Does what `npm ci` could not, because Java or Maven came later: fetches Kafka's jars. @throws Error when that fails */
export async function installJars(root: string, report: (line: string) => void): Promise<void> {
  report("fetching Kafka's jars with Maven (once)");
  const child = spawn(process.execPath, [join(root, 'scripts', 'install-programs.mjs'), '--only', 'jars'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  if (code !== 0) throw new Error(`Kafka's jars could not be fetched: node scripts/install-programs.mjs ended with ${code}`);
}
