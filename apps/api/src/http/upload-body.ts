import type { Readable } from 'node:stream';

/** Reads a stream only as far as it is asked to: whatever is not read waits in the stream, and then at its sender. */
export interface BodyReader {
  /** Bytes that can be read now; waits until there are some. 0 at the end of the body. */
  available(): Promise<number>;
  /** As many of the available bytes. */
  read(bytes: number): Buffer;
  /** Leaves the stream as it is; what waits for it waits forever. */
  stop(): void;
}

/** @param onLost called when the stream ends before its body does: the client has left. */
export function createBodyReader(body: Readable, onLost: () => void): BodyReader {
  let wake = () => {};
  const onEvent = () => wake();
  const onClose = () => {
    if (!body.readableEnded) onLost();
  };
  // Stays, so that an error which comes after everybody has gone is nobody's. Not a closure: it would keep what this one knows,
  // and with it the photo, for as long as the request waits.
  body.on('error', ignore);
  body.on('readable', onEvent);
  body.on('end', onEvent);
  body.on('close', onClose);

  return {
    async available() {
      for (;;) {
        if (body.readableEnded) return 0;
        if (body.destroyed) onLost();
        else if (body.readableLength > 0) return body.readableLength;
        const event = new Promise<void>((resolve) => {
          wake = resolve;
        });
        // Without this the end would not be told.
        body.read(0);
        await event;
      }
    },
    read: (bytes) => body.read(bytes) as Buffer,
    stop() {
      body.off('readable', onEvent);
      body.off('end', onEvent);
      body.off('close', onClose);
    },
  };
}

function ignore(): void {}
