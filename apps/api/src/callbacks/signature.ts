import { createHmac } from 'node:crypto';

/**
 * Value of `Rollcall-Signature`: whoever has the secret can tell that the body is ours, and since when it is on its way.
 * @param seconds since the epoch.
 */
export function signatureOf(body: string, seconds: number, secret: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
