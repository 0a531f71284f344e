// Clients in a closed loop, in a process of their own, so that what they cost can be told from what the system costs: each
// writes one prepared request to its connection, waits for the whole answer, and writes the next. Nothing is parsed but the
// status and the length of the answer.
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { BOUNDARY, filePart, multipart, textPart } from '../support/multipart.js';
import { HEAD_END, readAnswers } from './answers.js';
import type { ClosedLoopOrder, ClosedLoopReport } from './closed-loop.js';

async function prepare({ url, path, employeeId, photos }: ClosedLoopOrder): Promise<Buffer[]> {
  const { host } = new URL(url);
  return Promise.all(
    photos.map(async (photo) => {
      const body = multipart([textPart('employee_id', employeeId), filePart('image', await readFile(photo))]);
      const head = [
        `POST ${path} HTTP/1.1`,
        `Host: ${host}`,
        `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
        `Content-Length: ${body.length}`,
      ];
      return Buffer.concat([Buffer.from(head.join('\r\n') + HEAD_END), body]);
    }),
  );
}

async function run(order: ClosedLoopOrder): Promise<ClosedLoopReport> {
  const { url, clients, warmUpSeconds, seconds } = order;
  const requests = await prepare(order);
  const { hostname, port } = new URL(url);
  const beganAt = performance.now();
  const from = beganAt + 1000 * warmUpSeconds;
  const to = from + 1000 * seconds;
  const latencies: number[] = [];
  let errors = 0;
  let sent = 0;

  function client(): Promise<void> {
    return new Promise((resolve) => {
      let socket = open();
      let askedAt = 0;
      function ask() {
        askedAt = performance.now();
        if (askedAt >= to) {
          socket.removeAllListeners('close');
          socket.destroy();
          return resolve();
        }
        socket.write(requests[sent++ % requests.length] as Buffer);
      }
      function open(): Socket {
        const next = connect({ host: hostname, port: Number(port), noDelay: true }, () => ask());
        readAnswers(next, (status) => {
          const now = performance.now();
          if (now >= from && now < to) {
            if (status === 200) latencies.push(now - askedAt);
            else errors++;
          }
          if (status !== 0) return ask();
          // Not at once, or a system that refuses connections would be asked thousands of times a second.
          setTimeout(() => {
            if (performance.now() >= to) return resolve();
            socket = open();
          }, 100);
        });
        return next;
      }
    });
  }

  setTimeout(() => process.send?.('measuring'), 1000 * warmUpSeconds);
  setTimeout(() => process.send?.('measured'), 1000 * (warmUpSeconds + seconds));
  await Promise.all(Array.from({ length: clients }, client));
  return { sent, latencies, errors };
}

process.on('message', async (order: ClosedLoopOrder) => process.send?.(await run(order)));
