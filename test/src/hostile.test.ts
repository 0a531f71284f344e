import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { committedFiles } from './hostile/committed.js';
import { HOSTILE_FILES } from './hostile/corpus.js';
import { EXPECTATIONS, type Expectation } from './hostile/expectations.js';
import { form, photo, post } from './support/client.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/hostile/', import.meta.url));
/** In front of every uploaded file's name, so that it can be looked for in the logs. */
const NAME_MARK = 'unmistakable-';
const EMPLOYEE = '1001';

const folder = temporaryFolder();
const store = createBlobStore({ s3: undefined, dataDir: folder.path });
let system: System;

beforeAll(async () => {
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, await photo('person_a_1.jpg'));
  system = await startSystem('start', {
    DATA_DIR: folder.path,
    WORKER_PROCESSES: '2',
    FAILED_VERIFICATIONS_PER_EMPLOYEE: '1000',
    FAILED_VERIFICATIONS_PER_TOKEN: '1000',
  });
});
afterAll(async () => {
  await system.stop();
  folder.remove();
});

it('has exactly the committed files that the generator makes', async () => {
  const made = await committedFiles();
  expect((await readdir(FIXTURES)).sort()).toEqual([...made.keys()].sort());
  for (const [name, bytes] of made) expect((await readFile(FIXTURES + name)).equals(bytes), name).toBe(true);
});

describe.each(Object.entries(HOSTILE_FILES))('%s', (name, { verdict, make }) => {
  const expected: Expectation = EXPECTATIONS[verdict];
  const newcomer = `new ${name}`;
  let image: Blob;
  beforeAll(async () => {
    image = new Blob([Uint8Array.from(await make())]);
  });
  const send = (path: string, fields: Readonly<Record<string, string>> = {}) => {
    const data = new FormData();
    for (const [field, value] of Object.entries(fields)) data.set(field, value);
    data.set('image', image, NAME_MARK + name);
    return post(system.url + path, data);
  };

  it(`is ${verdict}`, async () => {
    const [verification, recognition, enrolment] = await Promise.all([
      send('/v1/verifications', { employee_id: EMPLOYEE }),
      send('/recognize_face', { employee_id: EMPLOYEE }),
      send(`/v1/employees/${encodeURIComponent(newcomer)}/faces`),
    ]);
    const { body } = verification;
    expect([verification.status, verification.status === 200 ? body.reason : body.code]).toEqual(expected.verification);
    expect([recognition.status, recognition.body.reason]).toEqual([...expected.recognition, undefined].slice(0, 2));
    expect(enrolment.status).toBe(expected.enrolment);
    expect((await store.list(employeePrefix(newcomer))).length > 0).toBe(expected.enrolment === 201);
  });
});

describe('after all of them', () => {
  it('no process has died, and a portrait is verified', async () => {
    expect(await post(`${system.url}/v1/verifications`, form(EMPLOYEE, await photo('person_a_2.jpg')))).toMatchObject({
      status: 200,
      body: { verified: true },
    });
    expect(system.output()).not.toMatch(/died/);
    expect(system.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('no upload is left', async () => {
    await until('every upload is gone', async () =>
      (await store.list('uploads/')).some(({ size }) => size > 0) ? undefined : true,
    );
  });

  it('the names of the files are nowhere in the logs', () => {
    expect(system.output()).not.toContain(NAME_MARK);
  });
});
