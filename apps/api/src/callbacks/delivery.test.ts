import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CALLBACKS_QUEUE_NAME, type Job, type JobReply, QUEUE_NAME } from '@rollcall/contracts';
import {
  asBullConnection,
  type CallbackHost,
  connectForBlocking,
  connectForRequests,
  createAddJob,
  createLogger,
  jobOptions,
} from '@rollcall/platform';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../../../test/src/support/redis.js';
import { temporaryFolder } from '../../../../test/src/support/rollcall.js';
import { until } from '../../../../test/src/support/until.js';
import { removeCopiedOutcomes } from './copied-outcomes.js';
import { type CallbackDeliveryOptions, startCallbackDelivery } from './delivery.js';

const SECRET = 'a secret of thirty-two letters…';
const NAME = 'Erika Mustermann';
const folder = temporaryFolder();
let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  const redis = connect(connectForBlocking);
  await redis.flushall();
  redis.disconnect();
});

function connect(how: (url: string) => Redis, url = server.url): Redis {
  const redis = how(url);
  redis.on('error', () => undefined);
  return redis;
}

/** Both queues, and a way to add a job with its callback. */
async function openQueues() {
  const redis = connect(connectForRequests);
  closers.push(() => redis.disconnect());
  await once(redis, 'ready');
  const [jobs, callbacks] = [QUEUE_NAME, CALLBACKS_QUEUE_NAME].map(
    (name) => new Queue(name, { connection: asBullConnection(redis) }),
  ) as [Queue, Queue];
  const addJob = createAddJob(jobs, redis);
  return {
    redis,
    jobs,
    callbacks,
    async add(url: string, times = 1): Promise<string> {
      const job = { id: randomUUID(), kind: 'verify', employeeId: NAME, callbackUrl: url } as Job;
      for (let time = 0; time < times; time++) {
        await addJob(job, jobOptions(job, { background: true, resultTtlSeconds: 60 }));
      }
      return job.id;
    },
    /** Everything that is kept of callbacks. */
    async kept(): Promise<string[]> {
      const keys = await redis.keys(`bull:${CALLBACKS_QUEUE_NAME}:*`);
      const own = keys.filter((key) => !/:(meta|events|id|marker|stalled-check|stalled)$/.test(key));
      return own.sort();
    },
  };
}

/** Ends jobs as the test says. */
function work(end: () => unknown = () => ({ kind: 'expired', name: NAME })): void {
  const redis = connect(connectForBlocking);
  const worker = new Worker(QUEUE_NAME, async () => end(), { connection: asBullConnection(redis), concurrency: 50 });
  worker.on('error', () => undefined);
  closers.push(async () => {
    await worker.close();
    redis.disconnect();
  });
}

