import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AuditReply, auditReplySchema, employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { form, photo, photoPath, post } from './support/client.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';
import { bearer, createToken, idOf } from './support/tokens.js';
import { until } from './support/until.js';

const CLI = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

// Every act leaves a trace, in one file, whoever acted.
const folder = temporaryFolder();
const auditFile = join(folder.path, 'audit.jsonl');
const settings = { DATA_DIR: folder.path, WORKER_PROCESSES: '1', AUDIT_LOG_FILE: auditFile };
let system: System;
let gate: string;
let admin: string;

type Line = Readonly<Record<string, unknown>>;
const lines = (): Line[] =>
  readFileSync(auditFile, 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
const line = (what: string, wanted: Line) =>
  until(`the audit log tells of ${what}`, () =>
    lines().find((found) => Object.entries(wanted).every(([name, value]) => found[name] === value)),
  );
const verify = () => runNode(CLI, ['audit', 'verify'], settings);

beforeAll(async () => {
  gate = await createToken(settings, 'gate', 'verify', '--gates', 'north');
  admin = await createToken(settings, 'admin', 'admin');
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix('1001')}face_1.jpg`, await photo('person_a_1.jpg'));
  await store.put(`${employeePrefix('leaver')}face_1.jpg`, await photo('person_b_1.jpg'));
  system = await startSystem('start', settings);
});
afterAll(async () => {
  await system?.stop();
  folder.remove();
});

it('tells who verified whom, where, when and with what outcome', async () => {
  const headers = { ...bearer(gate), 'x-request-id': 'audited-1' };
  const { body } = await post(`${system.url}/v1/verifications`, form('1001', await photo('person_a_2.jpg')), headers);
  const decided = await line('the decision', { request_id: 'audited-1', outcome: 'verified' });
  expect(decided).toMatchObject({
    action: 'verify',
    token: idOf(gate),
    gate: 'north',
    address: '127.0.0.1',
    employee: '1001',
    distance: body.distance,
    job_id: body.job_id,
  });
  expect(Math.abs(Date.parse(`${decided.time}`) - Date.now())).toBeLessThan(60_000);
  expect(await line('the acceptance', { request_id: 'audited-1', outcome: 'accepted' })).toMatchObject({
    action: 'verify',
  });

  await post(`${system.url}/recognize_face`, form('1001', await photo('person_b_2.jpg')), {
    ...bearer(gate),
    'x-request-id': 'audited-2',
  });
  await line('a mismatch', { request_id: 'audited-2', outcome: 'not_matched', employee: '1001' });
});

it('tells the decision of a job that nobody waits for', async () => {
  const headers = { ...bearer(gate), 'x-request-id': 'audited-3', prefer: 'respond-async' };
  await post(`${system.url}/v1/verifications`, form('1001', await photo('person_a_2.jpg')), headers);
  await line('the decision', { request_id: 'audited-3', outcome: 'verified' });
});

it('tells of everything else that is done', async () => {
  const as = (id: string) => ({ ...bearer(admin), 'x-request-id': id });
  const call = (method: string, path: string, id: string) => fetch(system.url + path, { method, headers: as(id) });
  const image = await photo('person_a_2.jpg');

  await post(`${system.url}/v1/employees/1001/faces`, form(undefined, image), as('enrolled'));
  await line('an enrolment', { request_id: 'enrolled', action: 'enroll', outcome: 'added', employee: '1001' });
  await post(`${system.url}/v1/identifications`, form(undefined, image), as('identified'));
  await line('an identification', {
    request_id: 'identified',
    action: 'identify',
    outcome: 'identified',
    employee: '1001',
  });
  await post(`${system.url}/v1/assessments`, form(undefined, image), as('assessed'));
  await line('an assessment', { request_id: 'assessed', action: 'assess', outcome: 'fit' });
  await call('GET', '/v1/employees', 'listed');
  await line('a list', { request_id: 'listed', action: 'read' });
  await call('GET', '/v1/employees/1001/faces/face_1.jpg', 'seen');
  await line('a look at a photo', { request_id: 'seen', action: 'read_photo', outcome: 'done', employee: '1001' });
  await call('DELETE', '/v1/employees/1001/faces/face_2.jpg', 'erased-photo');
  await line('an erased photo', { request_id: 'erased-photo', action: 'erase_photo', outcome: 'done' });
  await fetch(`${system.url}/v1/employees`, { headers: { 'x-request-id': 'stranger' } });
  await line('a refusal', { request_id: 'stranger', action: 'access', outcome: 'unauthorized' });
  await fetch(`${system.url}/v1/employees`, { headers: { ...bearer(gate), 'x-request-id': 'too-much' } });
  await line('a missing scope', { request_id: 'too-much', outcome: 'insufficient_scope', token: idOf(gate) });

  await line('a command', { action: 'token_create', token: idOf(gate) });
});

it('is told to an administrator, newest first, by action and employee', async () => {
  const ask = async (query: string) => {
    const reply = await fetch(`${system.url}/v1/audit?${query}`, { headers: bearer(admin) });
    return { status: reply.status, body: (await reply.json()) as AuditReply };
  };
  const { status, body } = await ask('');
  expect(status).toBe(200);
  expect(auditReplySchema.parse(body)).toEqual(body);
  const times = body.entries.map(({ time }) => time);
  expect(times).toEqual([...times].sort().reverse());
  expect(body.complete).toBe(true);

  const verified = (await ask('limit=1&action=verify&employee=1001')).body.entries;
  expect(verified).toMatchObject([{ action: 'verify', employee: '1001', gate: 'north', token: idOf(gate) }]);
  const several = (await ask('action=identify&action=enroll')).body.entries;
  expect(new Set(several.map(({ action }) => action))).toEqual(new Set(['identify', 'enroll']));
  expect((await ask('employee=nobody')).body).toEqual({ entries: [], complete: true });
  expect((await ask(`since=${new Date(Date.now() + 60_000).toISOString()}`)).body.entries).toEqual([]);
  for (const wrong of [
    'limit=0',
    'limit=501',
    'limit=x',
    'action=nothing',
    'employee=a/b',
    'since=yesterday',
    'since=',
  ]) {
    expect([wrong, (await ask(wrong)).status]).toEqual([wrong, 400]);
  }
  await line('a look at the log', { action: 'read_audit', token: idOf(admin), employee: '1001' });
});

it('tells of imported photos', async () => {
  const source = join(folder.path, 'source/imported');
  mkdirSync(source, { recursive: true });
  copyFileSync(photoPath('impostor_1.jpg'), join(source, 'face_1.jpg'));
  expect(await runNode(CLI, ['import', join(folder.path, 'source')], settings)).toMatchObject({ code: 0 });
  await line('an import', { action: 'import', employee: 'imported', outcome: 'added' });
});

it('keeps of an erased employee a keyed hash and no name', async () => {
  await post(`${system.url}/v1/verifications`, form('leaver', await photo('person_b_2.jpg')), bearer(gate));
  const { employee_ref: ref } = await line('the leaver', { employee: 'leaver', outcome: 'verified' });
  const url = `${system.url}/v1/employees/leaver`;
  const erased = await fetch(url, { method: 'DELETE', headers: { ...bearer(admin), 'x-request-id': 'erasure' } });
  expect(erased.status).toBe(200);
  expect(await line('the erasure', { request_id: 'erasure', action: 'erase' })).toMatchObject({ employee_ref: ref });
  expect(lines().filter(({ employee_ref }) => employee_ref === ref).length).toBeGreaterThan(3);
  const asked = await fetch(`${system.url}/v1/audit?employee=leaver`, { headers: bearer(admin) });
  const { entries } = (await asked.json()) as AuditReply;
  expect(entries.length).toBeGreaterThan(2);
  expect(entries.filter(({ employee }) => employee !== null)).toEqual([]);
  for (const name of readdirSync(folder.path).filter((file) => file.startsWith('audit'))) {
    expect([name, readFileSync(join(folder.path, name), 'utf8').includes('leaver')]).toEqual([name, false]);
  }
  // Nor do the logs know anybody's name.
  expect(system.output()).not.toContain('leaver');
});

it('holds no photo, embedding or token, and is intact while it is written and after the end', async () => {
  const text = readFileSync(auditFile, 'utf8');
  for (const token of [gate, admin]) expect(text).not.toContain(token.split('_').slice(2).join('_'));
  for (const found of lines()) expect(JSON.stringify(found).length).toBeLessThan(1500);
  expect(await verify()).toMatchObject({ code: 0 });
  await system.stop();
  expect(await verify()).toMatchObject({ code: 0 });
});
