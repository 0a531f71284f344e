import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, SCREENS, type Screen, type Visit, type VisitOptions, visit } from '../support/browser.js';
import { keepPicture } from '../support/chromium.js';
import { photoPath } from '../support/client.js';
import { createToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { cameraRuns, isStageMissing, OTHER, SEEN, type Stage, scan, setStage } from './stage.js';

// The page at the gate, as people use it: a real Chromium before a whole Rollcall.
let stage: Stage;
let open: Visit | undefined;

/** The page of a gate whose camera runs. */
async function gate(options: VisitOptions & { readonly query?: string } = {}): Promise<Visit> {
  open = await visit(stage.browser, `${stage.url}/${options.query ?? ''}`, options);
  if (options.camera !== 'denied') await cameraRuns(open.page);
  return open;
}

const answerOf = ({ page }: Visit) => page.locator('#result:not([data-tone="busy"]) #result-title');
const id = ({ page }: Visit) => page.getByRole('textbox', { name: /Employee id|Personalnummer/ });

describe.skipIf(isStageMissing)('the gate', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    stage = await setStage();
  });
  afterEach(async () => {
    const complaints = open?.complaints ?? [];
    await open?.close();
    open = undefined;
    await stage.toxiproxy.reset();
    expect(complaints).toEqual([]);
  });
  afterAll(() => stage?.stop());

  it.each(Object.keys(SCREENS) as Screen[])('fits on a %s, whatever it says', async (screen) => {
    const visited = await gate({ screen });
    const { page } = visited;
    const fits = async (name: string) => {
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      await keepPicture(page, `gate-${screen}-${name}`);
      await expectAccessible(page);
    };
    await fits('ready');
    const button = await page.getByRole('button', { name: 'Check' }).boundingBox();
    expect((button?.y ?? 0) + (button?.height ?? 0)).toBeLessThanOrEqual(SCREENS[screen].height);
    for (const [who, answer] of [
      [SEEN, 'Welcome'],
      [OTHER, 'Not recognised'],
      ['7', 'Unknown id'],
    ] as const) {
      await id(visited).fill(who);
      await page.getByRole('button', { name: 'Check' }).click();
      await answerOf(visited).waitFor();
      expect(await answerOf(visited).textContent()).toBe(answer);
      await fits(answer.toLowerCase().replace(' ', '-'));
      await page.getByRole('button', { name: 'Next person' }).click();
    }
    await page.getByRole('button', { name: 'Settings' }).click();
    await fits('settings');
  });

  it('says yes in colour, words and sign, to those who see and to those who hear, for three seconds', async () => {
    const visited = await gate();
    const { page } = visited;
    await id(visited).fill(SEEN);
    await page.keyboard.press('Enter');
    await answerOf(visited).waitFor();
    const shownAt = Date.now();
    expect(await page.locator('#result').getAttribute('data-tone')).toBe('yes');
    expect(await page.locator('#result-icon svg:visible').getAttribute('class')).toBe('yes');
    expect(await page.locator('[aria-live="assertive"]').textContent()).toBe('Welcome. 1001');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Next person');
    const size = await page.evaluate('parseFloat(getComputedStyle(document.querySelector("#result-title")).fontSize)');
    expect(size).toBeGreaterThan(90);
    await id(visited).waitFor();
    await page.locator('#result').waitFor({ state: 'hidden' });
    expect(Date.now() - shownAt).toBeGreaterThan(2500);
    expect(Date.now() - shownAt).toBeLessThan(5000);
    expect(await id(visited).inputValue()).toBe('');
    expect(await page.evaluate('document.activeElement.id')).toBe('employee');
  });

  it('sends a JPEG of at most 1280 px, and keeps nothing of it', async () => {
    const visited = await gate();
    const { page } = visited;
    // The browser does not tell what is in a form that it sends.
    await page.evaluate(`
      const append = FormData.prototype.append;
      FormData.prototype.append = function (name, photo, ...more) {
        createImageBitmap(photo).then(({ width, height }) => { window.sent = [photo.type, width, height]; });
        return append.call(this, name, photo, ...more);
      };
    `);
    await id(visited).fill(SEEN);
    const request = page.waitForRequest(/verifications/);
    const large = await sharp(photoPath('person_a_2.jpg')).resize({ height: 3000 }).png().toBuffer();
    await page.locator('#file').setInputFiles({ name: 'large.png', mimeType: 'image/png', buffer: large });
    expect(await (await request).headerValue('prefer')).toMatch(/^wait=/);
    expect(await page.evaluate('window.sent')).toEqual(['image/jpeg', 1028, 1280]);
    await answerOf(visited).waitFor();
    expect(await answerOf(visited).textContent()).toBe('Welcome');
    expect(await page.evaluate('document.querySelectorAll("canvas").length')).toBe(0);
    expect(await page.evaluate('document.querySelector("#file").value')).toBe('');
    expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage])')).not.toMatch(/image|blob|\/9j/);
  });

  it('says of a file that is no photo that it is none', async () => {
    const visited = await gate();
    const { page } = visited;
    await id(visited).fill(SEEN);
    await page
      .locator('#file')
      .setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no photo') });
    await page.getByText('This file cannot be read').first().waitFor();
  });

  it('asks for an id before it checks anybody', async () => {
    const visited = await gate();
    await visited.page.getByRole('button', { name: 'Check' }).click();
    await visited.page.locator('#hint', { hasText: 'Type or scan an employee id first' }).waitFor();
    expect(await visited.page.evaluate('document.activeElement.id')).toBe('employee');
    await expectAccessible(visited.page);
  });

  it('finds out who it is where that is chosen', async () => {
    const visited = await gate({ query: '?mode=identify' });
    expect(await id(visited).count()).toBe(0);
    await keepPicture(visited.page, 'gate-identify');
    await expectAccessible(visited.page);
    await visited.page.keyboard.press('Enter');
    await answerOf(visited).waitFor();
    expect(await visited.page.locator('#result').innerText()).toMatch(/Welcome\s+1001/);
  });

  it('takes a scanner wherever the focus is, also for whoever comes next', async () => {
    const visited = await gate({ query: '?delay=0' });
    const { page } = visited;
    for (const focus of ['#employee', '#language', '#choose-file']) {
      await page.locator(focus).focus();
      await scan(page, SEEN);
      await answerOf(visited).waitFor();
      expect([focus, await page.locator('#result').innerText()]).toEqual([
        focus,
        expect.stringMatching(/Welcome\s+1001/),
      ]);
      // While the answer is shown.
      await scan(page, OTHER);
      await page.locator('#result-title', { hasText: 'Not recognised' }).waitFor();
      await page.keyboard.press('Enter');
      await page.locator('#result').waitFor({ state: 'hidden' });
    }
    expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  });

  it('does not take a scan for what somebody typed before it', async () => {
    const visited = await gate();
    await id(visited).pressSequentially('99', { delay: 120 });
    await visited.page.waitForTimeout(100);
    await scan(visited.page, SEEN);
    // Time to look up from the scanner.
    await visited.page.locator('#prompt', { hasText: 'Look at the camera' }).waitFor();
    await keepPicture(visited.page, 'gate-aiming');
    await answerOf(visited).waitFor();
    expect(await visited.page.locator('#result-id').textContent()).toBe(SEEN);
  });

  it('says what to do when the camera is not allowed, and takes a photo instead', async () => {
    const visited = await gate({ camera: 'denied' });
    const { page } = visited;
    await page.getByText('The camera is not allowed').first().waitFor();
    await keepPicture(page, 'gate-camera-denied');
    await expectAccessible(page);
    await id(visited).fill(SEEN);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.locator('#hint', { hasText: 'The camera shows nothing yet' }).waitFor();
    await page.locator('#file').setInputFiles(photoPath('person_a_2.jpg'));
    await answerOf(visited).waitFor();
    expect(await answerOf(visited).textContent()).toBe('Welcome');
  });

  it('says that the server is gone, sends nothing by itself, and tries again under the same key', async () => {
    const visited = await gate();
    const { page } = visited;
    const keys: (string | undefined)[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/verifications')) keys.push(request.headers()['idempotency-key']);
    });
    await stage.way.disable();
    await id(visited).fill(SEEN);
    await page.getByRole('button', { name: 'Check' }).click();
    await answerOf(visited).waitFor();
    expect(await page.locator('#result').innerText()).toMatch(
      /Service not reached\s+No answer came\. Nothing is sent later/,
    );
    expect(await page.locator('#result').getAttribute('data-tone')).toBe('attention');
    await page.locator('#connection[data-state="unreachable"]').waitFor({ state: 'attached' });
    await keepPicture(page, 'gate-server-gone');
    await expectAccessible(page);
    await stage.way.enable();
    await page.waitForTimeout(1500);
    expect(keys).toHaveLength(1);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('#result-title', { hasText: 'Welcome' }).waitFor();
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
    await page.locator('#connection[data-state="ready"]').waitFor({ state: 'attached' });
  });

  it('says before anybody tries that the server is gone or the network is off', async () => {
    const visited = await gate();
    const { page, context } = visited;
    await page.locator('#connection', { hasText: 'Ready' }).waitFor();
    await context.setOffline(true);
    await page.locator('#connection', { hasText: 'No network: checks are not possible now' }).waitFor();
    await keepPicture(page, 'gate-offline');
    await expectAccessible(page);
    await id(visited).fill(SEEN);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.locator('#result-title', { hasText: 'No network' }).waitFor();
    await page.getByRole('button', { name: 'Discard' }).click();
    await context.setOffline(false);
    await page.locator('#connection', { hasText: 'Ready' }).waitFor();
    await stage.way.disable();
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.locator('#connection', { hasText: 'The service is not reached' }).waitFor();
  });

  it('says that a slow network takes long, and shows the answer when it comes', async () => {
    const visited = await gate();
    const { page } = visited;
    await stage.way.poison('upstream', { type: 'latency', attributes: { latency: 5000 } });
    await id(visited).fill(SEEN);
    await page.keyboard.press('Enter');
    await page.locator('#result-title', { hasText: 'Checking' }).waitFor();
    await page.locator('#result-detail', { hasText: 'This takes longer than usual' }).waitFor();
    await keepPicture(page, 'gate-slow');
    await expectAccessible(page);
    await scan(page, OTHER);
    await page.getByText('the check before is still going on').first().waitFor();
    await page.locator('#result-title', { hasText: 'Welcome' }).waitFor();
    expect(await page.locator('#result-id').textContent()).toBe(SEEN);
  });

  it('gives up on an answer that does not come, and shows it to nobody when somebody has gone on', async () => {
    const visited = await gate();
    const { page } = visited;
    // In a tenth of the time.
    await page.evaluate(
      'const whole = AbortSignal.timeout; AbortSignal.timeout = (ms) => whole.call(AbortSignal, ms / 10)',
    );
    const mend = await stage.way.poison('downstream', { type: 'timeout', attributes: { timeout: 0 } });
    await id(visited).fill(SEEN);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('#result').waitFor({ state: 'hidden' });
    await id(visited).fill(OTHER);
    await page.keyboard.press('Enter');
    await page.locator('#result-title', { hasText: 'No answer in time' }).waitFor({ timeout: 30_000 });
    await mend();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.waitForTimeout(1000);
    expect(await page.locator('#result').isVisible()).toBe(false);
  });

  it('speaks German where that is preferred, and either language when asked', async () => {
    const visited = await gate({ language: 'de-AT' });
    const { page } = visited;
    expect(await page.evaluate('document.documentElement.lang')).toBe('de');
    await id(visited).fill(OTHER);
    await page.getByRole('button', { name: 'Prüfen' }).click();
    await answerOf(visited).waitFor();
    expect(await answerOf(visited).textContent()).toBe('Nicht erkannt');
    await keepPicture(page, 'gate-german');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Nächste Person' }).click();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: 'Check' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Check' }).waitFor();
  });

  it('sounds only when that is chosen', async () => {
    for (const [query, tones] of [
      ['', 0],
      ['?sound=on', 2],
    ] as const) {
      const visited = await gate({ query });
      await visited.page.evaluate(
        'window.tones = 0; const start = OscillatorNode.prototype.start; OscillatorNode.prototype.start = function (...args) { window.tones++; return start.apply(this, args); }',
      );
      await id(visited).fill(SEEN);
      await visited.page.keyboard.press('Enter');
      await answerOf(visited).waitFor();
      expect([query, await visited.page.evaluate('window.tones')]).toEqual([query, tones]);
      await visited.close();
    }
  });

  it('moves nothing for those who do not want that', async () => {
    const { page } = await gate({ reducedMotion: 'reduce' });
    const seconds = await page.evaluate(
      'parseFloat(getComputedStyle(document.querySelector("#result .busy path")).animationDuration)',
    );
    expect(seconds).toBeLessThan(0.001);
  });

  it('remembers its settings', async () => {
    const { page } = await gate();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByLabel('Who is checked').selectOption('identify');
    await page.getByRole('textbox', { name: 'Name of this gate', exact: true }).fill('north-1');
    await page.getByLabel('Sounds with the answer').check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.locator('#prompt', { hasText: 'Look here, then press Check' }).waitFor();
    await page.reload();
    await page.locator('#prompt', { hasText: 'Look here, then press Check' }).waitFor();
    expect(await page.locator('#gate-name').textContent()).toBe('north-1');
    const request = page.waitForRequest(/identifications/);
    await cameraRuns(page);
    await page.getByRole('button', { name: 'Check' }).click();
    expect((await request).headers()['x-gate']).toBe('north-1');
  });

  describe('once there are tokens', () => {
    let token: string;
    beforeAll(async () => {
      token = await createToken(stage.settings, 'north gate', 'verify', '--gates', 'north,south');
      await until('tokens are needed', async () => {
        const { status } = await fetch(`${stage.url}/v1/employees`);
        return status === 401 ? true : undefined;
      });
    });

    it('asks for one, takes no wrong one, and keeps the right one on this device', async () => {
      const visited = await gate();
      const { page } = visited;
      const dialog = page.getByRole('dialog', { name: 'Access token' });
      await dialog.waitFor();
      expect(await page.evaluate('document.activeElement.id')).toBe('token');
      await keepPicture(page, 'gate-token');
      await expectAccessible(page);
      await dialog.getByLabel('Token', { exact: true }).fill('rc_wrong');
      await dialog.getByRole('button', { name: 'Sign in' }).click();
      await dialog.getByText('This token is not valid').waitFor();
      await dialog.getByLabel('Token', { exact: true }).fill(token);
      await dialog.getByRole('button', { name: 'Sign in' }).click();
      await dialog.getByText('This token is not for this gate').waitFor();
      await dialog.getByLabel('Name of this gate').fill('north');
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'hidden' });
      await page.reload();
      await cameraRuns(page);
      const request = page.waitForRequest(/verifications/);
      await id(visited).fill(SEEN);
      await page.keyboard.press('Enter');
      await answerOf(visited).waitFor();
      expect(await answerOf(visited).textContent()).toBe('Welcome');
      const { authorization, 'x-gate': name } = (await request).headers();
      expect([authorization, name]).toEqual([`Bearer ${token}`, 'north']);

      await page.getByRole('button', { name: 'Next person' }).click();
      await page.getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('button', { name: 'Remove the token from this device' }).click();
      await page.getByText('This device is not signed in.').first().waitFor();
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(token);
    });

    it('asks for one in the middle of a check, and goes on with the photo that was taken', async () => {
      const visited = await gate();
      const { page } = visited;
      await page.getByRole('button', { name: 'Not now' }).click();
      await id(visited).fill(SEEN);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Access token' }).waitFor();
      expect(await page.locator('#result-title').textContent()).toBe('This device is not signed in');
      await page.getByLabel('Token', { exact: true }).fill(token);
      await page.getByLabel('Name of this gate (optional)').fill('south');
      await page.keyboard.press('Enter');
      await page.locator('#result-title', { hasText: 'Welcome' }).waitFor();
    });
  });
});
