import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditLine } from './audit-entry.js';
import { auditFiles, rotatedName } from './audit-files.js';
import { type AuditLog, type AuditLogOptions, createAuditLog } from './audit-log.js';
import { readAudit } from './read-audit.js';
import { verifyAudit } from './verify.js';

const COMPILED = new URL('../../dist/audit/audit-log.js', import.meta.url).href;
const DAY_MS = 86_400_000;

let root: string;
let folder: string;
let file: string;
let children: ChildProcess[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rollcall-audit-'));
  folder = join(root, 'log');
  file = join(folder, 'audit.jsonl');
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

function openLog(options: Partial<AuditLogOptions> = {}): AuditLog {
  return createAuditLog({
    file,
    key: undefined,
    retentionDays: 365,
    onError: (error) => expect.fail(`${error}`),
    ...options,
  });
}

/** A process that opens the log as `log`, runs `code`, and writes a line when it has begun. */
function processWith(code: string, maxFileBytes = 10_485_760): ChildProcess {
  const script = `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { createAuditLog } from ${JSON.stringify(COMPILED)};
    const [file, maxFileBytes] = process.argv.slice(1);
    const log = createAuditLog({
      file, key: undefined, retentionDays: 365, maxFileBytes: Number(maxFileBytes),
      onError: (error) => { console.error(error); process.exit(1); },
    });
    console.log('begun');
    let done;
    ${code}`;
  const operands = ['--input-type=module', '-e', script, file, `${maxFileBytes}`];
  const child = spawn(process.execPath, operands, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

async function endOf(child: ChildProcess): Promise<unknown> {
  return child.exitCode ?? child.signalCode ?? (await once(child, 'exit')).find((value) => value !== null);
}

const recordMany = (employee: string, count: number) => `
  for (let i = 0; i < ${count}; i++) {
    done = log.record({ action: 'verify', outcome: 'verified', employee: '${employee}', request_id: String(i) });
    if (i % 10 === 0) await done;
  }`;

const files = () => (existsSync(folder) ? auditFiles(file, readdirSync(folder)) : []);
const everything = () =>
  files()
    .map((path) => readFileSync(path, 'utf8'))
    .join('');
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line): AuditLine => JSON.parse(line));

async function problems(): Promise<readonly unknown[]> {
  return (await verifyAudit({ file, key: undefined })).problems;
}

describe('the key', () => {
  it('is made once, for the owner only, whoever comes first', async () => {
    const processes = Array.from({ length: 4 }, () => processWith('await log.close();'));
    expect(await Promise.all(processes.map(endOf))).toEqual([0, 0, 0, 0]);
    expect(statSync(`${file}.key`).mode & 0o777).toBe(0o600);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(`${file}.key`, 'utf8'), 'base64')).toHaveLength(32);
    expect(readdirSync(folder).filter((name) => name.includes('.key'))).toEqual(['audit.jsonl.key']);
    expect(await verifyAudit({ file, key: undefined })).toMatchObject({ chains: 4, problems: [] });
  });

  it('is asked for when only the log is there, and must be one', async () => {
    await openLog().close();
    writeFileSync(`${file}.key`, 'too short');
    expect(() => openLog()).toThrow(/audit\.jsonl\.key, is not the base64 of 32 bytes/);
    unlinkSync(`${file}.key`);
    expect(() => openLog()).toThrow(/key of the audit log is missing: put .*audit\.jsonl\.key back, or set AUDIT_KEY/);
    expect(readdirSync(folder)).not.toContain('audit.jsonl.key');
  });
});

