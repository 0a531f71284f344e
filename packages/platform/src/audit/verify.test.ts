import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry, AuditLine } from './audit-entry.js';
import { auditFiles } from './audit-files.js';
import { createAuditLog } from './audit-log.js';
import { type AuditReport, verifyAudit } from './verify.js';

const KEY = Buffer.alloc(32, 7);
const root = mkdtempSync(join(tmpdir(), 'rollcall-audit-'));
afterAll(() => rmSync(root, { recursive: true }));

const ENTRY: AuditEntry = {
  action: 'verify',
  outcome: 'verified',
  token: 'gate-a',
  gate: 'north',
  address: '10.0.0.7',
  employee: '1001',
  distance: 0.41,
  job_id: 'job-1',
  request_id: 'request-1',
  detail: { photos: 2 },
};

async function writeChain(file: string, entries: readonly AuditEntry[], options: { maxFileBytes?: number } = {}) {
  const log = createAuditLog({
    file,
    key: KEY,
    retentionDays: 365,
    onError: (error) => expect.fail(`${error}`),
    ...options,
  });
  for (const entry of entries) await log.record(entry);
  await log.close();
}

function times(count: number, employee: string): AuditEntry[] {
  return Array.from({ length: count }, (_, i) => ({ ...ENTRY, employee, request_id: `request-${i}` }));
}

const linesIn = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');
const writeLines = (file: string, lines: readonly string[]) => writeFileSync(file, `${lines.join('\n')}\n`);

async function verify(file: string): Promise<AuditReport> {
  return await verifyAudit({ file, key: KEY });
}

/** Kind and line of each problem. */
async function problemsOf(file: string): Promise<string[]> {
  return (await verify(file)).problems.map(({ kind, line, file }) => `${basename(file)}:${line} ${kind}`);
}

/** Three chains of five entries, 21 lines, in one file. */
const original = join(root, 'original', 'audit.jsonl');
/** The same over several files. */
const rotated = join(root, 'rotated', 'audit.jsonl');

beforeAll(async () => {
  for (const employee of ['1001', '1002', '1003']) {
    await writeChain(original, times(5, employee));
    await writeChain(rotated, times(5, employee), { maxFileBytes: 1500 });
  }
});

let copies = 0;
function copyOf(file: string): string {
  const folder = join(root, `copy-${copies++}`);
  cpSync(dirname(file), folder, { recursive: true });
  return join(folder, basename(file));
}

function change(file: string, edit: (lines: string[]) => string[]): string {
  const copy = copyOf(file);
  writeLines(copy, edit(linesIn(copy)));
  return copy;
}

function withField(line: string | undefined, name: string, value: unknown): string {
  return JSON.stringify({ ...JSON.parse(line ?? ''), [name]: value });
}

