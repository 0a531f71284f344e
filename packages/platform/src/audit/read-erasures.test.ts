import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditLog } from './audit-log.js';
import { readAuditErasures } from './read-erasures.js';

const KEY = Buffer.alloc(32, 1);
const PHOTO = 'employees/1003/face_2.jpg';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-erasures-'));
  file = join(folder, 'audit.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('erasures in the audit log', () => {
  it('are found by name with the key, though no line has the name', async () => {
    const before = new Date();
    const onError = (error: unknown) => expect.fail(`${error}`);
    const log = createAuditLog({ file, key: KEY, retentionDays: 365, onError });
    await log.record({ action: 'verify', outcome: 'verified', employee: '1001' });
    await log.record({ action: 'erase', outcome: 'done', employee: '1002' });
    await log.record({ action: 'erase_photo', outcome: 'done', employee: '1003', photo: PHOTO });
    await log.record({ action: 'token_revoke', outcome: 'done', token: 'ab12' });
    // As an API that only hears of it does.
    await log.record({ action: 'enroll', outcome: 'done', employee: '1004' });
    await log.redact('1004');
    await log.close();

    const text = readFileSync(file, 'utf8');
    for (const name of ['1002', '1004', PHOTO]) expect(text).not.toContain(`"${name}"`);
    const erasures = await readAuditErasures({ file, key: KEY }, before);
    expect(erasures.employeeErasedAt('1001')).toBeUndefined();
    expect(erasures.employeeErasedAt('1002')).toBeGreaterThanOrEqual(before.getTime());
    expect(erasures.employeeErasedAt('1003')).toBeUndefined();
    expect(erasures.employeeErasedAt('1004')).toBeGreaterThanOrEqual(before.getTime());
    expect(erasures.photoErasedAt(PHOTO)).toBeGreaterThanOrEqual(before.getTime());
    expect(erasures.photoErasedAt('employees/1003/face_1.jpg')).toBeUndefined();
    expect([...erasures.revokedTokens]).toEqual(['ab12']);
    expect(erasures.knownUntil).toBeGreaterThanOrEqual(before.getTime());

    const later = await readAuditErasures({ file, key: KEY }, new Date(Date.now() + 1000));
    expect(later.employeeErasedAt('1002')).toBeUndefined();
    const wrong = await readAuditErasures({ file, key: Buffer.alloc(32, 2) }, before);
    expect(wrong.employeeErasedAt('1002')).toBeUndefined();
  });
});
