import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS } from './attack/all.js';
import { attempt, attemptAll } from './attack/attack.js';
import { floodMemory } from './attack/memory-attack.js';
import { tableOf } from './attack/table.js';
import { createVictim, type Victim } from './attack/victim.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';
import { createToken, idOf } from './support/tokens.js';
import { until } from './support/until.js';

const SETTINGS = { WORKER_PROCESSES: '1', UPLOAD_TIMEOUT_MS: '3000', RATE_LIMIT_PER_TOKEN: '400' };
const folders = { closed: temporaryFolder(), open: temporaryFolder() };
const settings = { ...SETTINGS, DATA_DIR: folders.closed.path };
let closed: System;
let open: System;
let victim: Victim;

beforeAll(async () => {
  const token = (name: string, scope = 'verify', ...options: string[]) =>
    createToken(settings, name, scope, ...options);
  const tokens = {
    verify: await token('verify'),
    other: await token('other'),
    admin: await token('admin', 'admin'),
    flood: await token('flood'),
    revoked: await token('revoked'),
    expired: await token('expired', 'verify', '--expires', new Date(Date.now() + 1000).toISOString()),
  };
  const cli = new URL('../../apps/cli/dist/main.js', import.meta.url).pathname;
  await runNode(cli, ['token', 'revoke', idOf(tokens.revoked)], settings);
  [closed, open] = await Promise.all([
    startSystem('start', settings),
    startSystem('start', { ...SETTINGS, DATA_DIR: folders.open.path }),
  ]);
  victim = await createVictim({ url: closed.url, tokens, employee: 'attacked-1' });
  await until('the token has expired', async () =>
    (await victim.send({ path: '/v1/employees', as: 'expired' })).replies[0]?.status === 401 ? true : undefined,
  );
});
afterAll(async () => {
  await Promise.all([closed?.stop(), open?.stop()]);
  folders.closed.remove();
  folders.open.remove();
});

describe.concurrent('the attacks of docs/security.md', { timeout: 180_000 }, () => {
  it('fail against a server with tokens, and none is left out', async () => {
    const rows = await attemptAll(ATTACKS, victim);
    expect(rows.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(rows).toHaveLength(ATTACKS.quick.length + ATTACKS.waiting.length);
    expect(closed.output()).not.toMatch(/died|unexpected error/);
  });

  it('fail against a server without tokens, and what needs them is named', async () => {
    const rows = await attemptAll(ATTACKS, await createVictim({ url: open.url, tokens: {} }));
    expect(rows.filter(({ verdict }) => verdict === 'FAILED')).toEqual([]);
    const leftOut = rows.filter(({ verdict }) => verdict === 'left out');
    expect(leftOut.length).toBeGreaterThan(5);
    for (const { got } of leftOut) expect(got).toContain('needs a server with access tokens');
  });

  it('are made by a script that prints a table, and its exit status is the verdict', async () => {
    const script = new URL('../dist/attack/main.js', import.meta.url).pathname;
    const mistaken = await runNode(script, [open.url, '--tokens', 'verify=rc_x'], {});
    expect(mistaken.code).toBe(1);
    expect(mistaken.stdout).toMatch(/^FAILED +no token, at every door/m);
    expect(mistaken.stdout).toMatch(/^left out +faces until one fits .*needs --employee/m);
    expect((await runNode(script, ['http://127.0.0.1:9'], {})).code).toBe(2);
    expect((await runNode(script, [], {})).stdout).toContain('Usage');
  });
});

describe('the attack script', () => {
  it('sees an attack that succeeds', async () => {
    const [noToken] = ATTACKS.quick;
    if (!noToken) throw new Error('there are no attacks');
    // Whoever gives tokens says that nobody gets in without.
    const mistaken = await createVictim({ url: open.url, tokens: { verify: 'rc_x' } });
    const row = await attempt(noToken, mistaken);
    expect(row).toMatchObject({ verdict: 'FAILED', got: expect.stringContaining('GET /v1/employees: 200') });
    expect(tableOf([row])).toContain('0 ok, 1 FAILED, 0 left out');
  });

  it.each([
    ['an answer that is not expected', { expected: ['200'] }],
    ['an attack that tried nothing', { run: async () => [] }],
    ['an attack that broke', { run: () => Promise.reject(new Error('broken')) }],
  ])('counts %s as failed', async (_, changes) => {
    for (const attack of ATTACKS.quick.filter(({ needs }) => needs.length === 0).slice(0, 2)) {
      expect((await attempt({ ...attack, ...changes }, victim)).verdict).toBe('FAILED');
    }
  });
});

describe('slow uploads of 200 clients', { timeout: 180_000 }, () => {
  it('fill no memory, and somebody at the gate is verified meanwhile', async () => {
    const flood = { clients: 200, bytes: 2_000_000, bytesPerSecond: 20_000 };
    const report = await floodMemory(flood, { UPLOAD_TIMEOUT_MS: '5000' });
    expect(report.residentPeak).toBeLessThan(700_000_000);
    expect(report.verified).toBe(report.verifications);
    expect(report.verified).toBeGreaterThan(0);
    const { 408: tooSlow = 0, 503: busy = 0, 'cut off': cutOff = 0, ...others } = report.attackers;
    expect(others).toEqual({});
    expect(tooSlow + busy + cutOff).toBe(flood.clients);
  });
});
