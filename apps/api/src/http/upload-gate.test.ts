import { describe, expect, it } from 'vitest';
import { createUploadGate, FREE_BYTES, type GateRefusal, type UploadGate } from './upload-gate.js';

const MB = 1_000_000;

/** An upload that asks for memory, and what became of it. */
function upload(gate: UploadGate, bytes: number) {
  const seen = { granted: false, refusal: undefined as GateRefusal | undefined };
  const pass = gate.enter((code) => {
    seen.refusal = code;
  });
  pass.reserve(bytes).then(() => {
    seen.granted = true;
  });
  return { pass, seen };
}

const turn = () => new Promise(setImmediate);

describe('createUploadGate', () => {
  it('grants in order of arrival, and no more than there is', async () => {
    const gate = createUploadGate({ memoryBytes: 16 * MB, timeoutMs: 60_000 });
    const uploads = Array.from({ length: 9 }, () => upload(gate, 4 * MB));
    for (let first = 0; first < uploads.length; first++) {
      await turn();
      expect(uploads.map(({ seen }) => seen.granted)).toEqual(uploads.map((_, index) => index < first + 3));
      expect(gate.reservedBytes).toBe(4 * MB * Math.min(3, uploads.length - first));
      uploads[first]?.pass.complete();
      uploads[first]?.pass.release();
      uploads[first]?.pass.release();
    }
    expect([gate.reservedBytes, gate.waiting]).toEqual([0, 0]);
  });

  it('lets small uploads overtake within the share that is theirs', async () => {
    const gate = createUploadGate({ memoryBytes: 8 * MB, timeoutMs: 60_000 });
    const large = [upload(gate, 7 * MB), upload(gate, 2 * MB)];
    const small = [upload(gate, 600_000), upload(gate, 600_000)];
    await turn();
    expect([...large, ...small].map(({ seen }) => seen.granted)).toEqual([true, false, true, false]);
    for (const { pass } of [...large, ...small]) pass.release();
    expect(gate.reservedBytes).toBe(0);
  });

  it('gives an upload that is larger than the memory all of it, alone and in its turn', async () => {
    const gate = createUploadGate({ memoryBytes: 8 * MB, timeoutMs: 60_000 });
    const before = upload(gate, MB);
    const huge = upload(gate, 100 * MB);
    const after = upload(gate, 100_000);
    await turn();
    expect([huge, after].map(({ seen }) => seen.granted)).toEqual([false, false]);
    expect(huge.pass.bytes).toBe(FREE_BYTES);
    before.pass.release();
    await turn();
    expect([huge, after].map(({ seen }) => seen.granted)).toEqual([true, false]);
    expect([huge.pass.bytes, gate.reservedBytes]).toEqual([8 * MB, 8 * MB]);
    huge.pass.release();
    await turn();
    expect(after.seen.granted).toBe(true);
    after.pass.release();
  });

  it('has whoever leaves the line make room for the next', async () => {
    const gate = createUploadGate({ memoryBytes: 8 * MB, timeoutMs: 60_000 });
    const [holder, leaver, small] = [upload(gate, 6 * MB), upload(gate, 8 * MB), upload(gate, MB)];
    await turn();
    expect(small.seen.granted).toBe(false);
    leaver.pass.release();
    await turn();
    expect([small.seen.granted, leaver.seen.granted, gate.waiting]).toEqual([true, false, 0]);
    holder.pass.release();
    small.pass.release();
    expect(gate.reservedBytes).toBe(0);
  });

  it('refuses whoever waits too long as busy, and keeps a whole upload until it is stored', async () => {
    const gate = createUploadGate({ memoryBytes: 2 * MB, timeoutMs: 100 });
    const stored = upload(gate, 2 * MB);
    stored.pass.complete();
    const late = upload(gate, 2 * MB);
    await expect.poll(() => late.seen.refusal, { timeout: 10_000 }).toBe('uploads_busy');
    expect([late.seen.granted, stored.seen.refusal, gate.reservedBytes]).toEqual([false, undefined, 2 * MB]);
    stored.pass.release();
    expect(gate.reservedBytes).toBe(0);
  });

  it('gives up an upload that does not arrive in time', async () => {
    const gate = createUploadGate({ memoryBytes: 2 * MB, timeoutMs: 100 });
    const slow = upload(gate, MB);
    await expect.poll(() => slow.seen.refusal, { timeout: 10_000 }).toBe('upload_too_slow');
    expect(gate.reservedBytes).toBe(0);
  });

  it('cuts off the slowest when somebody waits, but nobody who is fast or done', async () => {
    const gate = createUploadGate({ memoryBytes: 16 * MB, timeoutMs: 60_000 });
    const [slow, slower, fast, done] = Array.from({ length: 4 }, () => upload(gate, 3 * MB));
    slow?.pass.received(1000);
    fast?.pass.received(1000 * MB);
    done?.pass.complete();
    const next = upload(gate, 3 * MB);
    await expect.poll(() => next.seen.granted, { timeout: 20_000 }).toBe(true);
    expect([slow, slower, fast, done].map((one) => one?.seen.refusal)).toEqual([
      undefined,
      'upload_too_slow',
      undefined,
      undefined,
    ]);
    for (const one of [slow, fast, done, next]) one?.pass.release();
    expect(gate.reservedBytes).toBe(0);
  });

  it('spares a small upload that is in nobody’s way', async () => {
    const gate = createUploadGate({ memoryBytes: 8 * MB, timeoutMs: 60_000 });
    const [small, large] = [upload(gate, 500_000), upload(gate, 5 * MB)];
    const next = upload(gate, 5 * MB);
    await expect.poll(() => next.seen.granted, { timeout: 20_000 }).toBe(true);
    expect([small.seen.refusal, large.seen.refusal]).toEqual([undefined, 'upload_too_slow']);
    for (const { pass } of [small, next]) pass.release();
    expect(gate.reservedBytes).toBe(0);
  });

  it('has small uploads beyond their share make room as well', async () => {
    const gate = createUploadGate({ memoryBytes: 8 * MB, timeoutMs: 60_000 });
    const small = Array.from({ length: 3 }, () => upload(gate, MB));
    const next = upload(gate, 6 * MB);
    await expect.poll(() => next.seen.granted, { timeout: 20_000 }).toBe(true);
    expect(small.filter(({ seen }) => seen.refusal === 'upload_too_slow')).toHaveLength(1);
    for (const { pass } of [...small, next]) pass.release();
    expect(gate.reservedBytes).toBe(0);
  });
});
