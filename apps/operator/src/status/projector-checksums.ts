import { checksumsAnswerSchema, type ChecksumsAnswer } from '#contracts';
import { askJson } from '../terminal/get-json.ts';
import { runtime } from '../terminal/home.ts';
import { projectorsAmong } from './status.verb.ts';

/** Of every projector of every region. @throws Error while one does not answer */
export async function projectorChecksums(): Promise<readonly ChecksumsAnswer[]> {
  const { parts } = await runtime().status();
  return Promise.all(
    projectorsAmong(parts).map(({ url }) =>
      askJson({ url: `${url}/internal/checksums`, answer: checksumsAnswerSchema, timeoutMs: 60_000 }),
    ),
  );
}