describe('several processes', () => {
  it('write to one log at once, while it is rotated under them', { timeout: 60_000 }, async () => {
    const code = (employee: string) => `${recordMany(employee, 500)} await log.close();`;
    const processes = ['a', 'b', 'c'].map((employee) => processWith(code(employee), 20_000));
    expect(await Promise.all(processes.map(endOf))).toEqual([0, 0, 0]);
    expect(files().length).toBeGreaterThan(10);
    expect(await problems()).toEqual([]);
    const seen = linesOf(everything()).filter(({ action }) => action === 'verify');
    // A line may be there twice when two processes rotate in the same moment, but none is lost.
    const names = new Set(seen.map(({ employee, request_id }) => `${employee}${request_id}`));
    expect(names.size).toBe(1500);
  });

  it('may begin while others rename the files', { timeout: 60_000 }, async () => {
    const other = processWith(
      "for (;;) await log.record({ action: 'read', outcome: 'ok' }).then(() => sleep(4));",
      2000,
    );
    await expect.poll(() => files().length, { timeout: 20_000 }).toBeGreaterThan(1);
    for (let i = 0; i < 150; i++) {
      await openLog().close();
      for (const path of files().slice(0, -10)) unlinkSync(path);
    }
    other.kill('SIGKILL');
  });

  it('may be killed while they write', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 5; round++) {
      const child = processWith(
        `await log.record({ action: 'read', outcome: 'ok' }); ${recordMany('1001', 1_000_000)}`,
      );
      await expect.poll(() => everything().split('"read"').length, { timeout: 20_000 }).toBe(round + 2);
      await sleep(round * 200);
      child.kill('SIGKILL');
      expect(await endOf(child)).toBe('SIGKILL');
      expect(await problems()).toEqual([]);
    }
    await openLog().close();
    expect(await verifyAudit({ file, key: undefined })).toMatchObject({ chains: 6, problems: [] });
    // The heads of the killed are in the next one's first line now.
    expect(readdirSync(folder).filter((name) => name.endsWith('.head'))).toHaveLength(1);
  });

  it('cannot be robbed of their last lines when they were killed', async () => {
    await endOf(processWith(`${recordMany('1001', 5)} await sleep(1500); process.kill(process.pid, 'SIGKILL');`));
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const rob = () => writeFileSync(file, readFileSync(file, 'utf8').replace(`${lines[5]}\n`, ''));
    const text = readFileSync(file, 'utf8');
    rob();
    expect(await problems()).toMatchObject([{ kind: 'end_missing', line: 5 }]);
    writeFileSync(file, text);
    await openLog().close();
    expect(await problems()).toEqual([]);
    rob();
    expect(await problems()).toMatchObject([{ kind: 'end_missing', line: 5 }]);
  });

  it('leave a torn line that harms no other', async () => {
    await endOf(processWith(`${recordMany('1001', 20)} await done; process.kill(process.pid, 'SIGKILL');`));
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const torn = lines.at(-1) ?? '';
    const before = `${lines.slice(0, -1).join('\n')}\n`;
    for (const length of [torn.length - 1, torn.length - 100, 40, 20, 1]) {
      const copy = join(root, `${length}`, 'audit.jsonl');
      cpSync(folder, dirname(copy), { recursive: true });
      writeFileSync(copy, before + torn.slice(0, length));
      expect(await verifyAudit({ file: copy, key: undefined })).toMatchObject({ torn: 1, problems: [] });
      await openLog({ file: copy }).close();
      expect(await verifyAudit({ file: copy, key: undefined })).toMatchObject({ torn: 1, chains: 2, problems: [] });
      // Another process that wrote at that moment has its line on the same one.
      const text = readFileSync(copy, 'utf8');
      writeFileSync(copy, text.replace(`${torn.slice(0, length)}\n`, torn.slice(0, length)));
      expect(await verifyAudit({ file: copy, key: undefined })).toMatchObject({ torn: 1, chains: 2, problems: [] });
    }
  });
});

