import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { PREPROCESSING_VERSION } from '@rollcall/face-core';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { form, photo, photoPath, post } from './support/client.js';
import { startSystem, temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';
import { until } from './support/until.js';

const CLI = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
// biome-ignore lint/style/noProcessEnv: the commands need to find redis-server
const PATH = process.env.PATH ?? '';

let folder: ReturnType<typeof temporaryFolder>;
let source: string;
beforeEach(() => {
  folder = temporaryFolder();
  source = join(folder.path, 'source');
  mkdirSync(source);
});
afterEach(() => folder.remove());

function settings(): Record<string, string> {
  return { PATH, DATA_DIR: join(folder.path, 'data'), WORKER_PROCESSES: '1', PORT: '0' };
}
const run = (...operands: readonly string[]) => runNode(CLI, operands, settings());

function add(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(source, path)), { recursive: true });
  writeFileSync(join(source, path), bytes);
}

function stored(): string[] {
  const employees = join(folder.path, 'data/employees');
  return readdirSync(employees, { recursive: true, encoding: 'utf8' }).filter((name) => /face_[^/]*$/.test(name));
}

describe('rollcall import', () => {
  it('completes 1,000 employees after it was killed', async () => {
    const people = await Promise.all(
      ['person_a_1.jpg', 'person_b_1.jpg', 'impostor_1.jpg', 'impostor_2.jpg'].map(async (name) =>
        sharp(await photo(name))
          .resize(240, 240, { fit: 'cover', position: 'top' })
          .toBuffer(),
      ),
    );
    for (let number = 0; number < 1000; number++) {
      // A last byte of its own makes each photo another content; decoders stop at the end of the image.
      add(
        `e${number}/face_1.jpg`,
        Buffer.concat([people[number % people.length] ?? Buffer.of(), Buffer.from(`${number}`)]),
      );
    }
    const killed = spawn(process.execPath, [CLI, 'import', source], { env: settings(), stdio: 'ignore' });
    await until('some are in', () => {
      try {
        return stored().length > 60 ? true : undefined;
      } catch {
        return undefined;
      }
    });
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const before = stored().filter((name) => name.endsWith('.jpg')).length;
    expect(before).toBeLessThan(1000);

    const resumed = await run('import', source);
    expect(resumed.code).toBe(0);
    const [summary] = resumed.stdout.trim().split('\n').reverse();
    const counts = /^1000 photos: (\d+) added, 0 replaced, (\d+) unchanged, 0 refused$/.exec(summary ?? '');
    expect(Number(counts?.[1]) + Number(counts?.[2])).toBe(1000);
    expect(Number(counts?.[2])).toBeGreaterThanOrEqual(before - 4);
    expect(stored().filter((name) => name.endsWith('.jpg'))).toHaveLength(1000);
    expect((await run('import', source)).stdout).toContain('0 added, 0 replaced, 1000 unchanged');
  }, 240_000);

  it('reads a CSV manifest and reports refusals as CSV and JSON', async () => {
    add('photos/anna.jpg', await photo('person_b_1.jpg'));
    add(
      'photos/wall.jpg',
      await sharp({ create: { width: 99, height: 99, channels: 3, background: '#777' } })
        .jpeg()
        .toBuffer(),
    );
    add(
      'people.csv',
      Buffer.from('employee_id,path\r\n"anna, b.",photos/anna.jpg\r\nanna,photos/anna.jpg\r\n7,photos/wall.jpg\r\n'),
    );
    const report = join(folder.path, 'report.csv');
    const { code, stdout } = await run('import', join(source, 'people.csv'), '--report', report);
    expect(code).toBe(1);
    expect(stdout).toContain('3 photos: 1 added, 0 replaced, 0 unchanged, 2 refused');
    const lines = readFileSync(report, 'utf8').trim().split('\r\n');
    expect(lines[0]).toBe('photo,status,reasons,advice');
    expect(lines.slice(1).sort()).toEqual([
      expect.stringMatching(/^"7\/wall\.jpg","refused","NO_FACE","/),
      expect.stringMatching(/^"anna, b\.\/anna\.jpg","refused","INVALID_EMPLOYEE_ID","/),
    ]);
    await run('import', join(source, 'people.csv'), '--report', join(folder.path, 'report.json'));
    expect(JSON.parse(readFileSync(join(folder.path, 'report.json'), 'utf8'))).toHaveLength(2);
    expect(stored()).toContain('anna/face_1.jpg');
  });

  it('reads a ZIP file', async () => {
    const zip = new ZipFile();
    zip.addFile(photoPath('person_a_1.jpg'), 'employees/1001/face_1.jpg');
    zip.addFile(photoPath('person_a_2.jpg'), 'employees/1001/face_2.jpg');
    zip.addBuffer(Buffer.from('x'), 'employees/1001/notes.txt');
    zip.end();
    const path = join(source, 'employees.zip');
    await finished(zip.outputStream.pipe(createWriteStream(path)));
    expect(await run('import', path)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 photos: 2 added') });
    expect(stored()).toEqual(expect.arrayContaining(['1001/face_1.jpg', '1001/face_2.jpg']));
    writeFileSync(path, 'no archive');
    expect((await run('import', path)).stderr).toContain('cannot be read');
  });

  it('is known at once to a Rollcall that runs', async () => {
    const system = await startSystem('start', settings());
    const identify = async () => {
      const body = new FormData();
      body.append('image', new Blob([Uint8Array.from(await photo('person_a_2.jpg'))]));
      return (await post(`${system.url}/v1/identifications`, body)).body.candidates;
    };
    expect(await identify()).toEqual([]);
    add('7/face_1.jpg', await photo('person_a_1.jpg'));
    expect(await run('import', source)).toMatchObject({ code: 0 });
    expect(await identify()).toMatchObject([{ employee_id: '7', photo: 'face_1.jpg' }]);
    await system.stop();
  });

  it('takes a different person only by force', async () => {
    add('7/face_1.jpg', await photo('person_a_1.jpg'));
    add('7/face_2.jpg', await photo('person_b_1.jpg'));
    expect((await run('import', source)).stdout).toMatch(/refused {3}7\/face_2\.jpg {2}\(DIFFERENT_PERSON/);
    expect(await run('import', source, '--force')).toMatchObject({ code: 0 });
  });
});

describe('rollcall reindex', () => {
  it('makes missing and outdated embeddings while the service answers', async () => {
    for (let number = 0; number < 12; number++) add(`e${number}/face_1.jpg`, await photo('person_a_1.jpg'));
    await run('import', source);
    const employees = join(folder.path, 'data/employees');
    const record = (id: string) => join(employees, id, '.rollcall/face_1.jpg.embedding.json');
    rmSync(record('e0'));
    writeFileSync(
      record('e1'),
      readFileSync(record('e1'), 'utf8').replace(`"preprocessing":${PREPROCESSING_VERSION}`, '"preprocessing":0'),
    );
    writeFileSync(record('e2'), readFileSync(record('e2'), 'utf8').replace('sface', 'other'));
    const system = await startSystem('start', settings());
    const [{ code, stdout }, answer] = await Promise.all([
      run('reindex'),
      photo('person_a_2.jpg').then((image) => post(`${system.url}/recognize_face`, form('e5', image))),
    ]);
    expect([code, answer.status]).toEqual([0, 200]);
    expect(stdout).toMatch(/12 employees: \d photos embedded, 0 left/);
    expect(readFileSync(record('e1'), 'utf8')).toContain(`"preprocessing":${PREPROCESSING_VERSION}`);
    expect((await run('reindex')).stdout).toContain('12 employees: 0 photos embedded, 0 left');
    await system.stop();
  });
});
