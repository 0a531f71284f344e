import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, SCREENS, type Screen, type Visit, type VisitOptions, visit } from '../support/browser.js';
import { keepPicture } from '../support/chromium.js';
import { form, photo, photoPath, post } from '../support/client.js';
import { createToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { isStageMissing, OTHER, SEEN, type Stage, setStage } from './stage.js';

// The administrator's page, as people use it: a real Chromium before a whole Rollcall.
let stage: Stage;
let open: Visit | undefined;

async function admin(address = '', options: VisitOptions = {}): Promise<Visit> {
  open = await visit(stage.browser, `${stage.url}/admin${address}`, { screen: 'laptop', ...options });
  return open;
}

const known = async (id: string) => (await fetch(`${stage.url}/v1/employees/${id}`)).status === 200;
const facesOf = async (id: string) =>
  ((await (await fetch(`${stage.url}/v1/employees/${id}`)).json()) as { faces?: unknown[] }).faces?.length ?? 0;

describe.skipIf(isStageMissing)('the administrator’s page', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    stage = await setStage();
  });
  afterEach(async () => {
    const complaints = open?.complaints ?? [];
    await open?.close();
    open = undefined;
    expect(complaints).toEqual([]);
  });
  afterAll(() => stage?.stop());

  it.each(Object.keys(SCREENS) as Screen[])('shows employees with photos on a %s', async (screen) => {
    const { page } = await admin('', { screen });
    await page.getByRole('link', { name: `Open ${SEEN}` }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await page.locator('.people li').last().scrollIntoViewIfNeeded();
    const loaded = '[...document.querySelectorAll(".portrait")].every((image) => image.naturalWidth > 0)';
    await until('the photos are there', async () => ((await page.evaluate(loaded)) ? true : undefined));
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await keepPicture(page, `admin-${screen}-employees`);
    await expectAccessible(page);
    await page.getByRole('link', { name: `Open ${SEEN}` }).click();
    await page.getByRole('heading', { name: SEEN, level: 1 }).waitFor();
    await page.getByRole('heading', { name: 'face_1.jpg' }).waitFor();
    await until('the photo is there', async () => ((await page.evaluate(loaded)) ? true : undefined));
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await keepPicture(page, `admin-${screen}-employee`);
    await expectAccessible(page);
  });

  it('searches by the beginning of an id, and turns pages', async () => {
    const { page } = await admin();
    await page.getByRole('link', { name: `Open ${OTHER}` }).waitFor();
    await page.getByLabel('Id begins with').fill('20');
    await page.getByRole('link', { name: `Open ${SEEN}` }).waitFor({ state: 'detached' });
    expect(await page.getByRole('link', { name: `Open ${OTHER}` }).count()).toBe(1);
    await page.getByLabel('Id begins with').fill('zzz');
    await page.getByText('No id begins like this.').waitFor();
    await page.route(/\/v1\/employees\?/, (route) => {
      const url = new URL(route.request().url());
      url.searchParams.set('limit', '1');
      return route.continue({ url: url.href });
    });
    await page.getByLabel('Id begins with').fill('');
    await page.getByRole('link', { name: `Open ${SEEN}` }).waitFor();
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByRole('link', { name: `Open ${OTHER}` }).waitFor();
    expect(await page.getByRole('link', { name: `Open ${SEEN}` }).count()).toBe(0);
    await page.getByRole('button', { name: 'First page' }).click();
    await page.getByRole('link', { name: `Open ${SEEN}` }).waitFor();
  });

  it('enrols by camera, and says while one looks whether the photo is good enough', async () => {
    const { page } = await admin();
    await page.getByLabel('New employee').fill('3003');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '3003', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Use the camera' }).click();
    const asked: number[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/assessments')) asked.push(Date.now());
    });
    await page.locator('.judgement', { hasText: /Good photo|Usable, could be better/ }).waitFor();
    await page.waitForTimeout(3200);
    // About once a second.
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(await page.locator('.viewfinder rect').getAttribute('width')).toMatch(/^\d+/);
    await page.getByText('Measures').click();
    await page.getByText('Face size').waitFor();
    await keepPicture(page, 'admin-live-quality');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Take this photo' }).click();
    await page.getByRole('heading', { name: /Added as face_1/ }).waitFor();
    await page.getByText('Only if', { exact: false }).waitFor({ state: 'detached' });
    expect(await facesOf('3003')).toBe(1);
    await page.getByRole('button', { name: 'Stop the camera' }).click();
    const before = asked.length;
    await page.waitForTimeout(1500);
    expect(asked.length - before).toBeLessThanOrEqual(1);
  });

  it('refuses photos from files with reasons, and takes a stranger’s only when somebody insists', async () => {
    const { page } = await admin(`#/employees/${OTHER}`);
    await page.getByRole('heading', { name: OTHER, level: 1 }).waitFor();
    const nobody = await sharp({ create: { width: 400, height: 400, channels: 3, background: '#8899aa' } })
      .jpeg()
      .toBuffer();
    const files = page.locator('#enrol-files');
    await files.setInputFiles([
      { name: 'wall.jpg', mimeType: 'image/jpeg', buffer: nobody },
      { name: 'another.jpg', mimeType: 'image/jpeg', buffer: await photo('impostor_1.jpg') },
      { name: 'own.jpg', mimeType: 'image/jpeg', buffer: await photo('person_b_2.jpg') },
    ]);
    const results = page.locator('.results > li');
    await results.nth(2).waitFor();
    expect(await results.nth(0).innerText()).toMatch(/Refused[\s\S]*No face\. Look at the camera/);
    expect(await results.nth(1).innerText()).toMatch(/Refused[\s\S]*Another person\. This face does not resemble/);
    expect(await results.nth(2).innerText()).toMatch(/Added as face_2/);
    await page.getByRole('heading', { name: 'face_2.jpg', exact: true }).waitFor();
    await results.nth(1).scrollIntoViewIfNeeded();
    await keepPicture(page, 'admin-refused');
    await expectAccessible(page);
    expect(await results.nth(0).getByRole('button').count()).toBe(0);
    await results.nth(1).getByRole('button', { name: 'Add it all the same' }).click();
    await page.getByRole('heading', { name: /Added as face_3/ }).waitFor();
    expect(await facesOf(OTHER)).toBe(3);
    await files.setInputFiles({ name: 'x.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no photo at all') });
    await page.getByText('The photo is not a JPEG, PNG or WebP').waitFor();
  });

  it('erases a photo, and an employee, when somebody has typed what', async () => {
    const body = form(undefined, await photo('person_b_1.jpg'));
    body.append('image', new Blob([Uint8Array.from(await photo('person_b_2.jpg'))]), 'photo.jpg');
    expect((await post(`${stage.url}/v1/employees/4004/faces`, body)).status).toBe(201);
    const { page } = await admin('#/employees/4004');
    await page.getByRole('button', { name: 'Erase photo: face_2.jpg' }).click();
    const dialog = page.getByRole('dialog');
    const erase = dialog.getByRole('button', { name: 'Erase' });
    expect(await erase.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('face_1.jpg');
    expect(await erase.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('face_2.jpg');
    await erase.click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('heading', { name: 'face_2.jpg' }).waitFor({ state: 'detached' });
    expect(await facesOf('4004')).toBe(1);

    await page.getByRole('button', { name: 'Erase employee' }).click();
    await keepPicture(page, 'admin-erase');
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await known('4004')).toBe(true);
    await page.getByRole('button', { name: 'Erase employee' }).click();
    await dialog.getByRole('textbox').fill('4004');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Employees', level: 1 }).waitFor();
    expect(await known('4004')).toBe(false);
    await page.getByText(/^Erased: 1 photos/).waitFor({ state: 'attached' });
  });

  it('shows the latest verifications', async () => {
    for (const [name, status] of [
      ['person_a_2.jpg', true],
      ['impostor_1.jpg', false],
    ] as const) {
      const headers = { 'x-gate': 'north' };
      const answer = await post(`${stage.url}/v1/verifications`, form(SEEN, await photo(name)), headers);
      expect(answer.body.verified).toBe(status);
    }
    const { page } = await admin('#/log');
    const rows = page.locator('tbody tr');
    await rows.filter({ hasText: 'not_matched' }).first().waitFor();
    await rows.filter({ hasText: 'verified' }).first().waitFor();
    expect(await rows.filter({ hasText: 'north' }).first().innerText()).toContain(SEEN);
    await keepPicture(page, 'admin-log');
    await expectAccessible(page);
    await page.getByLabel('Show').selectOption('enroll');
    await rows.filter({ hasText: 'not_matched' }).first().waitFor({ state: 'detached' });
    await page.getByLabel('Employee id').fill('nobody-at-all');
    await page.keyboard.press('Enter');
    await page.getByText('There are no such entries.').waitFor();
  });

  it('shows queue and workers', async () => {
    const { page } = await admin('#/system');
    await page.getByText('Being worked on').waitFor();
    await page.getByRole('heading', { name: 'Workers', exact: true }).waitFor();
    expect(await page.locator('.workers li').count()).toBeGreaterThanOrEqual(3);
    await keepPicture(page, 'admin-system');
    await expectAccessible(page);
  });

  it('says that the server is gone', async () => {
    const { page } = await admin();
    await page.getByRole('link', { name: `Open ${SEEN}` }).waitFor();
    await stage.way.disable();
    await page.getByRole('link', { name: 'Verifications' }).click();
    await page.getByText('The service cannot be reached.').waitFor();
    await stage.way.enable();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('tbody tr').first().waitFor();
  });

  it('speaks German, and either language when asked', async () => {
    const { page } = await admin('', { language: 'de-DE' });
    await page.getByRole('heading', { name: 'Mitarbeitende' }).waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Employees' }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  });

  describe('once there are tokens', () => {
    let token: string;
    let reader: string;
    beforeAll(async () => {
      token = await createToken(stage.settings, 'office', 'admin');
      reader = await createToken(stage.settings, 'reader', 'read');
      await until('tokens are needed', async () =>
        (await fetch(`${stage.url}/v1/employees`)).status === 401 ? true : undefined,
      );
    });

    it('asks for one, keeps it for this tab, and forgets it', async () => {
      const { page, context } = await admin();
      await page.getByLabel('Token').waitFor();
      await keepPicture(page, 'admin-sign-in');
      await expectAccessible(page);
      await page.getByLabel('Token').fill('rc_wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('This token is not valid').waitFor();
      await page.getByLabel('Token').fill(token);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: `Open ${SEEN}` }).waitFor();
      const loaded = 'document.querySelector(".portrait")?.naturalWidth > 0';
      await until('a photo is there', async () => ((await page.evaluate(loaded)) ? true : undefined));
      await page.reload();
      await page.getByRole('link', { name: `Open ${SEEN}` }).waitFor();
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(token);
      const other = await context.newPage();
      await other.goto(`${stage.url}/admin`);
      await other.getByLabel('Token').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('Token').waitFor();
      expect(await page.evaluate('JSON.stringify(sessionStorage)')).not.toContain(token);
    });

    it('says what a token does not allow', async () => {
      const { page } = await admin();
      await page.getByLabel('Token').fill(reader);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: `Open ${SEEN}` }).click();
      await page.locator('#enrol-files').setInputFiles(photoPath('person_a_2.jpg'));
      await page.getByText('Your token does not allow this.').waitFor();
      await page.getByRole('link', { name: 'Verifications' }).click();
      await page.getByText('Your token does not allow this.').waitFor();
    });
  });
});
