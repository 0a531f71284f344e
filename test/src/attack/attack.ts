import type { Victim } from './victim.js';

/** One attempt and what came of it: a status and its code (`401 unauthorized`), or a few words. */
export interface Attempt {
  readonly what: string;
  readonly got: string;
}

/** What an attack cannot do without. `closed`: a server that wants tokens. `employee`: an id that may be enrolled. */
export type Need = 'closed' | 'employee' | TokenName;

/**
 * What the tokens of an attack are for. `other` is a second one for verifications, `flood` one whose rate may be used up,
 * `revoked` and `expired` are no longer valid.
 */
export const TOKEN_NAMES = ['verify', 'other', 'admin', 'flood', 'revoked', 'expired'] as const;
export type TokenName = (typeof TOKEN_NAMES)[number];

export interface Attack {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Every attempt must come to one of these, and there must be one. */
  readonly expected: readonly string[];
  /** @throws {LeftOut} when it turns out that the attack would do harm. */
  run(victim: Victim): Promise<readonly Attempt[]>;
}

/** The attack was not made. `message` says why. */
export class LeftOut extends Error {
  override readonly name = 'LeftOut';
}

export interface Row {
  readonly attack: string;
  readonly expected: string;
  readonly got: string;
  readonly verdict: 'ok' | 'FAILED' | 'left out';
}

/** Makes one attack. Never rejects: an attack that breaks has failed. */
export async function attempt(attack: Attack, victim: Victim): Promise<Row> {
  const { name, needs, expected } = attack;
  const row = { attack: name, expected: expected.join(' or ') };
  const missing = needs.filter((need) => !victim.has(need));
  if (missing.length > 0) return { ...row, got: `needs ${missing.map(wordsFor).join(' and ')}`, verdict: 'left out' };
  try {
    const attempts = await attack.run(victim);
    const wrong = attempts.filter(({ got }) => !expected.includes(got));
    if (attempts.length === 0) return { ...row, got: 'nothing was tried', verdict: 'FAILED' };
    if (wrong.length === 0)
      return { ...row, got: [...new Set(attempts.map(({ got }) => got))].join(', '), verdict: 'ok' };
    return { ...row, got: wrong.map(({ what, got }) => `${what}: ${got}`).join('; '), verdict: 'FAILED' };
  } catch (error) {
    const { message } = error as Error;
    return { ...row, got: message, verdict: error instanceof LeftOut ? 'left out' : 'FAILED' };
  }
}

function wordsFor(need: Need): string {
  if (need === 'closed') return 'a server with access tokens';
  if (need === 'employee') return '--employee';
  return `the token ${need}`;
}

/** Makes all of them: those that wait beside each other, then one after the other those that do not. */
export async function attemptAll(
  attacks: Readonly<Record<'waiting' | 'quick', readonly Attack[]>>,
  victim: Victim,
): Promise<Row[]> {
  const waiting = Promise.all(attacks.waiting.map((attack) => attempt(attack, victim)));
  const rows: Row[] = [];
  for (const attack of attacks.quick) rows.push(await attempt(attack, victim));
  return [...rows, ...(await waiting)];
}
