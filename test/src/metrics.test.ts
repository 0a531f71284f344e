import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { employeePrefix, statusReplySchema } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, photo, post } from './support/client.js';
import { type Exposition, parseExposition } from './support/exposition.js';
import { isPromtoolMissing, promtool } from './support/promtool.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

// What a whole system tells of itself, and whether dashboard and alerts ask for nothing else.
const folder = temporaryFolder();
const PROMETHEUS = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));
const DASHBOARD = fileURLToPath(new URL('../../deploy/grafana/rollcall.json', import.meta.url));

let system: System;
let workerUrl: string;

async function text(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return response.text();
}
const scrape = async () => parseExposition(await text(`${system.url}/metrics`), await text(`${workerUrl}/metrics`));

beforeAll(async () => {
  system = await startSystem('start', { DATA_DIR: folder.path, WORKER_PROCESSES: '2', METRICS_PORT: '0' });
  workerUrl = String((await system.line(({ msg }) => msg === 'metrics')).url);
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix('1001')}face_1.jpg`, await photo('person_a_1.jpg'));
  const verify = async (name: string) => post(`${system.url}/recognize_face`, form('1001', await photo(name)));
  expect((await verify('person_a_2.jpg')).status).toBe(200);
  expect((await verify('person_b_1.jpg')).status).toBe(400);
  const identified = await post(`${system.url}/v1/identifications`, form(undefined, await photo('person_a_2.jpg')));
  expect(identified.status).toBe(200);
  const nobody = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#888' } })
    .jpeg()
    .toBuffer();
  const refused = await post(`${system.url}/v1/employees/1002/faces`, form(undefined, nobody));
  expect(refused.status).toBe(422);
});
afterAll(async () => {
  await system.stop();
  folder.remove();
});

describe('a whole system', () => {
  it('counts what has been done', async () => {
    const told = await scrape();
    const requests = (endpoint: string, outcome: string) => told.sum('rollcall_requests_total', { endpoint, outcome });
    expect(requests('/recognize_face', 'verified')).toBe(1);
    expect(requests('/recognize_face', 'not_matched')).toBe(1);
    expect(requests('/v1/employees/{id}/faces', 'photos_refused')).toBe(1);
    expect(told.sum('rollcall_jobs_total', { kind: 'verify', outcome: 'verified' })).toBe(1);
    expect(told.sum('rollcall_jobs_total', { kind: 'identify' })).toBe(1);
    expect(told.sum('rollcall_jobs_total', { kind: 'enrol', outcome: 'refused' })).toBe(1);
    expect(told.sum('rollcall_photos_refused_total')).toBeGreaterThanOrEqual(1);
    expect(told.sum('rollcall_job_queue_seconds_count')).toBe(4);
    expect(told.sum('rollcall_similarity_count', { decision: 'accepted' })).toBe(1);
    expect(told.sum('rollcall_similarity_sum', { decision: 'accepted' })).toBeGreaterThan(1 - 0.593);
    expect(told.sum('rollcall_similarity_count', { decision: 'rejected' })).toBe(1);
    expect(told.sum('rollcall_similarity_sum', { decision: 'rejected' })).toBeLessThan(1 - 0.593);
    for (const stage of ['fetch', 'list', 'decode', 'detect', 'refine', 'align', 'embed', 'search']) {
      expect([stage, told.sum('rollcall_job_stage_seconds_count', { stage })]).toEqual([stage, expect.any(Number)]);
    }
    expect(told.sum('rollcall_workers')).toBe(2);
    expect(told.sum('rollcall_worker_processes')).toBe(2);
    expect(told.sum('rollcall_queue_oldest_waiting_seconds')).toBe(0);
    expect(told.sum('rollcall_ready')).toBe(3);
  });

  it('names nobody and no photo', async () => {
    const all = (await text(`${system.url}/metrics`)) + (await text(`${workerUrl}/metrics`));
    // In names and labels; a number can have any digits.
    const words = all.replaceAll(/ [-+.\deE]+$/gm, '');
    expect(words).not.toMatch(/100[12]|face_1|uploads\/|employees\/1/);
  });

  it('says at the worker whether it works', async () => {
    expect(await text(`${workerUrl}/healthz`)).toBe('ok\n');
    expect(await text(`${workerUrl}/readyz`)).toBe('ready\n');
  });

  it('does not forget what an inference process has counted that was killed', async () => {
    const before = await scrape();
    const { workers } = statusReplySchema.parse(JSON.parse(await text(`${system.url}/v1/status`)));
    const pids = workers.map(({ name }) => Number(name.split(':').at(-1)));
    expect(pids).toHaveLength(2);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const after = await until('others have taken their place', async () => {
      const told = await scrape();
      return told.sum('rollcall_worker_process_exits_total') === 2 && told.sum('rollcall_worker_processes') === 2
        ? told
        : undefined;
    });
    for (const name of ['rollcall_jobs_total', 'rollcall_job_stage_seconds_count', 'rollcall_similarity_count']) {
      expect([name, after.sum(name)]).toEqual([name, before.sum(name)]);
    }
    const again = await post(`${system.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')));
    expect(again.status).toBe(200);
    const verified = { kind: 'verify', outcome: 'verified' };
    await until('the new process has counted', async () =>
      (await scrape()).sum('rollcall_jobs_total', verified) === 2 ? true : undefined,
    );
  });
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as Dashboard;
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const rules = readFileSync(`${PROMETHEUS}rules.yml`, 'utf8');

