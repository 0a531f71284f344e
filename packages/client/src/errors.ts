import type { components } from './schema.js';

/** An error's body: RFC 9457 problem details with Rollcall's fields. */
export type Problem = components['schemas']['Problem'];
/** What went wrong, as a stable word. */
export type ProblemCode = Problem['code'];

/** Rollcall answered, and the answer is not what was asked for. */
export class RollcallError extends Error {
  override readonly name = 'RollcallError';
  readonly status: number;
  /** Undefined when the answer is not Rollcall's own, such as a proxy's. */
  readonly problem: Problem | undefined;

  constructor(status: number, problem: Problem | undefined) {
    super(problem ? `${problem.code}: ${problem.detail}` : `status ${status}`);
    this.status = status;
    this.problem = problem;
  }

  get code(): ProblemCode | undefined {
    return this.problem?.code;
  }
}

/** Rollcall could not be reached, or had not answered by the deadline. `cause` is the last failure. */
export class RollcallUnavailableError extends Error {
  override readonly name = 'RollcallUnavailableError';
}

export function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'retryable' in body;
}
