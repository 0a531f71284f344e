import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, startBrowser, visit } from '../support/browser.js';
import { isChromiumMissing, keepPicture } from '../support/chromium.js';
import { form, photo, post } from '../support/client.js';
import { writeFakeCamera } from '../support/fake-camera.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from '../support/rollcall.js';
import { until } from '../support/until.js';
import { cameraRuns, SEEN } from './stage.js';

// A gate whose service has nobody to do the work, until a worker comes.
const folder = temporaryFolder();
let redis: RedisServer;
let system: System;
let browser: Browser;
let worker: RollcallProcess | undefined;
let settings: Record<string, string>;

describe.skipIf(isChromiumMissing())('the gate of a busy service', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    const store = createBlobStore({ s3: undefined, dataDir: folder.path });
    await store.put(`${employeePrefix(SEEN)}face_1.jpg`, await photo('person_a_1.jpg'));
    await writeFakeCamera(`${folder.path}/camera.mjpeg`, 'person_a_2.jpg');
    redis = await startRedis();
    settings = { DATA_DIR: folder.path, REDIS_URL: redis.url, WORKER_PROCESSES: '1', MAX_WAITING_JOBS: '2' };
    system = await startSystem('api', settings);
    browser = await startBrowser(`${folder.path}/camera.mjpeg`);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([system?.stop(), worker?.stop()]);
    await redis?.stop();
    folder.remove();
  });

  it('says how many are before, then that it is refused for now, and goes on when there is somebody to do it', async () => {
    const { page, complaints } = await visit(browser, system.url);
    await cameraRuns(page);
    await page.locator('#connection', { hasText: 'The service is not ready' }).waitFor();
    await keepPicture(page, 'gate-not-ready');
    await expectAccessible(page);

    const waiting = async () => {
      const answer = await post(`${system.url}/v1/verifications`, form(SEEN, await photo('person_b_1.jpg')), {
        prefer: 'respond-async',
      });
      return answer.status;
    };
    await until('one is before', async () => ((await waiting()) === 202 ? true : undefined));
    const employee = page.getByRole('textbox', { name: 'Employee id' });
    await employee.fill(SEEN);
    await page.keyboard.press('Enter');
    await page.locator('#result-detail', { hasText: 'You are next' }).waitFor();
    await keepPicture(page, 'gate-queued');
    await expectAccessible(page);
    const taken = page.waitForRequest((request) => request.method() === 'DELETE' && /jobs/.test(request.url()));
    await page.getByRole('button', { name: 'Cancel' }).click();
    // Nobody works for somebody who has gone.
    expect((await (await taken).response())?.status()).toBe(200);

    // What waits is counted now and then.
    for (const status of [202, 503]) {
      await until(`a request is answered with ${status}`, async () =>
        (await waiting()) === status ? true : undefined,
      );
    }
    await employee.fill(SEEN);
    await page.keyboard.press('Enter');
    await page.locator('#result-title', { hasText: 'Very busy' }).waitFor();
    await page.getByRole('button', { name: /Trying again in \d+ s/ }).waitFor();
    await keepPicture(page, 'gate-busy');
    await expectAccessible(page);
    worker = await startWorker(settings);
    await until('somebody has done it', async () => {
      if ((await page.locator('#result-title').textContent()) === 'Welcome') return true;
      // By itself it tries three times, which may be over before the worker is there.
      const again = page.getByRole('button', { name: 'Try again' });
      if (await again.isVisible()) await again.click({ timeout: 1000 }).catch(() => undefined);
      return undefined;
    });
    expect(complaints).toEqual([]);
  });
});
