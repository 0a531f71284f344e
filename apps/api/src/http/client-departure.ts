import type { Departure } from '../jobs/departure.js';
import type { ApiContext } from './context.js';

/** From the connection itself where there is one, or from the Request of a test. */
export function departureOf(c: ApiContext): Departure {
  const outgoing = c.env?.outgoing;
  if (outgoing) {
    return {
      get left() {
        return outgoing.destroyed && !outgoing.writableFinished;
      },
      onLeave(listener) {
        outgoing.once('close', listener);
        return () => outgoing.off('close', listener);
      },
    };
  }
  const { signal } = c.req.raw;
  return {
    get left() {
      return signal.aborted;
    },
    onLeave(listener) {
      signal.addEventListener('abort', listener, { once: true });
      return () => signal.removeEventListener('abort', listener);
    },
  };
}
