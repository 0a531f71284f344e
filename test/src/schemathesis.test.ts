import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photoPath } from './support/client.js';
import { schemathesis } from './support/python.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { ROOT } from './support/sources.js';
import { createToken } from './support/tokens.js';

/** Requests for each operation, made up from its description; the seed makes them the same in every run. */
const EXAMPLES = 20;
const SEED = 20261127;

const folder = temporaryFolder();
const photos = join(folder.path, 'photos');
/** Takes what it is told. */
const listener = createServer((_request, response) => response.end());
let system: System;
let token: string;
let callbackUrl: string;

beforeAll(async () => {
  mkdirSync(photos);
  for (const name of ['person_a_1.jpg', 'impostor_1.jpg']) copyFileSync(photoPath(name), join(photos, name));
  const known = join(folder.path, 'data/employees/1001');
  mkdirSync(known, { recursive: true });
  copyFileSync(photoPath('person_a_2.jpg'), join(known, 'face_1.jpg'));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  callbackUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const settings = { DATA_DIR: join(folder.path, 'data'), WORKER_PROCESSES: '1' };
  token = await createToken(settings, 'schemathesis', 'admin');
  system = await startSystem('start', {
    ...settings,
    CALLBACK_HOSTS: `${callbackUrl}=127.0.0.0/8`,
    CALLBACK_SECRET: 'x'.repeat(32),
    // Nobody is locked out by requests that are made up.
    FAILED_VERIFICATIONS_PER_EMPLOYEE: '100000',
    FAILED_VERIFICATIONS_PER_TOKEN: '100000',
  });
});
afterAll(async () => {
  await system.stop();
  listener.close();
  folder.remove();
});

describe.skipIf(schemathesis.isMissing())('schemathesis', { timeout: 180_000 }, () => {
  it('finds no reply that the description does not have, and no request that is wrongly taken', async () => {
    const { code, output } = await run([
      'run',
      `${system.url}/openapi.json`,
      ...['--url', system.url],
      ...['--header', `Authorization: Bearer ${token}`],
      ...['--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', `${EXAMPLES}`, '--seed', `${SEED}`],
      // A valid request can be refused: a face that does not match is 400 in the words of the original.
      ...['--exclude-checks', 'positive_data_acceptance'],
      '--continue-on-failure',
      '--no-color',
    ]);
    // What it found, for a person to read.
    process.stdout.write(`${output.slice(output.indexOf('= SUMMARY')).replace(/^= SUMMARY =*\n/, '')}\n`);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(output).toMatch(/Tested: 1\d/);
  });
});

function run(operands: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  // biome-ignore lint/style/noProcessEnv: the child needs the PATH and nothing else of ours
  const { PATH = '' } = process.env;
  const env = {
    PATH,
    HOME: folder.path,
    SCHEMATHESIS_HOOKS: join(ROOT, 'test/schemathesis/hooks.py'),
    ROLLCALL_PHOTOS: photos,
    ROLLCALL_CALLBACK_URL: callbackUrl,
  };
  return new Promise((resolve) => {
    execFile(
      schemathesis.require(),
      operands,
      { cwd: folder.path, env, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: `${stdout}${stderr}` });
      },
    );
  });
}
