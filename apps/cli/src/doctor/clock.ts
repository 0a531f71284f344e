import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Check, type Finding, failed, ok, warning } from './check.js';

const NAME = 'clock';
const MEND = 'Have the system keep it: sudo timedatectl set-ntp true';

/** Whether this machine's clock can be right, and whether somebody keeps it so, as far as systemd knows. */
export const checkClock: Check = {
  name: NAME,
  mend: MEND,
  async run() {
    const builtAt = (await stat(new URL(import.meta.url))).mtimeMs;
    return [clockFinding({ now: Date.now(), builtAt, isKept: await isSynchronized() })];
  },
};

export interface ClockFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When this program was built or installed. */
  readonly builtAt: number;
  /** Undefined when nobody knows. */
  readonly isKept: boolean | undefined;
}

export function clockFinding({ now, builtAt, isKept }: ClockFacts): Finding {
  const time = new Date(now).toISOString();
  if (now < builtAt) return failed(NAME, `it says ${time}, before this program was installed`, MEND);
  if (isKept === undefined) return ok(NAME, `${time}; whether NTP keeps it cannot be told here`);
  return isKept ? ok(NAME, `${time}, kept by NTP`) : warning(NAME, `${time}, not kept by NTP`, MEND);
}

async function isSynchronized(): Promise<boolean | undefined> {
  try {
    const operands = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', operands, { timeout: 3_000 });
    return stdout.trim() === '' ? undefined : stdout.trim() === 'yes';
  } catch {
    return undefined;
  }
}
