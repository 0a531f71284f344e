import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { form, get, photo, photoPath, post } from './support/client.js';
import { freePort } from './support/free-port.js';
import { isInferenceReady, spawnRollcall, startSystem, temporaryFolder } from './support/rollcall.js';
import { processesMentioning, runNode } from './support/run.js';
import { until } from './support/until.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'apps/cli/dist/main.js');
/** Exit status of a process that a person must help: EX_CONFIG. */
const CONFIGURATION = 78;

// biome-ignore lint/style/noProcessEnv: the commands need to find redis-server
const PATH = process.env.PATH ?? '';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

function settings(changes: Record<string, string> = {}): Record<string, string> {
  return { PATH, DATA_DIR: join(folder.path, 'data'), WORKER_PROCESSES: '1', PORT: '0', ...changes };
}

async function untilNobodyIsLeft(): Promise<void> {
  await until('no process is left', () => (processesMentioning(folder.path).length === 0 ? true : undefined));
}

describe('rollcall start', () => {
  it('starts private Redis, workers and API, and leaves nothing behind', async () => {
    const system = await startSystem('start', settings());
    expect(processesMentioning(folder.path).length).toBeGreaterThanOrEqual(5);
    expect(await get(`${system.url}/readyz`)).toMatchObject({ status: 200 });
    // Biometric data is for nobody else on this machine.
    expect(statSync(join(folder.path, 'data')).mode & 0o077).toBe(0);
    expect(await system.stop('SIGINT')).toBe(0);
    await untilNobodyIsLeft();
  });

  it('leaves nothing behind when it is killed', async () => {
    const system = await startSystem('start', settings());
    await system.stop('SIGKILL');
    await untilNobodyIsLeft();
  });

  it('keeps accepted jobs over a restart', async () => {
    const employee = join(folder.path, 'data/employees/1001');
    mkdirSync(employee, { recursive: true });
    copyFileSync(photoPath('person_a_1.jpg'), join(employee, 'face_1.jpg'));
    const first = await startSystem('start', settings());
    const image = await photo('person_a_2.jpg');
    const accepted = await Promise.all(
      Array.from({ length: 10 }, () =>
        post(`${first.url}/recognize_face`, form('1001', image), { prefer: 'respond-async' }),
      ),
    );
    await first.stop();
    const second = await startSystem('start', settings());
    for (const { body } of accepted) {
      expect(await get(`${second.url}${body.status_url}?wait=20`)).toMatchObject({ body: { status: 'succeeded' } });
    }
    await second.stop();
  });

  it('brings a killed Redis and a killed API back', async () => {
    const system = await startSystem('start', settings({ PORT: `${await freePort()}` }));
    const pidOf = (name: string) =>
      system.lines.find((line) => line.msg === 'process ready' && line.process === name)?.child_pid;
    const redis = processesMentioning(`${folder.path}/data/redis/redis.sock`);
    for (const pid of [...redis, Number(pidOf('api'))]) process.kill(pid, 'SIGKILL');
    await until('it is ready again', async () => {
      const answer = await get(`${system.url}/readyz`).catch(() => undefined);
      return answer?.status === 200 ? true : undefined;
    });
    await system.stop();
    await untilNobodyIsLeft();
  });

  it('says how to install redis-server when it is missing', async () => {
    const onlyNode = join(folder.path, 'bin');
    mkdirSync(onlyNode);
    symlinkSync(process.execPath, join(onlyNode, 'node'));
    const { code, stderr } = await runNode(CLI, ['start'], settings({ PATH: onlyNode }));
    expect(code).toBe(CONFIGURATION);
    expect(stderr).toContain('apt-get install -y redis-server');
  });

  it('does not share a data folder', async () => {
    const system = await startSystem('start', settings());
    const { code, stderr } = await runNode(CLI, ['start'], settings());
    expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining('choose another DATA_DIR')]);
    expect(await get(`${system.url}/readyz`)).toMatchObject({ status: 200 });
    await system.stop();
  });

  it('says that its port is taken, and stops', async () => {
    const first = await startSystem('start', settings());
    const other = settings({ DATA_DIR: join(folder.path, 'other'), PORT: new URL(first.url).port });
    const { code, stderr } = await runNode(CLI, ['start'], other);
    expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining('another program listens there')]);
    await until('the second is gone', () =>
      processesMentioning(join(folder.path, 'other')).length === 0 ? true : undefined,
    );
    await first.stop();
  });

  it('names a wrong setting', async () => {
    const { code, stderr } = await runNode(CLI, ['start'], settings({ SYNC_TIMEOUT_MS: 'soon' }));
    expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining('SYNC_TIMEOUT_MS')]);
  });

  it('stops with one sentence when a model file is damaged', async () => {
    const models = join(folder.path, 'models');
    mkdirSync(models);
    for (const name of readdirSync(join(ROOT, 'models')).filter((name) => name.endsWith('.onnx'))) {
      copyFileSync(join(ROOT, 'models', name), join(models, name));
    }
    truncateSync(join(models, 'sface_2021dec.onnx'), 1000);
    const { code, stderr } = await runNode(CLI, ['start'], settings({ MODELS_DIR: models }));
    expect(code).toBe(CONFIGURATION);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/^The model file .* is truncated or altered/)]);
    await untilNobodyIsLeft();
  });
});

