import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { bound } from '../../support/bound.js';
import { photoPath } from '../../support/client.js';
import { freePort } from '../../support/free-port.js';
import { temporaryFolder } from '../../support/rollcall.js';
import { until } from '../../support/until.js';
import { ROOT } from '../options.js';
import { makePhotos } from '../photos.js';
import { EMPLOYEE } from '../stage.js';
import { firstAnswer, type Subject } from '../subject.js';

const SOURCES = join(ROOT, 'test', 'src', 'bench', 'peer');
const MODELS = join(ROOT, 'models');
const INSTALL_TIMEOUT_MS = 600_000;
const START_TIMEOUT_MS = 60_000;

/** As many as the machine it is compared on has cores: two. */
export const PEER_WORKERS = 2;

/** A version of OpenCV and the recogniser that it can load. */
export interface PeerKind {
  readonly openCv: string;
  /** File below `models`. */
  readonly recogniser: string;
  /** One OpenCV thread for each process and one pair of networks behind a lock. */
  readonly tuned: boolean;
}

/**
 * As published: the files of the OpenCV Zoo with the last OpenCV 4. OpenCV 5 refuses that recogniser (every dequantised weight
 * is listed as an input of the graph), but is faster, so that it is also measured with the one that Rollcall's workers load.
 */
export const PEER_KINDS = {
  published: {
    openCv: '4.14.0.94',
    recogniser: 'upstream/face_recognition_sface_2021dec_int8bq.onnx',
    tuned: false,
  },
  openCv5: { openCv: '5.0.0.93', recogniser: 'sface_2021dec.onnx', tuned: false },
  tuned: { openCv: '5.0.0.93', recogniser: 'sface_2021dec.onnx', tuned: true },
} as const satisfies Record<string, PeerKind>;

// biome-ignore lint/style/noProcessEnv: where caches are, and where programs are found
const env = process.env;

/**
 * The peer's Python packages in a virtual environment of their own, made once and kept.
 *
 * @returns its folder.
 * @throws {Error} when there is no Python or PyPI cannot be reached.
 */
export function installPeer({ openCv }: PeerKind): string {
  const requirements = join(SOURCES, 'requirements.txt');
  const version = runPython('python3', ['--version']);
  const key = createHash('sha256')
    .update(version + openCv)
    .update(readFileSync(requirements))
    .digest('hex')
    .slice(0, 12);
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rollcall-ci');
  const folder = join(cache, `peer-${key}`);
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return folder;
  mkdirSync(cache, { recursive: true });
  runPython('python3', ['-m', 'venv', '--clear', folder]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
  runPython(join(folder, 'bin', 'python'), [...pip, '-r', requirements, `opencv-python-headless==${openCv}`]);
  writeFileSync(complete, '');
  return folder;
}

function runPython(python: string, operands: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(python, operands, {
    encoding: 'utf8',
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (status !== 0)
    throw new Error(`${operands.slice(0, 3).join(' ')}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
  return stdout;
}

/** Starts it with the same employee and the same photos as Rollcall. */
export async function startPeer(environment: string, { recogniser, tuned }: PeerKind): Promise<Subject> {
  const folder = temporaryFolder();
  const photos = await makePhotos(folder.path);
  const employee = join(folder.path, 'employees', EMPLOYEE);
  mkdirSync(employee, { recursive: true });
  cpSync(photoPath('person_a_1.jpg'), join(employee, 'face_1.jpg'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const operands = ['-m', 'uvicorn', 'service:app', '--workers', `${PEER_WORKERS}`, '--port', `${port}`];
  const startedAt = performance.now();
  const server = spawn(
    ...bound(join(environment, 'bin', 'python'), [...operands, '--no-access-log', '--log-level', 'critical']),
    {
      cwd: SOURCES,
      env: {
        PATH: env.PATH,
        HOME: folder.path,
        PYTHONDONTWRITEBYTECODE: '1',
        EMPLOYEES_DIR: join(folder.path, 'employees'),
        DETECTOR: join(MODELS, 'upstream', 'face_detection_yunet_2023mar_int8bq.onnx'),
        RECOGNISER: join(MODELS, recogniser),
        ...(tuned && { TUNED: '1' }),
      },
      stdio: 'ignore',
    },
  );
  const answers = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    );
  await until('the peer answers', answers, START_TIMEOUT_MS);
  await firstAnswer(url, photos);
  return {
    url,
    photos,
    firstAnswerSeconds: (performance.now() - startedAt) / 1000,
    // It has no queue: whoever is not there any more is not worked for much longer.
    idle: async () => undefined,
    async stop() {
      const exited = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      const timer = setTimeout(() => server.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(timer);
      folder.remove();
    },
  };
}
