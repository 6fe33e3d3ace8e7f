import { request, type Agent } from 'node:http';

export interface JsonPost {
  readonly agent: Agent;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** From the request to the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly text: string;
}

/** One POST on a kept connection. Node's own client and nothing around it: what it costs is taken from the cores of what is measured. */
export function postJson({ agent, url, headers, body, timeoutMs }: JsonPost): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: Error): void => reject(signal.aborted ? (signal.reason as Error) : error);
    const about = { 'content-type': 'application/json', 'content-length': body.length, ...headers };
    const sent = request(url, { method: 'POST', agent, headers: about, signal });
    sent.once('error', fail);
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', fail).once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.end(body);
  });
}
