import { setTimeout as sleep } from 'node:timers/promises';
import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, photo, post } from './support/client.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { bearer, createToken } from './support/tokens.js';
import { until } from './support/until.js';

const FAILED_PER_EMPLOYEE = 3;
const FAILED_PER_TOKEN = 8;
/** Longer than a slow machine needs for the failures of one test. */
const WINDOW_SECONDS = 15;
const CONCURRENCY = 3;
const PER_TOKEN = 150;
const PER_ADDRESS = 1000;

const folder = temporaryFolder();
const settings = {
  DATA_DIR: folder.path,
  WORKER_PROCESSES: '1',
  WORKER_CONCURRENCY: `${CONCURRENCY}`,
  FAILED_VERIFICATIONS_PER_EMPLOYEE: `${FAILED_PER_EMPLOYEE}`,
  FAILED_VERIFICATIONS_PER_TOKEN: `${FAILED_PER_TOKEN}`,
  LOCKOUT_WINDOW_SECONDS: `${WINDOW_SECONDS}`,
  RATE_LIMIT_PER_TOKEN: `${PER_TOKEN}`,
  RATE_LIMIT_PER_ADDRESS: `${PER_ADDRESS}`,
  SYNC_TIMEOUT_MS: '30000',
  TRUSTED_PROXIES: '127.0.0.0/8',
};
let system: System;
let made = 0;
let right: Buffer;
let wrong: Buffer;

/** A token of its own for each test, so that none is in the way of another. */
async function newToken(scopes = 'verify'): Promise<string> {
  const token = await createToken(settings, `gate ${++made}`, scopes);
  await until('the token is known', async () => {
    await sleep(100);
    return (await fetch(`${system.url}/v1/jobs/x`, { headers: bearer(token) })).status === 401 ? undefined : true;
  });
  return token;
}

/** Requests of each test come from an address of its own. */
const verify = (token: string, employeeId: string, image: Buffer, address = '198.51.100.1') =>
  post(`${system.url}/v1/verifications`, form(employeeId, image), { ...bearer(token), 'x-forwarded-for': address });

beforeAll(async () => {
  [right, wrong] = await Promise.all([photo('person_a_2.jpg'), photo('person_b_2.jpg')]);
  await createToken(settings, 'first', 'admin');
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  for (const id of Array.from({ length: 20 }, (_, index) => `e${index}`)) {
    await store.put(`${employeePrefix(id)}face_1.jpg`, await photo('person_a_1.jpg'));
  }
  system = await startSystem('start', settings);
});
afterAll(async () => {
  await system?.stop();
  folder.remove();
});

describe('failed verifications', () => {
  it('lock an employee for every token, until the window ends', async () => {
    const [one, other] = [await newToken(), await newToken()];
    for (let failure = 0; failure < FAILED_PER_EMPLOYEE; failure++) {
      expect((await verify(one, 'e0', wrong)).body).toMatchObject({ verified: false, reason: 'not_matched' });
    }
    for (const token of [one, other]) {
      const { status, headers, body } = await verify(token, 'e0', right);
      expect([status, body.code, body.retryable]).toEqual([429, 'verification_locked', true]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(WINDOW_SECONDS);
    }
    const original = await post(`${system.url}/recognize_face`, form('e0', right), bearer(one));
    expect([original.status, original.body]).toEqual([429, { error: expect.stringContaining('failed') }]);
    expect((await verify(one, 'e1', right)).body.verified).toBe(true);
    await until('the window is over', async () => {
      await sleep(300);
      return (await verify(other, 'e0', right)).status === 200 ? true : undefined;
    });
  });

  it('are counted when they are decided, so that a burst gains nothing', async () => {
    const token = await newToken();
    const burst = 40;
    const answers = await Promise.all(Array.from({ length: burst }, () => verify(token, 'e2', wrong)));
    const decided = answers.filter(({ status }) => status === 200);
    const locked = answers.filter(({ status }) => status === 429);
    expect(decided.length + locked.length).toBe(burst);
    expect(decided.length).toBeGreaterThanOrEqual(FAILED_PER_EMPLOYEE);
    expect(decided.length).toBeLessThanOrEqual(FAILED_PER_EMPLOYEE + CONCURRENCY);
    for (const { headers } of locked) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  it('lock a token that tries many employees', async () => {
    const [guesser, other] = [await newToken(), await newToken()];
    for (let index = 0; index < FAILED_PER_TOKEN; index++) {
      expect((await verify(guesser, `e${3 + index}`, wrong)).status).toBe(200);
    }
    expect((await verify(guesser, 'e15', right)).body.code).toBe('verification_locked');
    const identification = form(undefined, right);
    const identified = await post(`${system.url}/v1/identifications`, identification, bearer(guesser));
    expect(identified.body.code).toBe('verification_locked');
    expect((await verify(other, 'e15', right)).body.verified).toBe(true);
  });

  it('do not count photos that show no face', async () => {
    const token = await newToken();
    const wall = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC',
      'base64',
    );
    for (let index = 0; index < 2 * FAILED_PER_EMPLOYEE; index++) {
      expect((await verify(token, 'e16', wall)).body.verified ?? 'none').not.toBe(true);
    }
    expect((await verify(token, 'e16', right)).body.verified).toBe(true);
  });
});

describe('rates', () => {
  const ask = (token: string | undefined, address: string) =>
    fetch(`${system.url}/v1/jobs/x`, {
      headers: { ...(token !== undefined && bearer(token)), 'x-forwarded-for': address },
    });

  it('are limited by token, and told', async () => {
    const token = await newToken('read');
    const first = await ask(token, '198.51.100.20');
    expect(first.headers.get('ratelimit-limit')).toBe(`${PER_TOKEN}`);
    const before = Number(first.headers.get('ratelimit-remaining'));
    expect(Number((await ask(token, '198.51.100.20')).headers.get('ratelimit-remaining'))).toBe(before - 1);
    const answers = await Promise.all(Array.from({ length: PER_TOKEN + 10 }, () => ask(token, '198.51.100.20')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of refused) {
      expect(headers.get('ratelimit-remaining')).toBe('0');
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    }
    expect((await ask(await newToken('read'), '198.51.100.20')).status).toBe(404);
  });

  it('are limited by address, with and without a token', async () => {
    const token = await newToken('read');
    const answers = await Promise.all(Array.from({ length: PER_ADDRESS + 10 }, () => ask(undefined, '198.51.100.30')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    expect((await ask(token, '198.51.100.30')).status).toBe(429);
    expect((await ask(token, '198.51.100.31')).status).toBe(404);
  });
});
