import { withTimeout } from '@rollcall/platform';

export type Status = 'ok' | 'warning' | 'failed';

/** What one look at the set-up has shown. */
export interface Finding {
  readonly name: string;
  readonly status: Status;
  /** Nothing secret is in it. */
  readonly seen: string;
  /** One sentence with a command; null when nothing is to be mended. */
  readonly mend: string | null;
}

/** A look at one part of the set-up. It changes nothing, and leaves nothing behind. */
export interface Check {
  /** Of the finding when it gives none by itself: it hangs, or breaks. */
  readonly name: string;
  /** What to do when it hangs. */
  readonly mend: string;
  /** Ten seconds unless told. */
  readonly timeoutMs?: number;
  run(): Promise<readonly Finding[]>;
}

const TIMEOUT_MS = 10_000;

export const ok = (name: string, seen: string): Finding => ({ name, status: 'ok', seen, mend: null });
export const warning = (name: string, seen: string, mend: string): Finding => ({ name, status: 'warning', seen, mend });
export const failed = (name: string, seen: string, mend: string): Finding => ({ name, status: 'failed', seen, mend });

/** All at once; the findings are in the order of the checks. */
export async function runChecks(checks: readonly Check[]): Promise<Finding[]> {
  return (await Promise.all(checks.map(runCheck))).flat();
}

async function runCheck({ name, mend, timeoutMs = TIMEOUT_MS, run }: Check): Promise<readonly Finding[]> {
  try {
    return await withTimeout(run(), timeoutMs);
  } catch (error) {
    const isHung = error instanceof Error && error.name === 'TimeoutError';
    return [failed(name, isHung ? `no answer within ${timeoutMs / 1000} s` : messageOf(error), mend)];
  }
}

/** The error's sentence, in one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
}

/** The system's name of the error, such as ENOENT. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
