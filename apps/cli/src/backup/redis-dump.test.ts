import { describe, expect, it } from 'vitest';
import { payloadOf } from './redis-dump.js';

const DATA = Buffer.from(`REDIS0011${'x\r\n$5\r\n'.repeat(20)}`);
const MARK = 'm'.repeat(40);

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function payload(reply: Buffer, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of payloadOf(chunksOf(reply, size))) parts.push(part);
  return Buffer.concat(parts);
}

describe("Redis' answer to SYNC", () => {
  it.each([
    [
      'with a length',
      Buffer.concat([Buffer.from(`\n\n$${DATA.length}\r\n`), DATA, Buffer.from('*1\r\n$4\r\nPING\r\n')]),
    ],
    ['with a mark', Buffer.concat([Buffer.from(`\n$EOF:${MARK}\r\n`), DATA, Buffer.from(MARK)])],
  ])('%s is read however the network cuts it', async (_kind, reply) => {
    for (const size of [1, 2, 3, 7, 39, 40, 41, 64, 1000]) expect(await payload(reply, size)).toEqual(DATA);
  });

  it('that refuses, or ends too early, is an error', async () => {
    await expect(payload(Buffer.from('-NOPERM no\r\n'), 100)).rejects.toThrow('NOPERM');
    const cut = Buffer.concat([Buffer.from(`$EOF:${MARK}\r\n`), DATA]);
    await expect(payload(cut, 10)).rejects.toThrow('in the middle');
    await expect(payload(Buffer.from(`$${DATA.length}\r\nREDIS`), 10)).rejects.toThrow('in the middle');
  });
});
