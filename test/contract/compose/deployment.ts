/** The container files of this project, as `drift.ts` compares them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#embedded-runtime';
import { readCompose } from './compose.file.ts';
import { readDockerfile, type Stage } from './dockerfile.ts';
import type { Deployment } from './drift.ts';

export const dockerfilePath = 'deploy/compose/Dockerfile';
export const textOf = (path: string): string => readFileSync(join(projectRoot(), path), 'utf8');
export const stages = (): readonly Stage[] => readDockerfile(textOf(dockerfilePath));

const filesUnder = (folder: string): readonly string[] =>
  readdirSync(join(projectRoot(), folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(projectRoot().length + 1));

/** A copy of one's own each time: whoever plants a drift spoils nothing for others. */
export const deployment = (): Deployment => ({
  compose: readCompose(textOf('docker-compose.yml')),
  files: Object.fromEntries(filesUnder('deploy/compose').map((path) => [path, textOf(path)])),
  targets: Object.fromEntries(stages().map(({ name, entrypoint, env }) => [name, { entrypoint, env }])),
});
