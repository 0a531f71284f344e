import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readAnswers } from './answers.js';

function listen(): { socket: PassThrough; statuses: number[] } {
  const socket = new PassThrough();
  const statuses: number[] = [];
  readAnswers(socket as unknown as Socket, (status) => statuses.push(status));
  return { socket, statuses };
}

/** Writes piece by piece, each seen before the next. */
async function write(socket: PassThrough, ...pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('tells the status when the whole answer is there, in however many pieces it comes', async () => {
  const { socket, statuses } = listen();
  await write(socket, 'HTTP/1.1 200 O', 'K\r\nContent-Le', 'ngth: 10\r\n\r', '\n12345');
  expect(statuses).toEqual([]);
  await write(socket, '678', '90');
  expect(statuses).toEqual([200]);
  await write(socket, 'HTTP/1.1 503 Busy\r\ncontent-length: 2\r\nRetry-After: 1\r\n\r\n{}');
  expect(statuses).toEqual([200, 503]);
});

it('counts bytes, not letters', async () => {
  const { socket, statuses } = listen();
  await write(socket, 'HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\n×', '×');
  expect(statuses).toEqual([400]);
});

it('tells a connection that ends', async () => {
  const { socket, statuses } = listen();
  await write(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n123');
  socket.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  expect(statuses).toEqual([0]);
});
