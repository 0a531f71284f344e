import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { photoPath } from './support/client.js';
import { temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';
import { ROOT } from './support/sources.js';

const CLI = join(ROOT, 'apps/cli/dist/main.js');

/** Who is on which photo. */
const PEOPLE = {
  ada: ['person_a_1.jpg', 'person_a_2.jpg'],
  ben: ['person_b_1.jpg', 'person_b_2.jpg'],
  cay: ['impostor_1.jpg'],
  'd & <d>': ['impostor_2.jpg'],
};

describe('rollcall calibrate', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let people: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    people = join(folder.path, 'people');
    for (const [person, photos] of Object.entries(PEOPLE)) {
      mkdirSync(join(people, person), { recursive: true });
      for (const name of photos) copyFileSync(photoPath(name), join(people, person, name));
    }
    const wall = sharp({ create: { width: 300, height: 300, channels: 3, background: '#c8b8a8' } });
    writeFileSync(join(people, 'ada', 'wall.jpg'), await wall.jpeg().toBuffer());
    writeFileSync(join(people, 'ada', 'notes.txt'), 'no photo');
  });
  afterEach(() => folder.remove());

  const run = (...operands: string[]) =>
    runNode(CLI, ['calibrate', ...operands], { DATA_DIR: join(folder.path, 'data') });
  const report = () => join(folder.path, 'report.html');

  it('compares every photo with every other, and proposes a threshold with what it is worth', async () => {
    const { code, stdout, stderr } = await run(people, '--json', '--far', '0.001', '--report', report());
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'left out   ada/wall.jpg  (no_face)\n' });
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      people: 4,
      people_with_pairs: 2,
      genuine: { pairs: 2 },
      impostor: { pairs: 13 },
      current: { threshold: 0.593, far: { value: 0 }, frr: { value: 0 } },
      proposal: { wantedFar: 0.001, basis: 'fitted', shown: false },
      left_out: ['ada/wall.jpg'],
    });
    expect(told.genuine.mean).toBeLessThan(0.45);
    expect(told.impostor.mean).toBeGreaterThan(0.8);
    expect(told.proposal.threshold).toBeGreaterThan(0.45);
    expect(told.proposal.threshold).toBeLessThan(0.75);
  });

  it('draws a page of its own, for its owner alone, with the pairs that are hardest to tell', async () => {
    const { stdout } = await run(people, '--report', report());
    expect(stdout).toMatch(/FAR of 0\.01 %: MATCH_DISTANCE_THRESHOLD=0\.\d+/);
    expect(statSync(report()).mode & 0o777).toBe(0o600);
    const page = readFileSync(report(), 'utf8');
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).toContain('ada/person_a_1.jpg');
    expect(page).toContain('d &amp; &lt;d&gt;/impostor_2.jpg');
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    // Two pairs of one person and twelve of two, each of two faces.
    const thumbnails = [...page.matchAll(/data:image\/jpeg;base64,([^"]+)"/g)].map(([, data = '']) => data);
    expect(thumbnails).toHaveLength(28);
    const { width = 0, height = 0 } = await sharp(Buffer.from(thumbnails[0] as string, 'base64')).metadata();
    expect(Math.max(width, height)).toBe(160);
  });

  it('leaves faces out of the page when it is told to', async () => {
    await run(people, '--no-thumbnails', '--report', report());
    expect(readFileSync(report(), 'utf8')).not.toContain('data:image');
  });

  it('says what is missing', async () => {
    expect(await run()).toMatchObject({ code: 78, stderr: expect.stringContaining('rollcall calibrate FOLDER') });
    expect(await run(join(people, 'ada'))).toMatchObject({ code: 78, stderr: expect.stringContaining('two people') });
    expect(await run(people, '--far', 'few')).toMatchObject({ code: 78, stderr: expect.stringContaining('0.0001') });
  });
});
