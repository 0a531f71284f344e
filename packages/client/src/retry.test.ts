import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from './client.js';
import { RollcallError, RollcallUnavailableError } from './errors.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const VERIFIED = { job_id: '7f5bd2a4-2f8c-4a3e-9c53-f1c5d2f3a001', employee_id: '1001', verified: true };
const PHOTO = new Uint8Array([0xff, 0xd8, 0xff]);

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => {
  return (_request, response) => response.writeHead(status, headers).end(JSON.stringify(body));
};
const problem = (status: number, code: string, retryable: boolean, headers: Record<string, string> = {}) =>
  json(status, { code, detail: code, retryable, status, request_id: 'r', title: code, type: 'about:blank' }, headers);
const hangUp: Answer = (request) => request.socket.destroy();

/** A server that gives these answers in turn, the last one again and again. */
async function serve(...answers: Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)] as Answer;
    requests.push(request);
    request.resume().on('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => server.closeAllConnections();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, server };
}

let close = () => {};
afterEach(() => close());

describe('a call', () => {
  it('is repeated with the same key after a lost connection and after an answer that says so', async () => {
    const { url, requests } = await serve(hangUp, problem(503, 'overloaded', true), json(200, VERIFIED));
    const client = createClient({ url, token: 'rc_token', gate: 'north' });
    expect(await client.verify('1001', PHOTO)).toEqual(VERIFIED);
    const keys = new Set(requests.map(({ headers }) => headers['idempotency-key']));
    expect([requests.length, keys.size]).toEqual([3, 1]);
    expect(requests[2]?.headers).toMatchObject({ authorization: 'Bearer rc_token', 'x-gate': 'north' });
  });

  it("has another key than the next call's, unless it is given one", async () => {
    const { url, requests } = await serve(json(200, VERIFIED));
    const client = createClient({ url });
    await client.verify('1001', PHOTO);
    await client.verify('1001', PHOTO);
    await client.verify('1001', PHOTO, { idempotencyKey: 'shift-7' });
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe('shift-7');
  });

  it('waits as long as it is told to', async () => {
    const { url, requests } = await serve(
      problem(429, 'rate_limited', true, { 'Retry-After': '1' }),
      json(200, VERIFIED),
    );
    const began = performance.now();
    await createClient({ url }).verify('1001', PHOTO);
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(requests).toHaveLength(2);
  });

  it('throws what no retry mends, at once', async () => {
    const { url, requests } = await serve(problem(404, 'employee_not_found', false));
    const failure = await createClient({ url })
      .verify('1001', PHOTO)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RollcallError);
    expect(failure).toMatchObject({ status: 404, code: 'employee_not_found' });
    expect(requests).toHaveLength(1);
  });

  it('gives up when the next try would come after the deadline', async () => {
    const { url, requests } = await serve(problem(429, 'verification_locked', true, { 'Retry-After': '900' }));
    const call = createClient({ url }).verify('1001', PHOTO);
    await expect(call).rejects.toMatchObject({ status: 429, code: 'verification_locked' });
    expect(requests).toHaveLength(1);
  });

  it('says so when nobody answers', async () => {
    const { url } = await serve(hangUp);
    const call = createClient({ url, deadlineMs: 600 }).verify('1001', PHOTO);
    await expect(call).rejects.toBeInstanceOf(RollcallUnavailableError);
  });

  it('ends when its caller ends it', async () => {
    const { url, requests } = await serve(problem(503, 'overloaded', true, { 'Retry-After': '60' }));
    const stop = new AbortController();
    const call = createClient({ url }).verify('1001', PHOTO, { signal: stop.signal });
    setTimeout(() => stop.abort(), 100);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(requests).toHaveLength(1);
  });

  it('cannot be told what it means by an answer that is not of Rollcall', async () => {
    const { url, requests } = await serve(json(502, 'bad gateway'), json(418, 'a teapot'));
    const call = createClient({ url }).verify('1001', PHOTO);
    await expect(call).rejects.toMatchObject({ status: 418, code: undefined });
    expect(requests).toHaveLength(2);
  });
});

describe('a request that has become a job', () => {
  const accepted = json(202, { job_id: VERIFIED.job_id, status: 'queued', status_url: `/v1/jobs/${VERIFIED.job_id}` });
  const pending = json(200, { job_id: VERIFIED.job_id, status: 'active', status_url: '' });
  const ended = (status: number, body: unknown) =>
    json(200, { job_id: VERIFIED.job_id, status: 'succeeded', status_url: '', response: { status, body } });

  it('is followed to its end, through a lost connection', async () => {
    const { url, requests } = await serve(accepted, pending, hangUp, ended(200, VERIFIED));
    expect(await createClient({ url }).verify('1001', PHOTO)).toEqual(VERIFIED);
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'GET']);
    expect(requests[1]?.url).toBe(`/v1/jobs/${VERIFIED.job_id}?wait=30`);
  });

  it('ends as the call would have', async () => {
    const gone = { code: 'reference_not_found', detail: '', retryable: false, status: 404 };
    const { url } = await serve(accepted, ended(404, gone));
    const call = createClient({ url }).verify('1001', PHOTO);
    await expect(call).rejects.toMatchObject({ status: 404, code: 'reference_not_found' });
  });

  it('is not waited for longer than the deadline', async () => {
    const { url } = await serve(accepted, pending);
    const call = createClient({ url, deadlineMs: 700 }).verify('1001', PHOTO);
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
