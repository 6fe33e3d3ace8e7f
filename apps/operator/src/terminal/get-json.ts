import type { z } from 'zod';

export interface Asked<T extends z.ZodType> {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly answer: T;
  readonly timeoutMs?: number;
}

const timeoutDefaultMs = 5000;

/** One request to one of our own processes. @throws Error that names the URL and what was wrong */
export async function askJson<T extends z.ZodType>({
  url,
  method = 'GET',
  answer,
  timeoutMs = timeoutDefaultMs,
}: Asked<T>): Promise<z.output<T>> {
  const response = await fetch(url, { method, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`${url} does not answer: ${reason}`, { cause: error });
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${body.slice(0, 500)}`);
  return answer.parse(JSON.parse(body));
}
