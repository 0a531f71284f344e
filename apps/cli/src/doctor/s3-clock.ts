import http from 'node:http';
import https from 'node:https';
import type { S3Config } from '@rollcall/platform';
import { type Check, failed, messageOf, ok, warning } from './check.js';
import { urlOf } from './store.js';

/** S3 refuses signatures whose time is further off. */
const REFUSED_MS = 15 * 60_000;
/** The header has whole seconds, and the answer takes its time. */
const MUCH_MS = 30_000;

const MEND = 'Have this machine and the server keep their clocks: sudo timedatectl set-ntp true';
const NAME = 's3-clock';

/** Compares the clocks by the Date header, which an S3 server sends with every answer, a refusal too. */
export function checkS3Clock(s3: S3Config): Check {
  return {
    name: NAME,
    mend: `See whether the S3 server answers: curl -I ${urlOf(s3)}`,
    async run() {
      let date: string | undefined;
      try {
        date = await dateOf(s3);
      } catch (error) {
        return [warning(NAME, `cannot be compared: ${messageOf(error)}`, 'Mend the store first: npx rollcall doctor')];
      }
      const offset = Date.parse(date ?? '') - Date.now();
      if (Number.isNaN(offset)) return [ok(NAME, 'the S3 server does not tell its time')];
      const seen = `the S3 server's clock is ${Math.round(Math.abs(offset) / 1000)} s ${offset < 0 ? 'behind' : 'ahead'}`;
      if (Math.abs(offset) >= REFUSED_MS) return [failed(NAME, `${seen}: it refuses every signature`, MEND)];
      return [Math.abs(offset) > MUCH_MS ? warning(NAME, seen, MEND) : ok(NAME, seen)];
    },
  };
}

function dateOf({ useSSL, endPoint, port }: S3Config): Promise<string | undefined> {
  const { request } = useSSL ? https : http;
  return new Promise((resolve, reject) => {
    const head = request({ host: endPoint, port, method: 'HEAD', agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.headers.date);
    });
    head.on('timeout', () => head.destroy(new Error('no answer within 5 s')));
    head.on('error', reject);
    head.end();
  });
}
