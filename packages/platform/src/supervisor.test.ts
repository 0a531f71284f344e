import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EXIT_CONFIGURATION } from './lifecycle.js';
import { createLogger } from './logger.js';
import { startSupervisor } from './supervisor.js';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-supervisor-'));
const errorLogFile = join(folder, 'logs', 'error_log.txt');
const logger = createLogger('test', { logLevel: 'fatal', errorLogFile, logRetentionDays: 1 });
afterAll(() => rmSync(folder, { recursive: true }));

function script(code: string): ChildProcess {
  return spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

const READY_AND_STAY = 'process.send({ ready: true }); setInterval(() => {}, 1000)';

it('restarts a killed process, and ends all when told', async () => {
  const children: ChildProcess[] = [];
  const supervisor = startSupervisor({
    name: 'test',
    processes: 2,
    start: () => {
      const child = script(READY_AND_STAY);
      children.push(child);
      return child;
    },
    logger,
    onFatal: () => undefined,
  });
  expect(await supervisor.ready).toHaveLength(2);
  children[0]?.kill('SIGKILL');
  await expect.poll(() => children.length, { timeout: 10_000 }).toBe(3);
  await once(children[2] as ChildProcess, 'message');
  await supervisor.stop();
  expect(children.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual(['SIGKILL', 'SIGTERM', 'SIGTERM']);
});

it('waits longer after each crash', async () => {
  const starts: number[] = [];
  const supervisor = startSupervisor({
    name: 'test',
    processes: 1,
    start: () => {
      starts.push(Date.now());
      return script('process.exit(1)');
    },
    logger,
    onFatal: () => undefined,
  });
  await expect.poll(() => starts.length, { timeout: 15_000 }).toBe(4);
  await supervisor.stop();
  const [a = 0, b = 0, c = 0, d = 0] = starts;
  expect(b - a).toBeGreaterThanOrEqual(250);
  expect(c - b).toBeGreaterThanOrEqual(500);
  expect(d - c).toBeGreaterThanOrEqual(1000);
});

it('does not restart what no restart can help', async () => {
  let starts = 0;
  await new Promise<void>((resolve) => {
    startSupervisor({
      name: 'test',
      processes: 1,
      start: () => {
        starts++;
        return script(`process.exit(${EXIT_CONFIGURATION})`);
      },
      logger,
      onFatal: resolve,
    });
  });
  expect(starts).toBe(1);
});

it('keeps errors, and only errors, in the error log file as JSON lines', () => {
  createLogger('test', { logLevel: 'fatal', errorLogFile, logRetentionDays: 1 });
  const verbose = createLogger('test', { logLevel: 'error', errorLogFile, logRetentionDays: 1 });
  verbose.warn('not for the file');
  verbose.error({ request_id: 'r1' }, 'for the file');
  const lines = readFileSync(errorLogFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ request_id }) => request_id === 'r1')).toMatchObject([
    { level: 'error', msg: 'for the file' },
  ]);
  expect(lines.some(({ msg }) => msg === 'not for the file')).toBe(false);
});
