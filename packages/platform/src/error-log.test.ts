import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/src/support/rollcall.js';
import { createErrorLog } from './error-log.js';

const DAY_MS = 86_400_000;
const folder = temporaryFolder();
afterAll(folder.remove);

const line = (time: number, text: string) => `${JSON.stringify({ level: 'error', time: new Date(time), msg: text })}\n`;

it('keeps no line longer than the retention, whoever writes', () => {
  const file = join(folder.path, 'errors/error_log.txt');
  const start = Date.parse('2026-01-01T00:00:00Z');
  let day = 0;
  const now = () => start + day * DAY_MS;
  // Two processes in little.
  const logs = [1, 2].map(() => createErrorLog({ file, retentionDays: 10, now }));
  for (; day < 60; day++) {
    for (const log of logs) {
      log.expire();
      log.write(line(now(), `day ${day}`));
    }
    utimesSync(file, now() / 1000, now() / 1000);
    const kept = [file, `${file}.1`]
      .filter(existsSync)
      .flatMap((name) => readFileSync(name, 'utf8').trim().split('\n'));
    const days = kept.map((text) => Number(/day (\d+)/.exec(text)?.[1]));
    expect(Math.min(...days)).toBeGreaterThanOrEqual(day - 10);
    // And what is recent is there, twice.
    for (let recent = Math.max(0, day - 4); recent <= day; recent++) {
      expect(days.filter((other) => other === recent)).toHaveLength(2);
    }
  }
  day += 11;
  logs[0]?.expire();
  day += 11;
  logs[0]?.expire();
  expect([file, `${file}.1`].filter(existsSync)).toEqual([]);
});

it('is for its owner only, and survives what it cannot write', () => {
  const file = join(folder.path, 'own/error_log.txt');
  const log = createErrorLog({ file, retentionDays: 1 });
  log.write(line(Date.now(), 'x'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  createErrorLog({ file: join(folder.path, 'own'), retentionDays: 1 }).write('a folder is in the way\n');
});
