import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { serveStatic } from '@hono/node-server/serve-static';
import { CALLBACKS_QUEUE_NAME, QUEUE_NAME } from '@rollcall/contracts';
import { asBullConnection } from '@rollcall/platform';
import { Queue } from 'bullmq';
import { Hono } from 'hono';
import type { Redis } from 'ioredis';

const BASE_PATH = '/queues';

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  [QUEUE_NAME]: 'Verifications, enrolments and what else takes photos: ids and keys, no photo and no embedding',
  [CALLBACKS_QUEUE_NAME]: 'Where the end of a job is told; each waits for the job that has its id',
};

/** Bull Board over both queues. It only reads: its own switch says so, and whoever mounts it lets no other method through. */
export function createBoard(redis: Redis): Hono {
  const adapter = new HonoAdapter(serveStatic).setBasePath(BASE_PATH);
  createBullBoard({
    queues: [QUEUE_NAME, CALLBACKS_QUEUE_NAME].map((name) => shown(name, redis)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Rollcall queues' } },
  });
  const board = new Hono({ strict: false });
  board.use(async (c, next) => {
    await next();
    if (!c.res.headers.get('content-type')?.startsWith('text/html')) return;
    c.res = new Response(selfContained(await c.res.text()), c.res);
  });
  return board.route(BASE_PATH, adapter.registerPlugin());
}

function shown(name: string, redis: Redis): BullMQAdapter {
  const queue = new Queue(name, { connection: asBullConnection(redis), skipMetasUpdate: true });
  // The connection is its owner's, who hears of its errors.
  queue.on('error', () => undefined);
  const description = DESCRIPTIONS[name];
  const adapter = new BullMQAdapter(queue, { readOnlyMode: true, ...(description !== undefined && { description }) });
  adapter.setFormatter('data', withoutSecrets);
  return adapter;
}

/** What is behind a callback's host may hold a secret of the caller's. */
function withoutSecrets(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  const hidden = Object.entries(data).map(([field, value]) =>
    field === 'callbackUrl' || field === 'url' ? [field, hostOnly(value)] : [field, value],
  );
  return Object.fromEntries(hidden);
}

function hostOnly(url: unknown): string {
  return typeof url === 'string' && URL.canParse(url) ? `${new URL(url).origin}/…` : '…';
}

/** The page as it comes loads fonts from another host, and brings a style of its own until its script has begun. */
function selfContained(page: string): string {
  return page
    .replace(/<link [^>]*href="https?:[^>]*>/g, '')
    .replace(/<div id="root">[\s\S]*<\/style>\s*<\/div>/, '<div id="root"></div>');
}
