import type { Handler, Hono } from 'hono';
import type { Redis } from 'ioredis';
import type { ApiEnvironment } from './context.js';

/** By their hashes, the two style elements that its scripts make: of Redis' picture, and of a list without a scrollbar. */
const STYLES = [
  "'sha256-r2N1TB/gHbBtBZFKg7ejmq1acVSREzucTAEw6ga4hoU='",
  "'sha256-kLmvWqfziFavKtqHqRsb90f006UAK2Dmd0It5Iz2KFA='",
];

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${STYLES.join(' ')}`,
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/queues` and below: what the queues hold, for reading. The board is loaded when somebody first looks at it. */
export function queueBoardHandler(redis: Redis): Handler<ApiEnvironment> {
  let board: Promise<Hono> | undefined;

  function load(): Promise<Hono> {
    board ??= import('../queues/board.js').then(({ createBoard }) => createBoard(redis));
    board.catch(() => {
      board = undefined;
    });
    return board;
  }

  return async (c) => {
    c.get('headers')['content-security-policy'] = POLICY;
    const reply = await (await load()).fetch(c.req.raw, c.env);
    c.get('log').outcome = 'read';
    return reply;
  };
}
