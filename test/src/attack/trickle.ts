import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from '../support/raw-http.js';
import type { Attempt } from './attack.js';
import type { Victim } from './victim.js';

export interface Trickle {
  readonly what: string;
  readonly first: Buffer;
  /** Sent again and again. */
  readonly more: Buffer;
  /** 0: as fast as the server takes it. */
  readonly everyMs: number;
  readonly maxBytes?: number;
}

/** Longer than UPLOAD_TIMEOUT_MS in any sensible configuration. */
const PATIENCE_MS = 90_000;

/** Keeps sending until the server puts an end to it, and tells how it did. */
export async function trickle(victim: Pick<Victim, 'url'>, options: Trickle): Promise<Attempt> {
  const { what, first, more, everyMs, maxBytes = Number.POSITIVE_INFINITY } = options;
  const socket = open(victim.url);
  let answer = '';
  let isOver = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  const over = Promise.race([once(socket, 'close'), once(socket, 'end')])
    .catch(() => undefined)
    .then(() => {
      isOver = true;
    });
  const deadline = performance.now() + PATIENCE_MS;
  socket.write(first);
  while (!isOver && answer === '') {
    if (performance.now() > deadline) return end(`still read after ${PATIENCE_MS / 1000} s`);
    if (socket.bytesWritten > maxBytes) return end(`still read after ${maxBytes} bytes`);
    const taken = socket.write(more) || everyMs > 0;
    const pause = taken ? sleep(everyMs) : once(socket, 'drain').catch(() => undefined);
    await Promise.race([pause, over]);
  }
  // The rest of the reply may be under way.
  await Promise.race([over, sleep(200)]);
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? [];
  const [, code] = /"code":"(\w+)"/.exec(answer) ?? [];
  return end(status === undefined ? 'hung up' : [status, code].filter(Boolean).join(' '));

  function end(got: string): Attempt {
    socket.destroy();
    return { what, got };
  }
}
