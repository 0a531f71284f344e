import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApi, type JobProgress, needsNewKey } from './api.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const JOB = '7b9d3b5e-6a0e-4c3f-9d6e-1c2d3e4f5a6b';
let server: Server;
let url: string;
let seen: IncomingMessage[];
let handlers: Handler[];

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const hang: Handler = () => undefined;
const reset: Handler = (request) => request.socket.destroy();
/** A server that answers one request after the other in these ways. */
const answers = (...wanted: Handler[]) => {
  handlers = wanted;
};

const caller = { token: () => 'rc_a_b', gate: () => 'north' };
const submit = (
  options: { onProgress?: (progress: JobProgress) => void; timeoutMs?: number; signal?: AbortSignal } = {},
) => createApi(caller, url).submit('/v1/verifications', { body: new FormData(), key: 'key', ...options });

// Node 20 has none.
beforeAll(() => void vi.stubGlobal('navigator', { onLine: true }));
afterAll(() => void vi.unstubAllGlobals());
beforeEach(async () => {
  [seen, handlers] = [[], []];
  server = createServer((request, response) => {
    seen.push(request);
    request.resume().on('end', () => (handlers.shift() ?? hang)(request, response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('the API as pages ask it', () => {
  it('says who asks, from which gate, under which key, and how long it likes to wait', async () => {
    answers(json(200, { verified: true }));
    expect(await submit()).toMatchObject({ kind: 'done', status: 200, body: { verified: true } });
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer rc_a_b',
      'x-gate': 'north',
      'idempotency-key': 'key',
      prefer: expect.stringMatching(/^wait=\d+$/),
    });
  });

  it('tells refusals with their code and when to come again', async () => {
    const problem = { code: 'overloaded', status: 503, detail: '', retryable: true };
    answers(json(503, problem, { 'retry-after': '7' }));
    expect(await submit()).toEqual({ kind: 'refused', refusal: problem, retryAfterSeconds: 7 });
  });

  it('understands an error that something on the way made up', async () => {
    answers((_request, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
    expect(await submit()).toMatchObject({
      kind: 'refused',
      refusal: { code: 'unknown', status: 502, retryable: true },
    });
  });

  it('tells no answer from no connection, and a change of mind from both', async () => {
    answers(hang);
    expect(await submit({ timeoutMs: 100 })).toEqual({ kind: 'unreachable', cause: 'timeout' });
    answers(reset);
    expect((await submit()).kind).toBe('unreachable');
    answers(hang);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    expect(await submit({ signal: abort.signal })).toEqual({ kind: 'aborted' });
  });
});

describe('a job that takes long', () => {
  const accepted = json(202, { job_id: JOB, status: 'queued', status_url: '' });
  const ended = json(200, { job_id: JOB, status: 'succeeded', response: { status: 200, body: { verified: true } } });
  const queued = (position: number) =>
    json(200, { job_id: JOB, status: 'queued', position, estimated_wait_seconds: 4.2 });

  it('is followed to its end, with how many are before it', async () => {
    answers(accepted, queued(2), queued(1), ended);
    const told: JobProgress[] = [];
    expect(await submit({ onProgress: (progress) => told.push(progress) })).toEqual({
      kind: 'done',
      status: 200,
      body: { verified: true },
    });
    expect(told.map(({ position }) => position)).toEqual([null, 2, 1]);
    expect(told[1]?.estimatedSeconds).toBe(4.2);
    expect(seen.slice(1).every((request) => request.url?.startsWith(`/v1/jobs/${JOB}?wait=`))).toBe(true);
  });

  it('is looked for again when the connection breaks, and says so', async () => {
    answers(accepted, reset, json(503, {}), ended);
    const told: boolean[] = [];
    expect((await submit({ onProgress: ({ isLost }) => told.push(isLost) })).kind).toBe('done');
    expect(told).toContain(true);
  });

  it('ends as the synchronous answer would have', async () => {
    const problem = { code: 'employee_not_found', status: 404, detail: '', retryable: false, job_id: JOB };
    answers(accepted, json(200, { job_id: JOB, status: 'succeeded', response: { status: 404, body: problem } }));
    expect(await submit()).toEqual({ kind: 'refused', refusal: problem, retryAfterSeconds: null });
    answers(accepted, json(404, { code: 'job_not_found', status: 404, detail: '', retryable: false }));
    const gone = await submit();
    expect(gone).toMatchObject({ kind: 'refused', refusal: { code: 'job_not_found' } });
    expect(gone.kind === 'refused' && needsNewKey(gone.refusal)).toBe(true);
  });
});
