import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EMPLOYEES_PREFIX, employeePrefix, UPLOADS_PREFIX, verificationReplySchema } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { form, photo, post } from '../support/client.js';
import { type System, startSystem, temporaryFolder } from '../support/rollcall.js';
import { bearer, createToken } from '../support/tokens.js';
import { until } from '../support/until.js';

/** Somebody who is enrolled and must stay as they are. */
export const BYSTANDER = 'bystander-q7x';
/** What the ids of those begin with whom the fuzz enrols. */
export const FUZZED = 'fuzz-';

/** A running Rollcall that is fuzzed. */
export interface Target {
  readonly url: string;
  /** Authorization headers that let in, the mightiest first; none where none is needed. */
  readonly authorizations: readonly string[];
  /** Text that no reply may contain. */
  readonly secrets: readonly string[];
  /** What is wrong with its processes by now. */
  faults(): string[];
  /** What is wrong with it and its data at the end, once it has come to rest. */
  damage(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Both kinds: without access tokens and with them. */
export interface Arena {
  readonly targets: readonly [open: Target, closed: Target];
  stop(): Promise<void>;
}

const SETTINGS = {
  WORKER_PROCESSES: '1',
  SYNC_TIMEOUT_MS: '30000',
  // An incomplete upload should not take long to be one.
  UPLOAD_TIMEOUT_MS: '3000',
  // One caller makes all requests, and most of them fail.
  RATE_LIMIT_PER_TOKEN: '100000000',
  RATE_LIMIT_PER_ADDRESS: '100000000',
  FAILED_VERIFICATIONS_PER_EMPLOYEE: '100000000',
  FAILED_VERIFICATIONS_PER_TOKEN: '100000000',
};

export async function startArena(): Promise<Arena> {
  const [open, closed] = await Promise.all([startTarget([]), startTarget(['admin', 'verify'])]);
  return {
    targets: [open, closed],
    async stop() {
      await Promise.all([open.stop(), closed.stop()]);
    },
  };
}

async function startTarget(scopes: readonly string[]): Promise<Target> {
  const folder = temporaryFolder();
  const dataDir = join(folder.path, 'data');
  const settings = { ...SETTINGS, DATA_DIR: dataDir };
  const tokens: string[] = [];
  for (const scope of scopes) tokens.push(await createToken(settings, scope, scope));
  const store = createBlobStore({ s3: undefined, dataDir });
  await store.put(`${employeePrefix(BYSTANDER)}face_1.jpg`, await photo('person_a_1.jpg'));
  const system = await startSystem('start', settings);

  async function isVerified(): Promise<boolean> {
    const image = await photo('person_a_2.jpg');
    const headers = tokens[0] === undefined ? {} : bearer(tokens[0]);
    const { body } = await post(`${system.url}/v1/verifications`, form(BYSTANDER, image), headers);
    return verificationReplySchema.safeParse(body).data?.verified === true;
  }

  async function bystanders(): Promise<string[]> {
    const objects = await store.list(EMPLOYEES_PREFIX);
    return objects
      .filter(({ key }) => !key.startsWith(`${EMPLOYEES_PREFIX}${FUZZED}`))
      .map(({ key, etag, size }) => `${key} ${etag} ${size}`);
  }

  // Also makes the embedding.
  if (!(await isVerified())) throw new Error('the portrait is not verified');
  const before = { objects: await bystanders(), entries: await entriesOf(dataDir) };

  return {
    url: system.url,
    authorizations: tokens.map((token) => `Bearer ${token}`),
    secrets: [folder.path, process.cwd(), ...tokens.map((token) => token.split('_').slice(2).join('_'))],
    faults: () => faultsOf(system),
    async damage() {
      const faults = faultsOf(system);
      if (!(await isVerified())) faults.push('the portrait is no longer verified');
      await until('every upload is gone', async () =>
        (await store.list(UPLOADS_PREFIX)).some(({ size }) => size > 0) ? undefined : true,
      ).catch((error: Error) => faults.push(error.message));
      faults.push(...differences('object', before.objects, await bystanders()));
      faults.push(...differences('entry', before.entries, await entriesOf(dataDir)));
      faults.push(...differences('entry', ['data'], await readdir(folder.path)));
      return faults;
    },
    async stop() {
      await system.stop();
      folder.remove();
    },
  };
}

/** Directly below the data folder; uploads and rotated logs come and go. */
async function entriesOf(dataDir: string): Promise<string[]> {
  const passing = /^(uploads|(audit|error_log)\W.*)$/;
  return (await readdir(dataDir)).filter((name) => !passing.test(name)).sort();
}

function differences(what: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((one) => !after.includes(one)).map((one) => `${what} has gone or changed: ${one}`),
    ...after.filter((one) => !before.includes(one)).map((one) => `${what} has appeared: ${one}`),
  ];
}

function faultsOf(system: System): string[] {
  const grave = system.lines.filter(
    ({ msg, level }) => `${msg}`.includes('died') || msg === 'unexpected error' || level === 'fatal',
  );
  return grave.map((line) => `the log has: ${JSON.stringify(line)}`);
}
