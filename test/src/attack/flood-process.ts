// Many uploads at once, from a process of their own: told what by a message, it answers with what became of them.
import { once } from 'node:events';
import { BOUNDARY, filePart, multipart, textPart } from '../support/multipart.js';
import { bytesOf, open } from '../support/raw-http.js';

export interface FloodOrder {
  readonly url: string;
  readonly clients: number;
  /** Of each upload. */
  readonly bytes: number;
  /** Of each client; undefined sends as fast as the server reads. */
  readonly bytesPerSecond?: number | undefined;
}

/** How many uploads were answered with a status, or not at all (`cut off`, `not connected`). */
export type FloodReport = Readonly<Record<string, number>>;

const TICK_MS = 250;

async function flood({ url, clients, bytes, bytesPerSecond }: FloodOrder): Promise<FloodReport> {
  // It begins as a JPEG, so that it is read to its end; all clients share it.
  const image = Buffer.alloc(bytes);
  image.set([0xff, 0xd8, 0xff, 0xe0]);
  const body = multipart([textPart('employee_id', 'nobody'), filePart('image', image)]);
  const head = bytesOf({
    method: 'POST',
    path: '/v1/verifications',
    headers: [
      ['Content-Type', `multipart/form-data; boundary=${BOUNDARY}`],
      ['Content-Length', `${body.length}`],
    ],
    body: Buffer.alloc(0),
  });
  const ends: Record<string, number> = {};
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const end = await upload(url, head, body, bytesPerSecond);
      ends[end] = (ends[end] ?? 0) + 1;
    }),
  );
  return ends;
}

async function upload(url: string, head: Buffer, body: Buffer, bytesPerSecond: number | undefined): Promise<string> {
  const socket = open(url);
  let answer = '';
  let connected = false;
  let timer: NodeJS.Timeout | undefined;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('connect', () => {
    connected = true;
    socket.write(head);
    if (bytesPerSecond === undefined) {
      socket.write(body);
      return;
    }
    const slice = Math.ceil((bytesPerSecond * TICK_MS) / 1000);
    let at = 0;
    timer = setInterval(() => {
      // Its answer is there, or what was sent has not been taken yet.
      if (answer !== '' || socket.writableLength > 0) return;
      socket.write(body.subarray(at, at + slice));
      at += slice;
    }, TICK_MS);
  });
  await once(socket, 'close').catch(() => undefined);
  clearInterval(timer);
  return /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? (connected ? 'cut off' : 'not connected');
}

process.on('message', async (order: FloodOrder) => process.send?.(await flood(order)));
