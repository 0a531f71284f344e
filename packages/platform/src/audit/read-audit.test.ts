import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditLine } from './audit-entry.js';
import { auditFiles } from './audit-files.js';
import { type AuditLog, createAuditLog } from './audit-log.js';
import { type AuditFilter, readAudit } from './read-audit.js';

let folder: string;
let file: string;
let log: AuditLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-read-audit-'));
  file = join(folder, 'audit.jsonl');
  log = createAuditLog({
    file,
    key: undefined,
    retentionDays: 365,
    maxFileBytes: 5_000,
    onError: (error) => expect.fail(`${error}`),
  });
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

async function read(filter: AuditFilter = {}, limit = Number.POSITIVE_INFINITY): Promise<AuditLine[]> {
  const found: AuditLine[] = [];
  for await (const line of readAudit({ file, key: undefined }, filter)) {
    found.push(line);
    if (found.length >= limit) break;
  }
  return found;
}
const record = (action: AuditLine['action'], id: number, employee = `${id % 3}`) =>
  log.record({ action, outcome: 'done', employee, request_id: `${id}` });
const idsOf = (lines: readonly AuditLine[]) => lines.map(({ request_id }) => Number(request_id));
const downFrom = (newest: number, count: number) => Array.from({ length: count }, (_, index) => newest - index);

describe('reading the audit log', () => {
  it('goes back from the newest line through all files', async () => {
    for (let id = 0; id < 60; id++) await record('verify', id);
    expect(auditFiles(file, readdirSync(folder)).length).toBeGreaterThan(3);
    expect(idsOf(await read({ action: 'verify' }))).toEqual(downFrom(59, 60));
    expect(idsOf(await read({}, 7))).toEqual(downFrom(59, 7));
  });

  it('finds any of several actions, of one employee', async () => {
    for (let id = 0; id < 30; id++) await record((['verify', 'enroll', 'read'] as const)[id % 3] ?? 'read', id, '7');
    await log.record({ action: 'verify', outcome: 'done', employee: '8', detail: { like: '"action":"enroll"' } });
    const found = await read({ action: ['verify', 'enroll'], employee: '7' });
    expect(idsOf(found)).toEqual(downFrom(29, 30).filter((id) => id % 3 !== 2));
    expect(await read({ action: [] })).toEqual([]);
    expect(await read({ action: 'erase' })).toEqual([]);
    expect(await read({ employee: 'nobody' })).toEqual([]);
  });

  it('finds what was noted since a time, and opens no file that was full before', async () => {
    for (let id = 0; id < 40; id++) await record('verify', id);
    await sleep(5);
    const since = new Date();
    for (let id = 40; id < 60; id++) await record('verify', id);
    expect(idsOf(await read({ since, action: 'verify' }))).toEqual(downFrom(59, 20));
    const [oldest = ''] = auditFiles(file, readdirSync(folder));
    rmSync(oldest);
    expect(idsOf(await read({ since, action: 'verify' }))).toEqual(downFrom(59, 20));
  });

  it('ends when it is told to', async () => {
    for (let id = 0; id < 40; id++) await record('verify', id);
    const controller = new AbortController();
    const found: AuditLine[] = [];
    for await (const line of readAudit({ file, key: undefined }, { signal: controller.signal })) {
      if (found.push(line) === 5) controller.abort();
    }
    expect(found).toHaveLength(5);
    expect(await read({ signal: AbortSignal.abort() })).toEqual([]);
  });

  it('misses nothing and tells nothing twice while files are renamed', async () => {
    let newest = 0;
    let isOver = false;
    const writing = (async () => {
      for (; newest < 2_000; newest++) await record('verify', newest);
      isOver = true;
    })();
    await sleep(20);
    let readings = 0;
    for (; !isOver; readings++) {
      const known = newest - 1;
      const ids = idsOf(await read({ action: 'verify' }, 200));
      expect(ids[0]).toBeGreaterThanOrEqual(known);
      expect(ids).toEqual(downFrom(ids[0] ?? 0, ids.length));
    }
    await writing;
    expect(readings).toBeGreaterThan(5);
  });
});
