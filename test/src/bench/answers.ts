import type { Socket } from 'node:net';

/** Ends the head of an HTTP message. */
export const HEAD_END = '\r\n\r\n';

/** Calls back with the status of each whole answer; 0 is a connection that ended. */
export function readAnswers(socket: Socket, onAnswer: (status: number) => void): void {
  let head = '';
  let status = 0;
  let missing = -1;
  socket.on('data', (chunk) => {
    if (missing >= 0) {
      missing -= chunk.length;
    } else {
      head += chunk.toString('latin1');
      const end = head.indexOf(HEAD_END);
      if (end < 0) return;
      status = Number(head.slice(9, 12));
      const length = /^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1];
      if (length === undefined) throw new Error('an answer without Content-Length');
      missing = Number(length) - (head.length - end - HEAD_END.length);
    }
    if (missing > 0) return;
    head = '';
    missing = -1;
    onAnswer(status);
  });
  socket.on('close', () => onAnswer(0));
  socket.on('error', () => undefined);
}
