import { setTimeout as sleep } from 'node:timers/promises';
import { auditReplySchema } from '@rollcall/contracts';
import type { AuditEntry, AuditLine } from '@rollcall/platform';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { auditRoutes, type ReadAudit } from './audit.js';
import type { ApiEnvironment } from './context.js';

const line = (seq: number): AuditLine => ({
  chain: 'c',
  seq,
  prev: '',
  hash: '',
  time: new Date(seq).toISOString(),
  action: 'verify',
  outcome: 'verified',
  employee: '7',
  employee_ref: 'ref',
});

function appWith(readAudit: ReadAudit, maxSearchMs?: number) {
  const noted: AuditEntry[] = [];
  const app = new Hono<ApiEnvironment>();
  app.use(async (c, next) => {
    c.set('log', {});
    c.set('headers', {});
    c.set('principal', { tokenId: c.req.header('token') ?? null, gate: null, allows: () => true });
    await next();
  });
  const audit = { record: async (entry: AuditEntry) => void noted.push(entry) };
  app.route('/', auditRoutes({ audit, readAudit, ...(maxSearchMs !== undefined && { maxSearchMs }) }));
  return { app, noted };
}

it('reads no further than it is asked to, and tells no key, hash or reference', async () => {
  let read = 0;
  const { app } = appWith(async function* () {
    for (;;) yield { ...line(read++), employee: '' };
  });
  const reply = auditReplySchema.parse(await (await app.request('/?limit=3')).json());
  expect(read).toBe(3);
  expect(reply.complete).toBe(true);
  expect(reply.entries[0]).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    action: 'verify',
    outcome: 'verified',
    employee: null,
    distance: null,
    gate: null,
    token: null,
    address: null,
    request_id: null,
    job_id: null,
    detail: null,
  });
});

it('ends a search that takes too long with what it has found, and says so', async () => {
  const { app } = appWith(async function* ({ signal }) {
    yield line(1);
    while (!signal?.aborted) await sleep(5);
  }, 50);
  expect(await (await app.request('/')).json()).toMatchObject({ entries: [{ action: 'verify' }], complete: false });
});

it('notes who looks at whom, once in a while', async () => {
  const { app, noted } = appWith(async function* () {
    yield line(1);
  });
  for (const [token, query] of [
    ['a', ''],
    ['a', ''],
    ['a', 'employee=7'],
    ['a', 'employee=7'],
    ['a', 'employee=erased'],
    ['b', ''],
  ] as const) {
    await app.request(`/?${query}`, { headers: { token } });
  }
  // A minute may have begun meanwhile.
  expect(noted.length).toBeLessThan(6);
  const told = noted.map(({ token, employee }) => `${token} ${employee}`);
  expect(new Set(told)).toEqual(new Set(['a null', 'a 7', 'b null']));
  expect(noted[0]).toMatchObject({ action: 'read_audit', outcome: 'done' });
});