describe('a log as it was written', () => {
  it('verifies, in one file and in many', async () => {
    expect(await verify(original)).toMatchObject({ lines: 21, chains: 3, torn: 0, problems: [], isKeyRight: true });
    const report = await verify(rotated);
    expect(report).toMatchObject({ lines: 21, chains: 3, problems: [] });
    expect(report.files.length).toBeGreaterThan(3);
    expect(report.files.at(-1)?.head).toMatchObject({ seq: 6 });
  });

  it('names the employee by an id and by a reference, and has one line below 4 KiB for the longest entry', async () => {
    const file = join(root, 'long', 'audit.jsonl');
    const long = '€'.repeat(1000);
    await writeChain(file, [
      {
        ...ENTRY,
        token: long,
        gate: long,
        address: long,
        employee: long,
        job_id: long,
        request_id: long,
        outcome: long,
      },
      { ...ENTRY, detail: { long }, employee: null, token: 'a\u001b[31m\u009b\n\ud800b' },
    ]);
    const [, first = '', second = ''] = linesIn(file);
    expect(Buffer.byteLength(first)).toBeLessThan(4096);
    expect(JSON.parse(first)).toMatchObject({
      employee: '€'.repeat(64),
      employee_ref: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(JSON.parse(second)).toMatchObject({ token: 'a?[31m???b', detail: { left_out: 'too large' } });
    expect(second).not.toMatch(/employee/);
    expect(await problemsOf(file)).toEqual([]);
  });
});

describe('tampering', () => {
  const fields = Object.keys(JSON.parse(linesOfFirstEntry()));

  function linesOfFirstEntry(): string {
    const line: Omit<AuditLine, 'hash'> & { hash: string } = {
      chain: '',
      seq: 1,
      time: '',
      ...ENTRY,
      token: '',
      gate: '',
      address: '',
      employee: '',
      employee_ref: '',
      distance: 0,
      job_id: '',
      request_id: '',
      detail: {},
      prev: '',
      hash: '',
    };
    return JSON.stringify(line);
  }

  it.each(fields)('with %s is found', async (name) => {
    const value = ['seq', 'distance'].includes(name) ? 9 : name === 'detail' ? { photos: 3 } : 'forged';
    const copy = change(original, (lines) => lines.with(3, withField(lines[3], name, value)));
    expect(await problemsOf(copy)).toContain('audit.jsonl:4 changed');
  });

  it('that only rewrites a line, adds a field or takes the employee away is found', async () => {
    for (const edit of [
      (line: string) => line.replace('"outcome":', '"outcome": '),
      (line: string) => line.replace('{"chain"', '{"extra":1,"chain"'),
      (line: string) => line.replace('"outcome":"verified"', '"outcome":"forged","outcome":"verified"'),
      (line: string) => line.replace(',"employee":"1001"', ''),
      (line: string) => line.replace('"employee":"1001"', '"employee":"1002"'),
      (line: string) => line.replace('"employee":"1001"', '"employee":""    '),
      (line: string) => line.slice(0, -20),
    ]) {
      const copy = change(original, (lines) => lines.with(3, edit(lines[3] ?? '')));
      expect(await problemsOf(copy), `${edit}`).toContain('audit.jsonl:4 changed');
    }
  });

  it.each<[string, (lines: string[]) => string[], string[]]>([
    ['the first line', (lines) => lines.slice(1), ['audit.jsonl:1 removed']],
    ['a middle line', (lines) => lines.toSpliced(3, 1), ['audit.jsonl:4 removed']],
    ['the last line', (lines) => lines.slice(0, -1), ['audit.jsonl:20 end_missing']],
    ['the last three lines', (lines) => lines.slice(0, -3), ['audit.jsonl:18 end_missing']],
    ['the end of an earlier chain', (lines) => lines.toSpliced(5, 2), ['audit.jsonl:5 end_missing']],
    ['the first chain', (lines) => lines.slice(7), ['audit.jsonl:1 chain_missing']],
    ['a middle chain', (lines) => lines.toSpliced(7, 7), ['audit.jsonl:8 chain_missing']],
    ['the last chain', (lines) => lines.slice(0, -7), [expect.stringMatching(/\.head:null chain_missing$/)]],
    ['everything', () => [], [expect.stringMatching(/\.head:null chain_missing$/)]],
  ])('that removes %s is found', async (_, edit, problems) => {
    expect(await problemsOf(change(original, edit))).toEqual(problems);
  });

  it('that removes a file is found, whichever', async () => {
    for (const file of auditFiles(rotated, readdirSync(dirname(rotated)))) {
      const copy = copyOf(rotated);
      unlinkSync(join(dirname(copy), basename(file)));
      expect(await problemsOf(copy), file).not.toEqual([]);
    }
  });

  it('that removes a head while its chain is open, or forges one, is found', async () => {
    const copy = change(original, (lines) => lines.slice(0, -1));
    const [head = ''] = readdirSync(dirname(copy)).filter((name) => name.endsWith('.head'));
    writeFileSync(
      join(dirname(copy), head),
      readFileSync(join(dirname(copy), head), 'utf8').replace('"seq":6', '"seq":5'),
    );
    expect(await problemsOf(copy)).toEqual([`${head}:null changed`]);
    unlinkSync(join(dirname(copy), head));
    expect(await problemsOf(copy)).toEqual(['audit.jsonl:20 end_missing']);
  });

  it('that inserts lines is found where they are', async () => {
    const [line = ''] = linesIn(original).slice(4, 5);
    const forged = withField(withField(line, 'seq', 7), 'outcome', 'forged');
    const places: [string[], string][] = [
      [linesIn(original).toSpliced(2, 0, line), 'audit.jsonl:3 inserted'],
      [linesIn(original).toSpliced(5, 0, line), 'audit.jsonl:6 inserted'],
      [[...linesIn(original), line], 'audit.jsonl:22 inserted'],
      [linesIn(original).toSpliced(3, 0, forged), 'audit.jsonl:4 changed'],
      [linesIn(original).toSpliced(3, 0, 'forged'), 'audit.jsonl:4 changed'],
    ];
    for (const [lines, problem] of places) expect(await problemsOf(change(original, () => lines))).toEqual([problem]);
    const copy = copyOf(rotated);
    const [oldest = '', second = ''] = auditFiles(copy, readdirSync(dirname(copy)));
    writeLines(second, [...linesIn(second), ...linesIn(oldest).slice(0, 1)]);
    expect(await problemsOf(copy)).toEqual([expect.stringMatching(/^audit-.*:\d+ inserted$/)]);
  });

  it('that swaps lines is found', async () => {
    const copy = change(original, (lines) => lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''));
    expect(await problemsOf(copy)).toEqual(['audit.jsonl:3 inserted', 'audit.jsonl:5 removed']);
  });

  it('of any byte and of any line is found', { timeout: 120_000 }, async () => {
    const source = join(root, 'property', 'audit.jsonl');
    await writeChain(source, [...times(3, 'Zoë'), ...times(2, '7')]);
    const log = createAuditLog({
      file: source,
      key: KEY,
      retentionDays: 365,
      onError: (error) => expect.fail(`${error}`),
    });
    await log.redact('Zoë');
    await log.close();
    const bytes = readFileSync(source);
    expect(await problemsOf(source)).toEqual([]);
    const copy = copyOf(source);
    const detects = async (changed: Buffer) => {
      writeFileSync(copy, changed);
      return (await verify(copy)).problems.length > 0;
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ mask;
        return await detects(changed);
      }),
      { seed: 20_260_101, numRuns: 1000 },
    );
    const lines = linesIn(source);
    await fc.assert(
      fc.asyncProperty(fc.nat(lines.length - 1), fc.integer({ min: 1, max: 3 }), async (at, count) =>
        detects(
          Buffer.from(
            lines
              .toSpliced(at, count)
              .map((line) => `${line}\n`)
              .join(''),
          ),
        ),
      ),
      { seed: 20_260_101, numRuns: 100 },
    );
  });

  it('says so when the key is another', async () => {
    const report = await verifyAudit({ file: original, key: Buffer.alloc(32, 8) });
    expect(report.isKeyRight).toBe(false);
  });

  it('needs a log and its key', async () => {
    await expect(verify(join(root, 'nowhere', 'audit.jsonl'))).rejects.toThrow(/There is no audit log .*nowhere/);
    await expect(verifyAudit({ file: original, key: undefined })).rejects.toThrow(/audit\.jsonl\.key/);
  });
});
