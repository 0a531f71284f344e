import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BlobStore, createBlobStore, loadConfig } from '@rollcall/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, get, post } from './support/client.js';
import { createLedger } from './support/ledger.js';
import { isMinioMissing } from './support/minio.js';
import { areNamespacesMissing, type Machine, type MachineNetwork, startMachineNetwork } from './support/namespaces.js';
import { EMPLOYEE, RIGHT, verifyMany, WRONG } from './support/network-stage.js';
import { neededProgram } from './support/programs.js';
import { isInferenceReady, observe, type RollcallProcess, temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

type Settings = Readonly<Record<string, string>>;

interface WorkerMachine {
  readonly machine: Machine;
  readonly worker: RollcallProcess;
}

const isMissing = [areNamespacesMissing(), isMinioMissing()].includes(true);

// A site with the API, Redis and S3, and two machines that have nothing but a worker and the two addresses.
describe.skipIf(isMissing)('three machines', { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  const servers: ChildProcess[] = [];
  const rollcall: RollcallProcess[] = [];
  let network: MachineNetwork;
  let store: BlobStore;
  let api: RollcallProcess;
  let url: string;
  let workers: WorkerMachine[] = [];

  beforeAll(async () => {
    network = await startMachineNetwork();
    const site = await network.machine('site');
    const settings = await startServers(site);
    api = spawnRollcall(site, 'api', {
      ...settings,
      DATA_DIR: join(folder.path, 'site'),
      HOST: '127.0.0.1',
      PORT: '5000',
      SYNC_TIMEOUT_MS: '60000',
    });
    workers = await Promise.all(['worker-1', 'worker-2'].map((name) => startWorkerMachine(name, settings)));
    await api.line(({ msg }) => msg === 'listening');
    url = `http://${await site.door('127.0.0.1:5000')}`;
  });
  afterAll(async () => {
    for (const { machine } of workers) machine.plugIn();
    await Promise.all(rollcall.map((process) => process.stop()));
    store?.close();
    for (const server of servers) server.kill('SIGKILL');
    network?.stop();
    folder.remove();
  });

  /** Redis and MinIO, which listen on the site's address only. Returns what other machines have to know of them. */
  async function startServers(site: Machine): Promise<Settings> {
    const password = randomBytes(16).toString('hex');
    const [accessKey, secretKey] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
    // biome-ignore lint/style/noProcessEnv: the servers need the PATH and nothing else of ours
    const { PATH = '' } = process.env;
    const start = (program: string, operands: readonly string[], env: Settings = {}) => {
      const server = site.spawn(program, operands, { PATH, HOME: folder.path, ...env });
      servers.push(server);
      server.stdout?.resume();
      server.stderr?.resume();
    };
    const minio = neededProgram('minio', 'MINIO_BINARY', 'No MinIO server found.').require();
    start('redis-server', [
      ...['--bind', site.address, '--dir', folder.path, '--save', '', '--requirepass', password],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
    ]);
    start(minio, ['server', join(folder.path, 'minio'), '--address', `${site.address}:9000`], {
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_BROWSER: 'off',
    });
    const keys = { MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey };
    const door = await site.door(`${site.address}:9000`);
    store = createBlobStore(loadConfig({ ...keys, MINIO_ENDPOINT: door }));
    await until(
      'the store is there',
      () =>
        store
          .check()
          .then(() => true)
          .catch(() => undefined),
      60_000,
    );
    return { ...keys, REDIS_URL: `redis://:${password}@${site.address}`, MINIO_ENDPOINT: `${site.address}:9000` };
  }

  async function startWorkerMachine(name: string, settings: Settings): Promise<WorkerMachine> {
    const machine = await network.machine(name);
    // Everything but the folder, which is there to show that nothing of it is shared, is the addresses and their secrets.
    const worker = spawnRollcall(machine, 'worker', {
      ...settings,
      DATA_DIR: join(folder.path, name),
      WORKER_PROCESSES: '1',
    });
    await worker.line(isInferenceReady);
    return { machine, worker };
  }

  function spawnRollcall(machine: Machine, app: 'api' | 'worker', settings: Settings): RollcallProcess {
    const running = observe(machine.spawn(process.execPath, [join(ROOT, `apps/${app}/dist/main.js`)], settings));
    rollcall.push(running);
    return running;
  }

  function jobsOf({ worker }: WorkerMachine): string[] {
    return worker.lines.filter(({ msg }) => msg === 'job').map(({ job_id }) => job_id as string);
  }

  function pair(): [WorkerMachine, WorkerMachine] {
    return workers as [WorkerMachine, WorkerMachine];
  }

  it('enrol, and tell right from wrong', async () => {
    const body = new FormData();
    body.set('image', new Blob([Uint8Array.from(RIGHT)]), 'face.jpg');
    expect(await post(`${url}/v1/employees/${EMPLOYEE}/faces`, body)).toMatchObject({ status: 201 });
    expect((await get(`${url}/readyz`)).body).toMatchObject({ checks: { workers: { detail: '2 connected' } } });
    const [right, wrong] = await Promise.all(
      [RIGHT, WRONG].map((photo) => post(`${url}/recognize_face`, form(EMPLOYEE, photo))),
    );
    expect(right).toMatchObject({ status: 200 });
    expect(wrong).toMatchObject({ status: 400, body: { reason: 'not_matched' } });
  });

  it('share the work', async () => {
    const ledger = createLedger();
    const before = workers.map((worker) => jobsOf(worker).length);
    await Promise.all(verifyMany(ledger, url, 40));
    const report = await ledger.settle([url]);
    expect(report).toMatchObject({ requests: 40, exactlyOnce: 40 });
    const done = workers.map((worker, index) => jobsOf(worker).slice(before[index]));
    expect(done.flat().sort()).toEqual(ledger.entries.map(({ jobId }) => jobId).sort());
    for (const jobs of done) expect(jobs.length).toBeGreaterThan(0);
  });

  it('carry on without one whose cable is pulled in mid-work, and with it when it is back', async () => {
    const ledger = createLedger();
    const [away, here] = pair();
    const before = jobsOf(away).length;
    const waiting = verifyMany(ledger, url, 60);
    await until('it is at work', () => (jobsOf(away).length > before ? true : undefined));
    away.machine.unplug();
    const doneAway = jobsOf(away).length - before;
    const answers = await Promise.all([...waiting, ...verifyMany(ledger, url, 10)]);
    expect(answers.map(({ status }) => status).filter((status) => ![200, 400].includes(status))).toEqual([]);
    expect(new Set(jobsOf(here)).size).toBeGreaterThan(doneAway);

    away.machine.plugIn();
    const absent = jobsOf(away).length;
    await until(
      'it works again',
      async () => {
        await Promise.all(verifyMany(ledger, url, 5));
        return jobsOf(away).length > absent + 3 ? true : undefined;
      },
      60_000,
    );
    const report = await ledger.settle([url]);
    expect(report).toMatchObject({ exactlyOnce: report.requests });
  });

  it('accept while no worker can be reached, and answer when one can', async () => {
    const ledger = createLedger();
    for (const { machine } of workers) machine.unplug();
    await Promise.all(verifyMany(ledger, url, 10, { prefer: 'respond-async' }));
    expect(ledger.entries.map(({ status }) => status)).toEqual(Array(10).fill(202));
    for (const { machine } of workers) machine.plugIn();
    const report = await ledger.settle([url]);
    expect(report).toMatchObject({ requests: 10, exactlyOnce: 10 });
  });

  it('have come to no harm', async () => {
    for (const process of rollcall) {
      expect(process.lines.filter(({ msg }) => msg === 'process died')).toEqual([]);
      expect(process.output()).not.toMatch(/unhandled|uncaught|MaxListeners/i);
    }
  });
});