/** A metric of ours in a query, with its conditions. */
const METRIC = /\b((?:rollcall|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;

/** What a query asks for that nobody tells. */
function strangers(query: string, told: Exposition): string[] {
  return [...query.matchAll(METRIC)].flatMap(([, name = '', conditions = '']) => {
    if (!told.names.has(name)) return [name];
    const labels = told.labels.get(name);
    // A counter that has counted nothing yet tells no labels.
    if (!labels) return [];
    return [...conditions.matchAll(/(\w+)\s*[=!]~?/g)].flatMap(([, label = '']) =>
      labels.has(label) || label === 'instance' || label === 'job' ? [] : [`${name}{${label}}`],
    );
  });
}

describe('dashboard and alerts', () => {
  it('ask only for what a running system tells', async () => {
    const told = await scrape();
    expect(queries.length).toBeGreaterThan(40);
    expect(queries.flatMap((query) => strangers(query, told))).toEqual([]);
    const asked = rules.split('\n').filter((line) => !line.trimStart().startsWith('#') && !line.includes('summary:'));
    expect(asked.flatMap((line) => strangers(line, told))).toEqual([]);
  });

  it('recognise what nobody tells', () => {
    const told = parseExposition('# TYPE rollcall_jobs_total counter\nrollcall_jobs_total{kind="verify"} 1\n');
    expect(strangers('rate(rollcall_jobs_total{kind="verify"}[5m])', told)).toEqual([]);
    expect(strangers('rate(rollcall_job_total[5m])', told)).toEqual(['rollcall_job_total']);
    expect(strangers('rollcall_jobs_total{sort="x"}', told)).toEqual(['rollcall_jobs_total{sort}']);
  });

  it('show every metric of ours', async () => {
    const ours = [...(await scrape()).names].filter(
      (name) => name.startsWith('rollcall_') && !/_(sum|count)$/.test(name),
    );
    expect(ours.filter((name) => !queries.some((query) => query.includes(name)))).toEqual([]);
  });

  it('are a dashboard that can be imported: one datasource to choose, panels side by side', () => {
    expect(dashboard).toMatchObject({ uid: 'rollcall', title: 'Rollcall', schemaVersion: expect.any(Number) });
    expect(dashboard.templating.list).toMatchObject([{ name: 'datasource', type: 'datasource', query: 'prometheus' }]);
    for (const { targets = [] } of dashboard.panels) {
      for (const { datasource } of targets) expect(datasource.uid).toBe('$' + '{datasource}');
    }
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const covered = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(`${title} over ${covered.get(`${x},${y}`)}`).toBe(`${title} over undefined`);
          covered.set(`${x},${y}`, title);
        }
      }
    }
  });
});

describe.skipIf(isPromtoolMissing())('promtool', () => {
  it.each(['API', 'worker'])('accepts what the %s tells', async (who) => {
    const url = who === 'API' ? system.url : workerUrl;
    expect(promtool(['check', 'metrics'], { input: await text(`${url}/metrics`) })).toBe('');
  });

  it('objects to a page that is not well made', () => {
    expect(promtool(['check', 'metrics'], { input: '# TYPE jobs counter\njobs 1\n' })).toContain('_total');
  });

  it('accepts configuration and rules, and finds that they fire when they should', () => {
    expect(promtool(['check', 'config', '--syntax-only', 'prometheus.yml'], { cwd: PROMETHEUS })).toBe('');
    expect(promtool(['check', 'rules', 'rules.yml'], { cwd: PROMETHEUS })).toBe('');
    expect(promtool(['test', 'rules', 'rules.test.yml', 'drift.test.yml'], { cwd: PROMETHEUS })).toBe('');
  });

  it('understands every query of the dashboard', () => {
    const groups = [
      {
        name: 'dashboard',
        rules: queries.map((expr, index) => ({
          record: `query:${index}`,
          expr: expr.replaceAll('$__rate_interval', '5m'),
        })),
      },
    ];
    const file = join(folder.path, 'dashboard.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups }));
    expect(promtool(['check', 'rules', file])).toBe('');
  });
});

it('every alert says what has happened and what to do, and is tested', () => {
  const tests = ['rules.test.yml', 'drift.test.yml'].map((name) => readFileSync(PROMETHEUS + name, 'utf8')).join('\n');
  const operations = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');
  const alerts = rules.split('- alert: ').slice(1);
  expect(alerts.length).toBeGreaterThan(15);
  for (const alert of alerts) {
    const [name = ''] = alert.split('\n');
    expect([name, /summary: /.test(alert), /action: /.test(alert), /severity: (critical|warning)/.test(alert)]).toEqual(
      [name, true, true, true],
    );
    expect([name, tests.includes(`ALERTS{alertname="${name}", alertstate="firing", `)]).toEqual([name, true]);
    expect([name, operations.includes(`\`${name}\``)]).toEqual([name, true]);
  }
});