describe('redaction', () => {
  it.each(['é "x" \\ \u2028', '1', 'Zoë 2', '员工'])('takes "%s" out of every file', async (id) => {
    processWith(`${recordMany('other', 5)} setInterval(() => {}, 1000);`, 2000);
    await expect.poll(() => everything().split('"other"').length, { timeout: 20_000 }).toBe(6);
    const log = openLog({ maxFileBytes: 2000 });
    for (let i = 0; i < 12; i++) {
      await log.record({ action: 'verify', outcome: 'verified', employee: i % 3 === 0 ? 'another' : id });
    }
    await log.record({ action: 'erase', outcome: 'erased', employee: id });
    expect(files().length).toBeGreaterThan(2);
    const sizes = files()
      .slice(0, -1)
      .map((path) => statSync(path).size);
    expect(await log.redact(id)).toBe(8);
    expect(
      files()
        .slice(0, sizes.length)
        .map((path) => statSync(path).size),
    ).toEqual(sizes);
    const quoted = JSON.stringify(id);
    expect(everything()).not.toContain(`"employee":${quoted}`);
    if (id.length > 1) {
      expect(everything()).not.toContain(quoted.slice(1, -1));
      expect(everything()).not.toContain(id);
    }
    expect(everything().match(/"employee":"another"/g)).toHaveLength(4);
    expect(await problems()).toEqual([]);
    expect(await log.redact(id)).toBe(0);

    // Whoever comes back is named again, and may go again.
    await log.record({ action: 'enroll', outcome: 'added', employee: id });
    expect(everything().split(`"employee":${quoted}`)).toHaveLength(2);
    expect(await problems()).toEqual([]);
    expect(await log.redact(id)).toBe(1);
    await log.close();
    expect(await verifyAudit({ file, key: undefined })).toMatchObject({ problems: [] });
  });

  it('reaches what a crash left of a line, and the line of another process behind it', async () => {
    const log = openLog();
    for (const employee of ['1001', '1002']) await log.record({ action: 'verify', outcome: 'verified', employee });
    await log.close();
    const [opened = '', first = '', second = '', closed = ''] = readFileSync(file, 'utf8').trimEnd().split('\n');
    const { employee_ref } = JSON.parse(first);
    const torn = JSON.stringify({
      ...JSON.parse(second),
      chain: 'f'.repeat(16),
      seq: 0,
      employee_ref,
      employee: '1001',
    });
    const id = torn.indexOf('1001"', torn.indexOf('"employee":'));
    // Killed within the id, after it, or later; another process had not noticed.
    for (const length of [id + 2, id + 5, torn.length - 1]) {
      const copy = join(root, `${length}`, 'audit.jsonl');
      cpSync(folder, dirname(copy), { recursive: true });
      const text = [opened, torn.slice(0, length) + first, second, closed, ''].join('\n');
      writeFileSync(copy, text);
      const again = openLog({ file: copy });
      expect(await again.redact('1001')).toBe(2);
      expect(await again.redact('1001')).toBe(0);
      await again.close();
      const redacted = readFileSync(copy, 'utf8').slice(0, text.length);
      expect(redacted).not.toMatch(/"employee":"10(?!02)/);
      expect(redacted).toContain('"employee":"1002"');
      expect(await verifyAudit({ file: copy, key: undefined })).toMatchObject({ torn: 1, problems: [] });
    }
  });

  it('without an erasure that follows is found', async () => {
    const log = openLog();
    await log.record({ action: 'verify', outcome: 'verified', employee: '1001' });
    await log.redact('1001');
    await log.record({ action: 'verify', outcome: 'verified', employee: '1001' });
    await log.record({ action: 'verify', outcome: 'verified', employee: '1002' });
    await log.close();
    expect(await problems()).toEqual([]);
    const text = readFileSync(file, 'utf8');
    for (const id of ['1001', '1002']) {
      writeFileSync(file, text.replace(`"employee":"${id}"`, '"employee":""    '));
      expect(await problems()).toMatchObject([
        { kind: 'changed', message: expect.stringContaining('no erasure follows') },
      ]);
    }
  });

  it('finds the lines of an employee by the reference', async () => {
    const log = openLog();
    await log.record({ action: 'verify', outcome: 'verified', employee: '1001', distance: 0.4 });
    await log.redact('1001');
    await log.record({ action: 'verify', outcome: 'not_matched', employee: '1001', distance: 0.9 });
    await log.record({ action: 'verify', outcome: 'not_matched', employee: '1002', distance: 0.9 });
    await log.close();
    const found: AuditLine[] = [];
    for await (const line of readAudit({ file, key: undefined }, { employee: '1001', action: 'verify' }))
      found.push(line);
    expect(found).toMatchObject([
      { outcome: 'not_matched', employee: '1001' },
      { outcome: 'verified', employee: '' },
    ]);
  });
});

describe('retention', () => {
  it('removes old files, says which lines they had, and nothing else may be missing', async () => {
    for (let i = 0; i < 3; i++) {
      const log = openLog({ maxFileBytes: 1500 });
      for (let j = 0; j < 8; j++) await log.record({ action: 'verify', outcome: 'verified', employee: '1001' });
      await log.close();
    }
    // All but the last three become old.
    renameToThePast(files().slice(0, -3));
    const aged = files();
    await openLog({ retentionDays: 1 / DAY_MS }).close();
    const after = files();
    expect(after.length).toBeLessThan(aged.length);
    expect(linesOf(everything()).some(({ action }) => action === 'trimmed')).toBe(true);
    expect(await problems()).toEqual([]);
    unlinkSync(after[0] ?? '');
    expect(await problems()).not.toEqual([]);
  });

  function renameToThePast(paths: readonly string[]): void {
    for (const [n, path] of paths.entries()) {
      renameSync(path, rotatedName(file, new Date(Date.UTC(2020, 0, 1)), '0'.repeat(16), n));
    }
  }

  it('holds for a log of few lines as well, while a process runs for months and others come and go', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: Date.UTC(2026, 0, 1) });
    try {
      const options = { retentionDays: 30 };
      const log = openLog(options);
      for (let day = 0; day < 90; day++) {
        await log.record({ action: 'verify', outcome: 'verified', request_id: `${day}` });
        if (day % 10 === 0) await openLog(options).close();
        vi.advanceTimersByTime(DAY_MS);
        await log.record({ action: 'read', outcome: 'done' });
        // A line stays for 30 days, and then until its file, of two weeks at most, and the sweep of a day are over.
        await expect.poll(() => daysKept()[0], { interval: 5 }).toBeGreaterThanOrEqual(day + 1 - 30 - 16);
        expect(daysKept()[0]).toBeLessThanOrEqual(Math.max(0, day + 1 - 30));
        expect(daysKept().at(-1)).toBe(day);
      }
      await log.close();
      expect(await problems()).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  const daysKept = () => linesOf(everything()).flatMap(({ request_id }) => (request_id ? [Number(request_id)] : []));

  it('keeps an old file that is still being written', async () => {
    const log = openLog({ maxFileBytes: 1500 });
    for (let j = 0; j < 8; j++) await log.record({ action: 'verify', outcome: 'verified', employee: '1001' });
    await log.close();
    renameToThePast(files().slice(0, -1));
    const count = files().length;
    await openLog({ retentionDays: 1 }).close();
    expect(files()).toHaveLength(count);
    expect(await problems()).toEqual([]);
  });
});

describe('a failure', () => {
  it('at the start is one sentence', () => {
    writeFileSync(join(root, 'taken'), '');
    expect(() => openLog({ file: join(root, 'taken', 'audit.jsonl') })).toThrow(
      /The audit log .*audit\.jsonl cannot be opened \(ENOTDIR|EEXIST\)/,
    );
  });

  it('while the file is renamed loses nothing: another process may rename it first', async () => {
    const log = openLog({ maxFileBytes: 1500 });
    await log.record({ action: 'verify', outcome: 'verified', request_id: 'first' });
    renameSync(file, rotatedName(file, new Date(), 'f'.repeat(16), 1));
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => log.record({ action: 'verify', outcome: 'verified', request_id: `${i}` })),
    );
    await log.close();
    const ids = new Set(linesOf(everything()).map(({ request_id }) => request_id));
    expect([...ids].filter((id) => id !== undefined)).toHaveLength(9);
    expect(await verifyAudit({ file, key: undefined })).toMatchObject({ chains: 2, problems: [] });
  });

  it('that lasts is told, and afterwards the log goes on and says how much is lost', async () => {
    const errors: unknown[] = [];
    const log = openLog({ onError: (error) => errors.push(error), maxFileBytes: 1500 });
    const record = (request_id: string) => log.record({ action: 'verify', outcome: 'verified', request_id });
    await record('first');
    const aside = join(root, 'aside');
    renameSync(file, aside);
    const during = Array.from({ length: 8 }, (_, i) => record(`${i}`));
    await sleep(200);
    mkdirSync(file);
    await Promise.all(during);
    expect(errors.length).toBeGreaterThan(0);
    const lost = errors.length;
    rmdirSync(file);
    renameSync(aside, file);
    await record('after');
    await log.close();
    expect(linesOf(everything()).findLast(({ action }) => action === 'opened')?.detail).toMatchObject({ lost });
    expect(linesOf(everything()).at(-2)?.request_id).toBe('after');
    expect(await problems()).toEqual([]);
    await record('too late');
    expect(errors.at(-1)).toMatchObject({ message: 'The audit log is closed.' });
  });
});
