import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaintsOf, isChromiumMissing, keepPicture, startChromium } from './support/chromium.js';
import { form, photo, post } from './support/client.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { basic, bearer, createToken } from './support/tokens.js';

// What operators look at with a browser: the description of the API and the queues. No worker: what is posted here waits.
const SECRET = 'hook-s3cret';
const folder = temporaryFolder();
let redis: RedisServer;
let api: System;
let admin: string;
let gate: string;
let jobId: string;

beforeAll(async () => {
  redis = await startRedis();
  const settings = {
    DATA_DIR: folder.path,
    REDIS_URL: redis.url,
    CALLBACK_HOSTS: 'hooks.example.com',
    CALLBACK_SECRET: 'Zm9yIHRoZSB0ZXN0cyBvbmx5LCBpdCBzYXlz',
  };
  admin = await createToken(settings, 'admin', 'admin');
  gate = await createToken(settings, 'gate', 'verify');
  api = await startSystem('api', settings);
  const headers = { ...bearer(gate), prefer: 'respond-async' };
  await post(`${api.url}/v1/verifications`, form('1001', await photo('person_a_1.jpg')), headers);
  const withCallback = form('1002', await photo('person_a_2.jpg'));
  withCallback.set('callback_url', `https://hooks.example.com/${SECRET}?token=${SECRET}`);
  jobId = (await post(`${api.url}/v1/verifications`, withCallback, headers)).body.job_id;
});
afterAll(async () => {
  // Also with the board loaded it ends at once, and well.
  expect(await api?.stop()).toBe(0);
  await redis?.stop();
  folder.remove();
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(api.url + path, { ...init, headers: { ...basic(admin), ...init.headers } });
const JOBS = encodeURIComponent('{rollcall}');
const CALLBACKS = encodeURIComponent('{rollcall}-callbacks');

describe('what is browsable', () => {
  it('shows of the queues jobs and callbacks, but of a callback no more than its host', async () => {
    const job = await (await ask(`/queues/api/queues/${JOBS}/${jobId}`)).text();
    expect(JSON.parse(job)).toMatchObject({
      job: { data: { employeeId: '1002', callbackUrl: 'https://hooks.example.com/…' } },
    });
    const callback = await (await ask(`/queues/api/queues/${CALLBACKS}/${jobId}`)).text();
    expect(JSON.parse(callback).job.data).toEqual({ jobId, url: 'https://hooks.example.com/…' });
    const lists = [JOBS, CALLBACKS].map((queue) => `/queues/api/queues?activeQueue=${queue}&jobsPerPage=50&page=1`);
    for (const path of [
      ...lists,
      `/queues/api/queues/${JOBS}/${jobId}/flow`,
      `/queues/api/queues/${JOBS}/${jobId}/logs`,
    ]) {
      const reply = await ask(path);
      const text = await reply.text();
      expect([path, reply.status]).toEqual([path, 200]);
      expect(text).not.toContain(SECRET);
    }
    expect(job + callback).not.toContain(SECRET);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'lets nobody change anything by %s, whatever the path',
    async (method) => {
      const before = await (await ask(`/queues/api/queues/${JOBS}/${jobId}`)).json();
      const paths = ['pause', 'resume', `${JOBS}/add`, `${JOBS}/clean/wait`, `${JOBS}/empty`, `${JOBS}/obliterate`];
      const ofJob = ['retry', 'clean', 'promote', 'update-data'].map((act) => `${JOBS}/${jobId}/${act}`);
      for (const path of [...paths, ...ofJob]) {
        const reply = await ask(`/queues/api/queues/${path}`, { method, headers: bearer(admin) });
        expect([path, reply.status]).toEqual([path, 405]);
      }
      expect(await (await ask(`/queues/api/queues/${JOBS}/${jobId}`)).json()).toEqual(before);
    },
  );

  it.each(['/docs', '/docs/', '/queues', '/queues/'])('%s is a page that names no other host', async (path) => {
    const reply = await ask(path, { redirect: 'manual' });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch(/^text\/html/);
    expect(reply.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src [^,]*; frame-ancestors 'none'$/,
    );
    expect(reply.headers.get('content-security-policy')).not.toContain('http');
    expect(await reply.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('serves no other file', async () => {
    for (const path of [
      '/docs/package.json',
      '/docs/..%2fpackage.json',
      '/docs/constructor',
      '/docs/swagger-ui-bundle.js.map',
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
    for (const path of ['/queues/static/..%2f..%2fpackage.json', '/queues/nothing/here']) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
  });
});

describe.skipIf(isChromiumMissing())('in a real browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  async function visit(path: string, look: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({
      httpCredentials: { username: 'anybody', password: admin },
      viewport: { width: 1280, height: 900 },
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints = complaintsOf(page, api.url);
    await page.goto(api.url + path);
    await look(page);
    await context.close();
    // The first answer asks for the password.
    expect(complaints.filter((text) => !text.startsWith('401:') && !text.includes('status of 401'))).toEqual([]);
  }

  it('/docs shows every operation, and tries one', async () => {
    await visit('/docs', async (page) => {
      await page.getByText('/v1/verifications').first().waitFor();
      const { paths } = (await (await fetch(`${api.url}/openapi.json`)).json()) as { paths: Record<string, object> };
      const operations = Object.values(paths).flatMap((path) => Object.keys(path));
      expect(await page.locator('.opblock').count()).toBe(operations.length + 1);
      await keepPicture(page, 'docs');
      await page.getByRole('button', { name: 'Authorize' }).first().click();
      await page.locator('.modal-ux input').fill(admin);
      await page.locator('.modal-ux button.authorize').click();
      await page.locator('.modal-ux button.btn-done').click();
      const operation = page.locator('.opblock', { hasText: 'Employees in pages' });
      await operation.locator('.opblock-summary').click();
      await operation.getByRole('button', { name: 'Try it out' }).click();
      await operation.getByRole('button', { name: 'Execute' }).click();
      await operation.locator('.live-responses-table').getByText('"employees": []').waitFor();
      await keepPicture(page, 'docs-tried');
    });
  });

  it('/queues shows the queues and a job', async () => {
    await visit('/queues', async (page) => {
      await page.getByText('Rollcall queues').first().waitFor();
      await page.getByText('{rollcall}-callbacks').first().waitFor();
      await keepPicture(page, 'queues');
      // The gear has no name.
      await page.locator('button:has(svg)').nth(3).click();
      await page.getByRole('dialog').getByRole('combobox').first().click();
      await page.getByRole('listbox').waitFor();
      await keepPicture(page, 'queues-settings');
      await page.goto(`${api.url}/queues/queue/${JOBS}`);
      await page.getByText(jobId).first().waitFor();
      await keepPicture(page, 'queues-jobs');
      await page.goto(`${api.url}/queues/queue/${JOBS}/${jobId}`);
      await page.getByText('hooks.example.com').first().waitFor();
      expect(await page.content()).not.toContain(SECRET);
      await keepPicture(page, 'queues-job');
    });
  });
});
