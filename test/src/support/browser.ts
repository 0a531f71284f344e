import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { startChromium } from './chromium.js';

/** The screens on which the pages must be good. */
export const SCREENS = {
  tablet: { width: 768, height: 1024 },
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 800 },
} as const;
export type Screen = keyof typeof SCREENS;

/** Starts Chromium with a camera that sees what is in the file. */
export function startBrowser(cameraFile: string): Promise<Browser> {
  return startChromium('--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${cameraFile}`);
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What was wrong with the page: exceptions, breaches of its own security policy, assets that are not there. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly screen?: Screen;
  readonly camera?: 'allowed' | 'denied';
  readonly language?: string;
  readonly hasTouch?: boolean;
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

/** A fresh browser profile at an address. */
export async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
  const { screen = 'tablet', camera = 'allowed', language = 'en-GB', ...rest } = options;
  const context = await browser.newContext({ viewport: SCREENS[screen], locale: language, ...rest });
  // Granting anything refuses everything else.
  await context.grantPermissions(camera === 'allowed' ? ['camera'] : ['notifications']);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`${error.message}`));
  page.on('console', (message) => {
    // Refusals are answers that pages expect.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('response', (response) => {
    if (/\/assets\//.test(response.url()) && response.status() >= 400) complaints.push(`${response.url()} is missing`);
  });
  await page.goto(url);
  return { page, context, complaints, close: () => context.close() };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Fails when axe finds something serious or critical on the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axeSource);
  const options = JSON.stringify({ runOnly: { type: 'tag', values: AXE_RULES }, resultTypes: ['violations'] });
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${options})`);
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target }) => target.join(' ')) }));
  expect(grave).toEqual([]);
}
