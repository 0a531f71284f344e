import type { Api } from './api.js';

/** Whether the service lets this device in. `open`: it does; the others say why not. */
export type Access = 'open' | 'unauthorized' | 'wrongGate' | 'unreachable';

/** No job has this id, so that whoever is let in is told that there is none. */
const NO_JOB = '/v1/jobs/00000000-0000-4000-8000-000000000000';

/** Asks for nothing that anybody would miss. */
export async function checkAccess(api: Pick<Api, 'request'>): Promise<Access> {
  const answer = await api.request(NO_JOB);
  if (answer.kind === 'done') return 'open';
  if (answer.kind !== 'refused') return 'unreachable';
  const { code, status } = answer.refusal;
  if (code === 'unauthorized') return 'unauthorized';
  if (code === 'gate_not_allowed') return 'wrongGate';
  return status >= 500 || status === 429 ? 'unreachable' : 'open';
}