interface Delivered {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A receiver on a port of its own, and what it has received. */
async function receive(answer: (response: ServerResponse, count: number) => void = (response) => response.end()) {
  const received: Delivered[] = [];
  const receiver = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString();
    received.push({ path: request.url ?? '', headers: request.headers, text });
    answer(response, received.length);
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  closers.push(() => hangUp());
  const hangUp = () => {
    receiver.close();
    receiver.closeAllConnections();
  };
  const host: CallbackHost = { protocol: 'http:', hostname: '127.0.0.1', port: `${port}`, network: undefined };
  return { url: `http://127.0.0.1:${port}/hook?secret=s3cret`, host, received, hangUp };
}

/** Delivers, and collects what is logged. */
function deliver(hosts: readonly CallbackHost[], options: Partial<CallbackDeliveryOptions> = {}) {
  const delivery = startCallbackDelivery({
    redis: connect(connectForBlocking),
    hosts,
    secret: SECRET,
    describeJob: async (id) => ended(id),
    logger: createLogger('test', {
      logLevel: 'fatal',
      errorLogFile: `${folder.path}/error_log.txt`,
      logRetentionDays: 1,
    }),
    firstPauseMs: 20,
    ...options,
  });
  closers.push(() => delivery.close());
  return delivery;
}

function ended(id: string): JobReply {
  return {
    job_id: id,
    status: 'expired',
    status_url: `/v1/jobs/${id}`,
    response: { status: 503, body: { error: '' } },
  };
}

/** As a receiver would check it, from the documentation alone. */
function isSigned({ headers, text }: Delivered): boolean {
  const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(`${headers['rollcall-signature']}`) ?? [];
  const expected = createHmac('sha256', Buffer.from(SECRET, 'utf8'))
    .update(Buffer.from(`${time}.${text}`))
    .digest('hex');
  return mac === expected && Math.abs(Date.now() / 1000 - Number(time)) < 60;
}

const count = (list: readonly unknown[], wanted: number) => () => (list.length >= wanted ? true : undefined);

it('tells the end of a job, signed, and keeps nothing of it', async () => {
  const queues = await openQueues();
  const { url, host, received } = await receive();
  deliver([host]);
  const id = await queues.add(url);
  expect(await queues.callbacks.getJobCountByTypes('waiting-children')).toBe(1);
  expect(received).toEqual([]);
  work();
  await until('it is delivered', count(received, 1));
  const [delivered] = received as [Delivered];
  expect(JSON.parse(delivered.text)).toEqual({ type: 'job.ended', job_id: id, job: ended(id) });
  expect(delivered.path).toBe('/hook?secret=s3cret');
  expect(delivered.headers).toMatchObject({ 'content-type': 'application/json', 'rollcall-delivery': id });
  expect(isSigned(delivered)).toBe(true);
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
});

it('tries again until it is taken, as the same delivery with a signature of its own', async () => {
  const queues = await openQueues();
  const { url, host, received } = await receive((response, attempt) => {
    response.statusCode = [500, 404, 307, 204][attempt - 1] ?? 204;
    response.setHeader('location', '/elsewhere').end();
  });
  deliver([host]);
  const id = await queues.add(url);
  work();
  await until('it is delivered', count(received, 4));
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
  expect(received.map(({ path }) => path)).toEqual(Array(4).fill('/hook?secret=s3cret'));
  expect(received.map(({ headers }) => headers['rollcall-delivery'])).toEqual(Array(4).fill(id));
  expect(received.every(isSigned)).toBe(true);
});

it('gives up after eight attempts, or at once when the receiver is gone', async () => {
  const queues = await openQueues();
  const never = await receive((response) => response.writeHead(500).end());
  const gone = await receive((response) => response.writeHead(410).end());
  deliver([never.host, gone.host], { firstPauseMs: 1 });
  await queues.add(never.url);
  await queues.add(gone.url);
  work();
  await until('all attempts are made', count(never.received, 8));
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
  expect([never.received.length, gone.received.length]).toEqual([8, 1]);
});

it('waits as long as the receiver asks', async () => {
  const queues = await openQueues();
  const { url, host, received } = await receive((response) => response.writeHead(429, { 'retry-after': '600' }).end());
  deliver([host]);
  const id = await queues.add(url);
  work();
  await until('it was refused', count(received, 1));
  const delay = await until('it waits', async () => (await queues.callbacks.getJob(id))?.delay || undefined);
  expect(delay).toBeGreaterThanOrEqual(600_000);
});

it('tells the end of a job that failed', async () => {
  const queues = await openQueues();
  const { url, host, received } = await receive();
  deliver([host]);
  await queues.add(url);
  work(() => {
    throw new UnrecoverableError('on purpose');
  });
  await until('it is delivered', count(received, 1));
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
});

it.each([
  ['removed', (jobs: Queue, id: string) => jobs.remove(id)],
  ['swept', (jobs: Queue) => jobs.clean(0, 1000, 'prioritized')],
])('tells of a job that was %s that it is not there any more, and nothing else', async (_how, vanish) => {
  const queues = await openQueues();
  const { url, host, received } = await receive();
  deliver([host], { describeJob: async () => undefined });
  const id = await queues.add(url);
  await vanish(queues.jobs, id);
  await until('it is delivered', count(received, 1));
  expect(received.map(({ text }) => JSON.parse(text))).toEqual([{ type: 'job.removed', job_id: id }]);
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
});

it('tells nothing of an employee who was erased between two attempts', async () => {
  const queues = await openQueues();
  let erased = false;
  const { url, host, received } = await receive((response, attempt) => {
    erased = true;
    response.writeHead(attempt === 1 ? 500 : 200).end();
  });
  deliver([host], { describeJob: async (id) => (erased ? undefined : ({ ...ended(id), name: NAME } as JobReply)) });
  await queues.add(url);
  work();
  await until('it is delivered', count(received, 2));
  expect(received.map(({ text }) => text.includes(NAME))).toEqual([true, false]);
});

it('keeps a copy of the outcome until the first attempt only, or until the erasure', async () => {
  const queues = await openQueues();
  const { url, host, received } = await receive((response) => response.writeHead(500).end());
  const [tried, erased] = [await queues.add(url), await queues.add(url)] as const;
  const copies = async () => (await queues.kept()).filter((key) => key.endsWith(':processed'));
  work();
  await until('both have ended', async () => ((await copies()).length === 2 ? true : undefined));
  await removeCopiedOutcomes(queues.redis, [erased, randomUUID()]);
  expect(await copies()).toEqual([expect.stringContaining(tried)]);
  deliver([host], { firstPauseMs: 60_000 });
  await until('the first attempts are made', count(received, 2));
  expect(await copies()).toEqual([]);
});

it('sends nothing to a host that is not listed any more', async () => {
  const queues = await openQueues();
  const { url, host, received } = await receive();
  deliver([{ ...host, port: '1' }]);
  await queues.add(url);
  work();
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
  expect(received).toEqual([]);
});

it('sends nothing to a name that leads to a private address', async () => {
  const queues = await openQueues();
  const { host, received } = await receive();
  const name: CallbackHost = { ...host, hostname: 'hooks.example.com' };
  let looked = 0;
  deliver([name], {
    firstPauseMs: 1,
    resolveName: async () => {
      looked++;
      return [{ address: '127.0.0.1', family: 4 }];
    },
  });
  await queues.add(`http://hooks.example.com:${host.port}/`);
  work();
  await until('every attempt was made', () => (looked === 8 ? true : undefined));
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
  expect(received).toEqual([]);
});

it('lets a slow receiver hold up nobody else', async () => {
  const queues = await openQueues();
  const slow = await receive(() => undefined);
  const quick = await receive();
  work();
  for (let index = 0; index < 60; index++) await queues.add(slow.url);
  const delivery = deliver([slow.host, quick.host], { timeoutMs: 60_000, turnMs: 200 });
  await until('the slow one is asked', count(slow.received, 8));
  for (let index = 0; index < 60; index++) await queues.add(quick.url);
  await until('all others are served', count(quick.received, 60), 15_000);
  expect(slow.received.length).toBe(8);
  const closed = delivery.close();
  slow.hangUp();
  await closed;
});

it('delivers once what is added twice', async () => {
  const queues = await openQueues();
  const { url, host, received } = await receive();
  await queues.add(url, 2);
  deliver([host]);
  work();
  await expect.poll(queues.kept, { timeout: 10_000 }).toEqual([]);
  expect(received.length).toBe(1);
});

it('stops at once while Redis is away', async () => {
  const other = await startRedis();
  const redis = connect(connectForBlocking, other.url);
  const delivery = deliver([], { redis });
  await until('it is connected', () => (redis.status === 'ready' ? true : undefined));
  await other.kill();
  await until('it notices', () => (redis.status === 'ready' ? undefined : true));
  await delivery.close();
  await other.stop();
});

it('writes no more of the URL into the log than its host', async () => {
  const queues = await openQueues();
  const { url, host } = await receive((response, attempt) => response.writeHead(attempt < 2 ? 500 : 410).end());
  const errorLogFile = `${folder.path}/log.txt`;
  deliver([host], { logger: createLogger('test', { logLevel: 'error', errorLogFile, logRetentionDays: 1 }) });
  const id = await queues.add(url);
  work();
  const log = await until(
    'it is given up',
    () => (existsSync(errorLogFile) && readFileSync(errorLogFile, 'utf8')) || undefined,
  );
  expect(JSON.parse(log)).toMatchObject({ job_id: id, host: new URL(url).host, attempt: 2, ended: true });
  expect(log).not.toMatch(/s3cret|hook/);
});
