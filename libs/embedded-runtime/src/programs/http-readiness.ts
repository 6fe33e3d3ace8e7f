const timeoutMs = 1500;
const answerMaxChars = 200;

/**
 * Asks a URL once whether its program is ready: undefined when it answered 2xx and `judge` found nothing missing, else what is
 * missing. Never throws.
 */
export async function askHttp(url: string, judge: (body: string) => string | undefined = () => undefined): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error', headers: { connection: 'close' } });
    const body = await response.text();
    return response.ok ? judge(body) : `answered ${response.status}: ${body.slice(0, answerMaxChars)}`;
  } catch (error) {
    return error instanceof Error ? `${url}: ${messageOf(error)}` : String(error);
  }
}

/** fetch hides the reason of a failed connection in `cause`. */
const messageOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message);
