import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import { ERRORS } from '@rollcall/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, listen, type Server, stopServing } from '../server.js';
import { type FormRules, readUploadForm } from './upload.js';
import { createUploadGate, type UploadGateOptions } from './upload-gate.js';
import { uploadSource } from './upload-source.js';

const RULES: FormRules = { maxImageBytes: 2_100_000, imageFields: ['image'], minImages: 1, maxImages: 1 };
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const HEAD = Buffer.concat([
  Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'),
  JPEG_START,
]);
const TAIL = Buffer.from('\r\n--b--\r\n');

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  if (server) await stopServing(server);
  server = undefined;
});

/** A server that tells how many bytes the image has. */
async function start(options: UploadGateOptions) {
  const gate = createUploadGate(options);
  const seen = { mostReserved: 0 };
  server = createServer({
    tls: undefined,
    uploadTimeoutMs: options.timeoutMs,
    onCertificateError: () => undefined,
    async fetch(incoming, env) {
      const read = await readUploadForm(uploadSource(incoming, (env as HttpBindings).incoming), RULES, gate);
      seen.mostReserved = Math.max(seen.mostReserved, gate.reservedBytes);
      if (!read.ok) return new Response(read.code, { status: ERRORS[read.code].status });
      const [image] = read.form.images;
      await new Promise((resolve) => setTimeout(resolve, 5));
      read.form.release();
      return new Response(`${image?.length}`);
    },
  });
  const url = new URL(await listen(server, { host: '127.0.0.1', port: 0 }));
  return { gate, seen, port: Number(url.port) };
}

/** A client that has sent the headers and the beginning of an image. */
function begin(port: number, contentLength: number, sent: Buffer) {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n');
  socket.write(`Content-Length: ${contentLength}\r\n\r\n`);
  socket.write(sent);
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString('latin1');
  });
  return { socket, answer: () => answer };
}

/** Resolves however the connection ends. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.on('close', resolve));
}

/** The status of a whole upload with an image of so many bytes; 0 when there was no answer. */
function post(port: number, content: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const upload = request({
      port,
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'multipart/form-data; boundary=b',
        'content-length': HEAD.length + content.length + TAIL.length,
      },
    });
    upload.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    upload.on('error', () => resolve(0));
    upload.write(HEAD);
    upload.write(content);
    upload.end(TAIL);
  });
}

describe('uploads over sockets', () => {
  it('cuts a slow sender off while others are served', async () => {
    const { port, gate } = await start({ memoryBytes: 4_000_000, timeoutMs: 700 });
    const slow = begin(port, 1_000_000, HEAD);
    const drip = setInterval(() => slow.socket.write(Buffer.alloc(1000)), 20);
    const cutOff = closed(slow.socket);
    expect(await post(port, Buffer.alloc(500_000))).toBe(200);
    await cutOff;
    clearInterval(drip);
    expect(slow.answer()).toMatch(/^HTTP\/1\.1 408 .*upload_too_slow$/s);
    expect(gate.reservedBytes).toBe(0);
  });

  it('frees what a client that leaves had reserved', async () => {
    const { port, gate } = await start({ memoryBytes: 4_000_000, timeoutMs: 60_000 });
    const { socket } = begin(port, 2_000_000, Buffer.concat([HEAD, Buffer.alloc(100_000)]));
    await expect.poll(() => gate.reservedBytes, { timeout: 10_000 }).toBe(2_000_000);
    socket.destroy();
    await expect.poll(() => gate.reservedBytes, { timeout: 10_000 }).toBe(0);
  });

  it('has a sender that stalls make room for one that waits', async () => {
    const { port, gate } = await start({ memoryBytes: 4_000_000, timeoutMs: 60_000 });
    const stalled = begin(port, 2_000_000, Buffer.concat([HEAD, Buffer.alloc(100_000)]));
    await expect.poll(() => gate.reservedBytes, { timeout: 10_000 }).toBe(2_000_000);
    expect(await post(port, Buffer.alloc(2_000_000))).toBe(200);
    await expect.poll(stalled.answer, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('serves 200 uploads at once within its memory', async () => {
    const { port, gate, seen } = await start({ memoryBytes: 16_000_000, timeoutMs: 20_000 });
    const content = Buffer.alloc(2_000_000);
    const statuses = await Promise.all(Array.from({ length: 200 }, () => post(port, content)));
    for (const status of statuses) expect([200, 408, 503]).toContain(status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(seen.mostReserved).toBeGreaterThan(2_000_000);
    expect(seen.mostReserved).toBeLessThanOrEqual(16_000_000);
    expect(gate.reservedBytes).toBe(0);
  });

  it.each<[string, Buffer, RegExp]>([
    ['an endless body', Buffer.alloc(65_536), /^HTTP\/1\.1 413 .*upload_too_large$/s],
    ['an endless body in chunks of one byte', Buffer.alloc(1), /^$/],
  ])('refuses %s and hangs up on its sender', async (_name, content, expected) => {
    const { port, gate } = await start({ memoryBytes: 4_000_000, timeoutMs: 60_000 });
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n');
    socket.write('Transfer-Encoding: chunked\r\n\r\n');
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    const chunk = Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]);
    const chunks = Buffer.concat(Array.from({ length: Math.ceil(65_536 / chunk.length) }, () => chunk));
    const send = () => {
      while (!socket.destroyed && socket.write(chunks));
    };
    socket.on('drain', send);
    send();
    await closed(socket);
    expect(answer).toMatch(expected);
    expect(gate.reservedBytes).toBe(0);
  });
});
