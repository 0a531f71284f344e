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

describe('rollcall', () => {
  const run = (...operands: string[]) => runNode(CLI, operands, settings());

  it('lists its commands, and prints the page of one', async () => {
    const overview = await run('--help');
    expect(overview).toMatchObject({ code: 0, stderr: '' });
    expect(overview.stdout).toMatch(/^Usage: rollcall <command>.*\n {2}import +bring reference photos/s);
    expect(await run('help')).toEqual(overview);
    const page = await run('import', '--help');
    expect(page).toMatchObject({ code: 0, stderr: '' });
    expect(page.stdout).toMatch(/^Usage: rollcall import SOURCE.*--report FILE.*Examples:.*\n {2}78 /s);
    expect(await run('help', 'import')).toEqual(page);
    expect(await run('import', 'folder', '-h')).toEqual(page);
  });

  it.each([
    ['nothing to do', [], /^Usage: rollcall <command>/],
    ['a misspelt command', ['improt'], /^There is no command "improt"\. Did you mean "rollcall import"\?/],
    ['a command that is none', ['constructor'], /^There is no command "constructor"\.\n/],
    ['a page of no command', ['help', 'frobnicate'], /^There is no command "frobnicate"/],
    ['an unknown option', ['reindex', '--fast'], /^Unknown option '--fast'.*See: rollcall reindex --help/s],
    ['an operand too many', ['version', 'now'], /^Unexpected argument 'now'.*See: rollcall version --help/s],
    ['an option without its value', ['import', '.', '--report'], /See: rollcall import --help/],
    ['a literal --help', ['reindex', '--', '--help'], /^Unexpected argument '--help'/],
    ['half a command', ['audit'], /^Usage: rollcall audit verify/],
  ])('refuses %s with the status of a misuse', async (_name, operands, message) => {
    const { code, stdout, stderr } = await run(...operands);
    expect([code, stdout]).toEqual([CONFIGURATION, '']);
    expect(stderr).toMatch(message);
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect((await run('version')).stdout).toBe(
      `rollcall ${version} (Node.js ${process.version}, ${process.platform} ${process.arch})\n`,
    );
    expect(await run('--version')).toEqual(await run('version'));
    expect(JSON.parse((await run('version', '--json')).stdout)).toMatchObject({ version, node: process.version });
  });

  it('runs the benchmark of the test workspace', async () => {
    const { code, stderr } = await run('bench', '--stores', 'tape');
    expect([code, stderr]).toEqual([1, expect.stringContaining('not among filesystem, s3: tape')]);
  });

  it('is the command `rollcall` of a checkout', async () => {
    const linked = join(ROOT, 'node_modules/.bin/rollcall');
    expect(await runNode(linked, ['version'], settings())).toEqual(await run('version'));
  });

  it('prints JSON and nothing else for programs, and progress on standard error', async () => {
    const source = join(folder.path, 'source/1001');
    mkdirSync(source, { recursive: true });
    copyFileSync(photoPath('person_a_1.jpg'), join(source, 'face_1.jpg'));
    writeFileSync(join(source, 'face_2.jpg'), 'no picture');
    const encrypted = { ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}` };
    const json = async (operands: string[], changes = {}) => {
      const { code, stdout, stderr } = await runNode(CLI, [...operands, '--json'], settings(changes));
      return { code, stderr, result: JSON.parse(stdout) };
    };

    expect(await json(['import', join(folder.path, 'source')])).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^added {5}1001\/face_1\.jpg\nrefused {3}1001\/face_2\.jpg {2}\(UNREADABLE_IMAGE: .*\n$/,
      ),
      result: {
        ...{ photos: 2, added: 1, replaced: 0, unchanged: 0, refused: 1 },
        results: [
          { photo: '1001/face_1.jpg', status: 'added', findings: [] },
          {
            photo: '1001/face_2.jpg',
            status: 'refused',
            findings: [{ reason: 'UNREADABLE_IMAGE', advice: expect.any(String) }],
          },
        ],
      },
    });
    expect(await json(['reindex'])).toEqual({
      code: 0,
      stderr: '',
      result: { employees: 1, embedded: 0, left: 0, failures: [] },
    });
    expect(await json(['rotate-keys'], encrypted)).toEqual({
      code: 0,
      stderr: '',
      result: {
        ...{ key: 'k1', objects: 2, encrypted: 2, current: 0, erased: 0, left: 0, failed: 0 },
        ...{ uploads: 0, todo: [] },
      },
    });
    const made = await json(['token', 'create', '--name', 'one', '--scopes', 'read']);
    expect(made.result).toEqual({
      ...{ id: expect.any(String), token: expect.stringMatching(/^rc_/), name: 'one' },
      ...{ scopes: ['read'], gates: [], expires_at: null },
    });
    expect((await json(['token', 'list'])).result).toMatchObject([{ id: made.result.id, state: 'active' }]);
    expect((await json(['token', 'revoke', 'one'])).result).toMatchObject({ id: made.result.id, state: 'revoked' });
    expect(await json(['audit', 'verify'])).toMatchObject({ code: 0, stderr: '', result: { problems: [] } });
    expect(await json(['audit', 'redact', '1001'])).toMatchObject({ code: 0, result: { lines: 2 } });
  });
});
