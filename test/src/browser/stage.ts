import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../support/browser.js';
import { isChromiumMissing } from '../support/chromium.js';
import { photo } from '../support/client.js';
import { writeFakeCamera } from '../support/fake-camera.js';
import { type System, startSystem, temporaryFolder } from '../support/rollcall.js';
import { isToxiproxyMissing, startToxiproxy, type Toxiproxy, type Way } from '../support/toxiproxy.js';
import { until } from '../support/until.js';

/** Whether tests have to be skipped for want of a program, each of which is reported. */
export const isStageMissing = [isChromiumMissing(), isToxiproxyMissing()].includes(true);

/** A running Rollcall that knows two people, a way to it that can be made bad, and a browser whose camera sees the first. */
export interface Stage {
  readonly settings: Readonly<Record<string, string>>;
  readonly system: System;
  readonly browser: Browser;
  readonly toxiproxy: Toxiproxy;
  readonly way: Way;
  /** Of the way: what a gate opens. */
  readonly url: string;
  stop(): Promise<void>;
}

export const [SEEN, OTHER] = ['1001', '2002'];

export async function setStage(): Promise<Stage> {
  const folder = temporaryFolder();
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix(SEEN)}face_1.jpg`, await photo('person_a_1.jpg'));
  await store.put(`${employeePrefix(OTHER)}face_1.jpg`, await photo('person_b_1.jpg'));
  const camera = `${folder.path}/camera.mjpeg`;
  await writeFakeCamera(camera, 'person_a_2.jpg');
  const settings = { DATA_DIR: folder.path, WORKER_PROCESSES: '1' };
  const [system, browser, toxiproxy] = await Promise.all([
    startSystem('start', settings),
    startBrowser(camera),
    startToxiproxy(),
  ]);
  const way = await toxiproxy.proxy(new URL(system.url).host);
  return {
    settings,
    system,
    browser,
    toxiproxy,
    way,
    url: `http://${way.address}`,
    async stop() {
      await browser.close();
      await Promise.all([system.stop(), toxiproxy.stop()]);
      folder.remove();
    },
  };
}

const SCANNER_GAP_SECONDS = 0.005;

/** What a barcode scanner types: as fast as one, however busy this machine is. */
export async function scan(page: Page, text: string): Promise<void> {
  const keyboard = await page.context().newCDPSession(page);
  let timestamp = Date.now() / 1000;
  for (const key of [...text, 'Enter']) {
    const stroke = { key, timestamp };
    await keyboard.send('Input.dispatchKeyEvent', { ...stroke, type: 'keyDown', text: key === 'Enter' ? '\r' : key });
    await keyboard.send('Input.dispatchKeyEvent', { ...stroke, type: 'keyUp' });
    timestamp += SCANNER_GAP_SECONDS;
  }
  await keyboard.detach();
}

/** Waits until the camera shows something. */
export async function cameraRuns(page: Page): Promise<void> {
  const runs =
    'document.querySelector("video")?.videoWidth > 0 && document.querySelector("#no-camera")?.hidden !== false';
  await until('the camera runs', async () => ((await page.evaluate(runs)) ? true : undefined));
}