describe('a worker', () => {
  it('restarts an inference process that dies', async () => {
    const system = await startSystem('start', settings());
    const [first] = system.lines.filter(isInferenceReady);
    process.kill(Number(first?.child_pid), 'SIGKILL');
    await until('there is another', () => (system.lines.filter(isInferenceReady).length === 2 ? true : undefined));
    await system.stop();
  });

  it('does not start without Redis being configured', async () => {
    const worker = spawnRollcall('worker', settings());
    await expect(worker.line(() => false)).rejects.toThrow(/REDIS_URL is not set/);
  });
});

describe('rollcall import', () => {
  async function fixtures(): Promise<string> {
    const source = join(folder.path, 'source');
    const add = (id: string, name: string, bytes: Uint8Array) => {
      mkdirSync(join(source, id), { recursive: true });
      writeFileSync(join(source, id, name), bytes);
    };
    const beside = async (left: string, right: string) => {
      const [one, other] = await Promise.all(
        [left, right].map(async (name) =>
          sharp(await photo(name))
            .resize(400, 500, { fit: 'cover' })
            .toBuffer(),
        ),
      );
      const both = sharp({ create: { width: 800, height: 500, channels: 3, background: '#888' } });
      return both
        .composite([
          { input: one, left: 0, top: 0 },
          { input: other, left: 400, top: 0 },
        ])
        .jpeg()
        .toBuffer();
    };
    add('1001', 'face_1.jpg', await photo('person_a_1.jpg'));
    add('1001', 'face_2.jpg', await photo('person_a_2.jpg'));
    add('1001', 'notes.txt', Buffer.from('not a photo'));
    add('Zoë 2', 'face_1.jpg', await photo('person_b_1.jpg'));
    add('3', 'face_1.jpg', await beside('impostor_1.jpg', 'impostor_2.jpg'));
    add(
      '4',
      'face_1.jpg',
      await sharp({ create: { width: 99, height: 99, channels: 3, background: '#777' } })
        .jpeg()
        .toBuffer(),
    );
    add('5', 'face_1.jpg', Buffer.from('no picture'));
    add('a..b', 'face_1.jpg', await photo('impostor_1.jpg'));
    return source;
  }

  it('tells the result of every file, fails when one was refused, and changes nothing the second time', async () => {
    const source = await fixtures();
    const first = await runNode(CLI, ['import', source], settings());
    expect(first.code).toBe(1);
    const results = first.stdout.trim().split('\n').sort();
    expect(results).toEqual([
      '7 photos: 3 added, 0 replaced, 0 unchanged, 4 refused',
      'added     1001/face_1.jpg',
      'added     1001/face_2.jpg',
      'added     Zoë 2/face_1.jpg',
      expect.stringMatching(/^refused {3}3\/face_1\.jpg {2}\(MULTIPLE_FACES: /),
      expect.stringMatching(/^refused {3}4\/face_1\.jpg {2}\(NO_FACE: /),
      expect.stringMatching(/^refused {3}5\/face_1\.jpg {2}\(UNREADABLE_IMAGE: /),
      expect.stringMatching(/^refused {3}a\.\.b\/face_1\.jpg {2}\(INVALID_EMPLOYEE_ID: the folder's name/),
    ]);
    const stored = () =>
      readdirSync(join(folder.path, 'data'), { recursive: true, encoding: 'utf8' })
        .filter((name) => !name.startsWith('audit'))
        .sort();
    const before = stored();
    expect(before).toEqual(expect.arrayContaining(['employees/1001/face_2.jpg', 'employees/Zoë 2/face_1.jpg']));
    expect(before.some((name) => /employees\/[345]|a\.\.b|notes/.test(name))).toBe(false);
    expect(readFileSync(join(folder.path, 'data/employees/1001/face_1.jpg'))).toEqual(await photo('person_a_1.jpg'));

    const second = await runNode(CLI, ['import', source], settings());
    expect(second.stdout).toContain('7 photos: 0 added, 0 replaced, 3 unchanged, 4 refused');
    expect(stored()).toEqual(before);
    // A new photo under an old name takes its place.
    copyFileSync(photoPath('person_b_2.jpg'), join(source, 'Zoë 2/face_1.jpg'));
    expect((await runNode(CLI, ['import', source], settings())).stdout).toContain('replaced  Zoë 2/face_1.jpg');
  });

  it('succeeds when every photo is fit, and what it brought in verifies', async () => {
    const source = join(folder.path, 'source');
    mkdirSync(join(source, '1001'), { recursive: true });
    copyFileSync(photoPath('person_a_1.jpg'), join(source, '1001/face_1.jpg'));
    const system = await startSystem('start', settings());
    expect(await post(`${system.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')))).toMatchObject({
      status: 404,
    });
    expect(await runNode(CLI, ['import', source], settings())).toMatchObject({ code: 0, stderr: '' });
    expect(await post(`${system.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')))).toMatchObject({
      status: 200,
    });
    await system.stop();
  });

  it.each([
    ['a folder that is not there', 'missing'],
    ['a folder without photos', '.'],
  ])('says what is wrong with %s', async (_name, name) => {
    const { code, stderr } = await runNode(CLI, ['import', join(folder.path, name)], settings());
    expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining(folder.path)]);
  });
});

it('explains itself', async () => {
  expect(await runNode(CLI, ['--help'], settings())).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('import SOURCE'),
  });
  expect(await runNode(CLI, ['frobnicate'], settings())).toMatchObject({ code: CONFIGURATION });
});
