import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { employeePrefix, jobReplySchema, QUEUE_NAME } from '@rollcall/contracts';
import { type BlobStore, createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { photo } from './support/client.js';
import { inSlices } from './support/in-slices.js';
import { BOUNDARY, filePart, multipart, textPart } from './support/multipart.js';
import { figuresOf, hardDescriptorLimit } from './support/processes.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

// What a crowd does to one API process. What it costs is for `npm run bench:polling`.
const CROWD = 5_000;
/** Of the crowd, those who stay until they are answered. */
const STAYING = 500;
const POLLED_JOBS = 2_000;
const POLLING_CLIENTS = 32;
/** Bytes that the API may hold on to for a client who waits: its connection, its request, its job. */
const MEMORY_PER_CLIENT = 100_000;

const EMPLOYEE = '1001';
/** A crowd's connections, and what the test runner and the API need besides. */
const ENOUGH_DESCRIPTORS = CROWD + 1_000;

const isCramped = hardDescriptorLimit() < ENOUGH_DESCRIPTORS;
if (isCramped) {
  process.stderr.write(`Tests are SKIPPED: a process may open fewer than ${ENOUGH_DESCRIPTORS} files (ulimit -Hn).\n`);
}

const folder = temporaryFolder();
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
let redis: RedisServer;
let queue: Redis;
let store: BlobStore;
let settings: Record<string, string>;
let body: Buffer;
let api: System;
let worker: RollcallProcess | undefined;

beforeAll(async () => {
  redis = await startRedis();
  queue = new Redis(redis.url);
  settings = { DATA_DIR: folder.path, REDIS_URL: redis.url, WORKER_PROCESSES: '2', SYNC_TIMEOUT_MS: '60000' };
  store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, await photo('person_a_1.jpg'));
  const blank = sharp({ create: { width: 32, height: 32, channels: 3, background: '#888' } });
  body = multipart([textPart('employee_id', EMPLOYEE), filePart('image', await blank.jpeg().toBuffer())]);
});
beforeEach(async () => {
  api = await startSystem('api', settings);
});
afterEach(async () => {
  agent.destroy();
  await worker?.stop();
  worker = undefined;
  await api?.stop();
  expect(api.output()).not.toContain('MaxListenersExceededWarning');
});
afterAll(async () => {
  queue?.disconnect();
  await redis?.stop();
  folder.remove();
});

const uploads = async () => (await store.list('uploads/')).filter(({ size }) => size > 0).length;
const waiting = () => queue.llen(`bull:${QUEUE_NAME}:wait`);
const descriptors = () => figuresOf(api.pid)?.descriptors ?? 0;
const resident = () => figuresOf(api.pid)?.residentBytes ?? 0;

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into, not typed
  readonly body: any;
}

/** A client who can leave. */
interface Client {
  readonly answer: Promise<Reply | 'left'>;
  leave(): void;
}

function verify(prefer: string): Client {
  const headers = {
    prefer,
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    'content-length': body.length,
  };
  const outgoing = request(`${api.url}/v1/verifications`, { method: 'POST', agent, headers }).end(body);
  return { answer: reply(outgoing).catch(() => 'left'), leave: () => outgoing.destroy() };
}

async function reply(outgoing: ClientRequest): Promise<Reply> {
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode ?? 0, body: await json(incoming) };
}

describe.skipIf(isCramped)('a crowd', () => {
  it('waits at once; who leaves is forgotten, who stays is answered', async () => {
    const before = { resident: resident(), descriptors: descriptors() };
    const crowd = Array.from({ length: CROWD }, () => verify('wait=60'));
    await until('everybody waits', async () => ((await waiting()) === CROWD ? true : undefined), 180_000);
    expect(descriptors()).toBeGreaterThan(CROWD);
    const held = resident() - before.resident;
    expect(held).toBeLessThan(CROWD * MEMORY_PER_CLIENT);

    for (const client of crowd.slice(STAYING)) client.leave();
    const answered = await Promise.all(crowd.slice(STAYING).map(({ answer }) => answer));
    // Who was told where to ask before the crowd was complete, on a slow machine, takes the job back.
    const deferred = answered.flatMap((answer) => (answer === 'left' ? [] : [answer]));
    await inSlices(deferred, 64, async ({ status, body: { job_id } }) => {
      expect(status).toBe(202);
      await reply(request(`${api.url}/v1/jobs/${job_id}`, { method: 'DELETE', agent }).end());
    });
    await until('their jobs are cancelled', async () => ((await waiting()) <= STAYING ? true : undefined), 60_000);
    await until('their photos are gone', async () => ((await uploads()) <= STAYING ? true : undefined), 60_000);

    worker = await startWorker(settings);
    const stayed = await Promise.all(crowd.slice(0, STAYING).map(({ answer }) => answer));
    // Whom the machine could not answer in time has a job to ask for.
    for (const answer of stayed) expect(answer).toMatchObject({ status: expect.toBeOneOf([200, 202]) });
    expect(stayed).toContainEqual(expect.objectContaining({ status: 200 }));
    await until('no photo is left', async () => ((await uploads()) === 0 ? true : undefined), 60_000);
    agent.destroy();
    await until('no connection is left', () => (descriptors() <= before.descriptors + 10 ? true : undefined));
    const mb = (bytes: number) => Math.round(bytes / 1e6);
    process.stderr.write(
      `API's memory: ${mb(before.resident)} MB, with ${CROWD} waiting ${mb(before.resident + held)} MB, afterwards ${mb(resident())} MB\n`,
    );
  }, 480_000);

  it('polls thousands of jobs until each has ended', async () => {
    const accepted = await inSlices([...Array(POLLED_JOBS).keys()], 64, () => verify('respond-async').answer);
    const ids = accepted.map((answer) => (answer === 'left' ? '' : (answer.body.job_id as string)));
    const before = resident();
    worker = await startWorker(settings);

    const open = new Set(ids);
    let polls = 0;
    await Promise.all(
      Array.from({ length: POLLING_CLIENTS }, async (_, client) => {
        const mine = ids.filter((_id, index) => index % POLLING_CLIENTS === client);
        while (mine.some((id) => open.has(id))) {
          for (const id of mine) {
            const { status, body: job } = await reply(request(`${api.url}/v1/jobs/${id}`, { agent }).end());
            polls++;
            expect(status).toBe(200);
            if (jobReplySchema.parse(job).status === 'succeeded') open.delete(id);
            // An end is an end.
            else expect(open).toContain(id);
          }
        }
      }),
    );
    expect(polls).toBeGreaterThanOrEqual(POLLED_JOBS);
    expect(resident() - before).toBeLessThan(POLLED_JOBS * MEMORY_PER_CLIENT);
    await until('no photo is left', async () => ((await uploads()) === 0 ? true : undefined), 60_000);
  }, 480_000);
});
