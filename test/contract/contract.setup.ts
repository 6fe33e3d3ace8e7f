import { existsSync } from 'node:fs';
import {
  defaultKafkaJars,
  ensurePrograms,
  MissingProgramsError,
  preparePostgresBinaries,
  requirements,
  unprivilegedUser,
} from '#embedded-runtime';

/**
 * Before the contract tests, once: what several of them need, and what two of them at once would make in each other's way (apt-get has one
 * lock, PostgreSQL's user one name). What cannot be installed here is said, and the specs that need it fail; others need nothing of it.
 */
export async function setup(): Promise<void> {
  const needed = requirements({ jarsArePresent: existsSync(defaultKafkaJars().folder), extras: ['prometheus'] });
  try {
    await ensurePrograms({ needed, report: console.log });
  } catch (error) {
    if (!(error instanceof MissingProgramsError)) throw error;
    console.error(error.message);
  }
  await unprivilegedUser();
  await preparePostgresBinaries();
}
