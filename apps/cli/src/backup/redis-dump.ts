import type { Socket } from 'node:net';
import type { connectForRequests } from '@rollcall/platform';

type Redis = ReturnType<typeof connectForRequests>;

const SILENCE_MS = 60_000;
const PART_BYTES = 16 * 1024 ** 2;
/** Redis ends data of a length that it does not know yet with a mark of this length. */
const MARK_BYTES = 40;

/**
 * All that Redis holds at one moment, as an RDB file in parts of 16 MiB: what a replica is given at its beginning (SYNC).
 * The connection is of no use afterwards, and closed.
 * @throws {Error} when Redis refuses, as managed ones do, or falls silent.
 */
export async function* dumpRedis(redis: Redis): AsyncGenerator<Buffer> {
  const supports = async (...operands: string[]) => await redis.call('REPLCONF', ...operands).catch(() => undefined);
  // Straight from memory rather than through a file that Redis would keep, and nothing but the data.
  await supports('capa', 'eof');
  await supports('rdb-only', '1');
  const socket = redis.stream as Socket;
  socket.removeAllListeners('data');
  socket.removeAllListeners('timeout');
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error(`Redis said nothing for ${SILENCE_MS / 1000} s.`)));
  socket.write('*1\r\n$4\r\nSYNC\r\n');
  try {
    yield* inParts(payloadOf(socket));
  } finally {
    redis.disconnect();
  }
}

/** Takes the data out of `$<length>\r\n<data>` or `$EOF:<mark>\r\n<data><mark>`, before which are blank lines. */
export async function* payloadOf(socket: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending = Buffer.alloc(0);
  let left: number | undefined;
  let mark: Buffer | undefined;
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk]);
    if (left === undefined && mark === undefined) {
      const begin = pending.findIndex((byte) => byte !== 0x0a && byte !== 0x0d);
      const end = pending.indexOf('\r\n', Math.max(0, begin));
      if (begin === -1 || end === -1) continue;
      const header = pending.subarray(begin, end).toString();
      pending = pending.subarray(end + 2);
      if (/^\$EOF:.{40}$/.test(header)) mark = Buffer.from(header.slice(5));
      else if (/^\$\d+$/.test(header)) left = Number(header.slice(1));
      else throw new Error(`Redis does not give out its data (${header.slice(0, 100)}).`);
    }
    if (mark) {
      if (pending.length >= MARK_BYTES && pending.subarray(-MARK_BYTES).equals(mark)) {
        yield pending.subarray(0, -MARK_BYTES);
        return;
      }
      // The end of what is there may be the beginning of the mark.
      if (pending.length > MARK_BYTES) yield pending.subarray(0, -MARK_BYTES);
      pending = pending.subarray(-MARK_BYTES);
    } else if (left !== undefined) {
      const data = pending.subarray(0, left);
      left -= data.length;
      pending = Buffer.alloc(0);
      yield data;
      if (left === 0) return;
    }
  }
  throw new Error('Redis ended the connection in the middle of its data.');
}

async function* inParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let collected: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    collected.push(chunk);
    size += chunk.length;
    if (size < PART_BYTES) continue;
    yield Buffer.concat(collected);
    [collected, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(collected);
}
