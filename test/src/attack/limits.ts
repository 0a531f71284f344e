import { photo } from '../support/client.js';
import { filePart, textPart } from '../support/multipart.js';
import { headerOf } from '../support/raw-http.js';
import { type Attack, type Attempt, LeftOut } from './attack.js';
import { type Victim, wordsOf } from './victim.js';

/** A higher limit is not tried out: that would be a load test. */
const MAX_FLOOD = 2000;
/** Verifications that must be enough to be locked out. */
const MAX_GUESSES = 50;
const AT_ONCE = 20;

export const LIMITS: readonly Attack[] = [
  {
    name: 'more and more requests: are they counted?',
    needs: ['closed', 'verify'],
    expected: ['counted'],
    async run(victim) {
      const remaining = async () => {
        const [reply] = (await victim.send({ path: '/v1/jobs/x', as: 'verify' })).replies;
        return Number((reply && headerOf(reply, 'ratelimit-remaining')) ?? Number.NaN);
      };
      const [first, second] = [await remaining(), await remaining()];
      // Unless a new minute has begun between them.
      const counted = second < first || second > first + 2;
      return [{ what: 'RateLimit-Remaining', got: counted ? 'counted' : `${first}, then ${second}` }];
    },
  },
  {
    name: 'more requests than the limit',
    needs: ['closed', 'flood'],
    expected: ['429 rate_limited'],
    run: flood,
  },
  {
    name: 'faces until one fits',
    needs: ['closed', 'employee', 'verify', 'admin'],
    expected: ['429 verification_locked'],
    run: guessFaces,
  },
];

async function flood(victim: Victim): Promise<Attempt[]> {
  const ask = () => victim.send({ path: '/v1/jobs/x', as: 'flood' });
  const [reply] = (await ask()).replies;
  const limit = Number((reply && headerOf(reply, 'ratelimit-limit')) ?? Number.NaN);
  if (Number.isNaN(limit)) return [{ what: 'RateLimit-Limit', got: 'no limit is told' }];
  if (limit > MAX_FLOOD) throw new LeftOut(`${limit} requests a minute are not tried out, only up to ${MAX_FLOOD}`);
  let got = '';
  // Twice: a new minute may begin in between.
  for (let sent = 0; sent <= 2 * limit && !got.startsWith('429'); sent += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
    const words = answers.map(wordsOf);
    got = words.find((word) => word.startsWith('429')) ?? words[0] ?? '';
  }
  return [{ what: `${limit} requests and more`, got }];
}

/** Enrols somebody, verifies somebody else's photo as them until that is refused, and erases them. */
async function guessFaces(victim: Victim): Promise<Attempt[]> {
  const employee = victim.employee ?? '';
  const path = `/v1/employees/${encodeURIComponent(employee)}`;
  const known = wordsOf(await victim.send({ path, as: 'admin' }));
  if (known !== '404 employee_not_found') throw new LeftOut(`the employee must not exist yet (${known})`);
  const [right, wrong] = await Promise.all([photo('person_a_1.jpg'), photo('person_b_2.jpg')]);
  try {
    const enrolled = await victim.send(victim.form(`${path}/faces`, [filePart('image', right)], 'admin'));
    if (enrolled.replies[0]?.status !== 201) throw new LeftOut(`nobody could be enrolled: ${wordsOf(enrolled)}`);
    const guess = victim.form(
      '/v1/verifications',
      [textPart('employee_id', employee), filePart('image', wrong)],
      'verify',
    );
    let got = '';
    for (let guesses = 0; guesses < MAX_GUESSES && !got.startsWith('429'); guesses++) {
      got = wordsOf(await victim.send(guess));
    }
    return [{ what: `up to ${MAX_GUESSES} faces`, got }, ...(await erase(victim, path))];
  } catch (error) {
    await erase(victim, path);
    throw error;
  }
}

/** Leaves nothing behind; tells only when that fails. */
async function erase(victim: Victim, path: string): Promise<Attempt[]> {
  const erased = await victim.send({ method: 'DELETE', path, as: 'admin' });
  return erased.replies[0]?.status === 200 ? [] : [{ what: `DELETE ${path}, to clean up`, got: wordsOf(erased) }];
}
