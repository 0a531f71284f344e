import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { failed, ok, runChecks, warning } from './check.js';
import { checkProvider } from './provider.js';
import { withoutCredentials } from './redact-url.js';
import { tableOf, verdictOf } from './report.js';
import { checkS3Clock } from './s3-clock.js';

const MEND = 'Look: true';

it('a check that hangs or breaks fails by itself, and the others are not held up', async () => {
  const findings = await runChecks([
    { name: 'hangs', mend: MEND, timeoutMs: 20, run: () => new Promise(() => undefined) },
    { name: 'breaks', mend: MEND, run: async () => Promise.reject(new Error('out of\n  luck')) },
    { name: 'works', mend: MEND, run: async () => [ok('one', 'fine'), warning('two', 'so so', MEND)] },
  ]);
  expect(findings).toEqual([
    { name: 'hangs', status: 'failed', seen: 'no answer within 0.02 s', mend: MEND },
    { name: 'breaks', status: 'failed', seen: 'out of luck', mend: MEND },
    { name: 'one', status: 'ok', seen: 'fine', mend: null },
    { name: 'two', status: 'warning', seen: 'so so', mend: MEND },
  ]);
});

it('a table has the mend below what it mends, and colours for a terminal only', () => {
  const findings = [ok('a', 'fine'), warning('long', 'so so', MEND), failed('b', 'bad', MEND)];
  expect(tableOf(findings, false)).toBe(
    `ok       a     fine
warning  long  so so
               → Look: true
failed   b     bad
               → Look: true

3 checks: 1 ok, 1 warning, 1 failed
`,
  );
  expect(tableOf(findings, true)).toContain('\u001b[31mfailed \u001b[39m  b');
  expect(verdictOf(findings)).toBe('failed');
  expect(verdictOf(findings.slice(0, 2))).toBe('warning');
  expect(verdictOf(findings.slice(0, 1))).toBe('ok');
});

it('a driver that crashes the process is told of', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-doctor-'));
  const script = join(folder, 'crash.mjs');
  writeFileSync(script, 'process.kill(process.pid, "SIGSEGV");');
  const findings = await runChecks([checkProvider({ executionProvider: 'cuda', precision: 'fp32' }, script)]);
  rmSync(folder, { recursive: true });
  expect(findings).toEqual([
    {
      ...{ name: 'provider', status: 'failed', seen: 'cuda: onnxruntime crashed (SIGSEGV)' },
      mend: 'Install what docs/gpu.md names, or use the processor: export EXECUTION_PROVIDER=cpu',
    },
  ]);
});

it.each([
  ['redis://user:pass@host:6379', 'redis://host:6379'],
  ['rediss://:p@ss/w@host', 'rediss://host'],
  ['redis+sentinel://u:p@one:1,two:2/main', 'redis+sentinel://one:1,two:2/main'],
  ['redis://host:6379', 'redis://host:6379'],
  ['unix:///run/redis.sock', 'unix:///run/redis.sock'],
])('%s is shown as %s', (url, shown) => {
  expect(withoutCredentials(url)).toBe(shown);
});

it.each([
  [0, 'ok'],
  [60_000, 'warning'],
  [-20 * 60_000, 'failed'],
])('an S3 server whose clock is %i ms ahead', async (offset, status) => {
  const server = createServer((_request, response) => {
    response.writeHead(403, { date: new Date(Date.now() + offset).toUTCString() }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const s3 = { endPoint: '127.0.0.1', port, useSSL: false, accessKey: '', secretKey: '', bucket: 'b', region: 'r' };
  expect(await checkS3Clock(s3).run()).toMatchObject([{ name: 's3-clock', status }]);
  server.close();
});
