import type { components } from './schema.js';

// What the client offers; client.ts carries it out.

type Schemas = components['schemas'];
export type Verification = Schemas['Verification'];
export type Identification = Schemas['Identification'];
export type Comparison = Schemas['Comparison'];
export type Assessment = Schemas['Assessment'];
export type Enrolment = Schemas['Enrolment'];
export type Employee = Schemas['Employee'];
export type Erasure = Schemas['Erasure'];
export type Job = Schemas['Job'];
export type Readiness = Schemas['Readiness'];
export type Accepted = Schemas['Accepted'];
export type Employees = Schemas['Employees'];

export interface ClientOptions {
  /** Such as `https://rollcall.example.com`. */
  readonly url: string;
  /** An access token, `rc_…`. */
  readonly token?: string;
  /** The gate at which requests are made, for tokens that are bound to gates. */
  readonly gate?: string;
  /** For how long a call goes on trying and waiting, in milliseconds; two minutes unless told. */
  readonly deadlineMs?: number;
  /** How long one request may take; 70 seconds unless told, more than the server ever makes one wait. */
  readonly attemptMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Instead of {@link ClientOptions.deadlineMs}. */
  readonly deadlineMs?: number;
}

export interface SubmitOptions extends CallOptions {
  /**
   * Names the request, so that it is carried out once however often it is made, also after a restart of the caller; a
   * random one unless told.
   */
  readonly idempotencyKey?: string;
}

/** JPEG, PNG or WebP. */
export type Photo = Blob | Uint8Array<ArrayBuffer>;

/**
 * Every method resolves with the reply's body, or throws a `RollcallError` for an answer that is none, and a
 * `RollcallUnavailableError` when there was no answer by the deadline.
 */
export interface RollcallClient {
  /** Is this the employee? A mismatch is a result: `verified: false`. */
  verify(employeeId: string, photo: Photo, options?: SubmitOptions): Promise<Verification>;
  /** Which employees may this be? The nearest first. @param options.limit of candidates, 10 at most */
  identify(photo: Photo, options?: SubmitOptions & { readonly limit?: number }): Promise<Identification>;
  /** Do two photos show one person? */
  compare(one: Photo, other: Photo, options?: SubmitOptions): Promise<Comparison>;
  /** Would this photo be fit as a reference? Nothing is kept of it. */
  assess(photo: Photo, options?: SubmitOptions): Promise<Assessment>;
  /** Makes photos references, 1 to 10 at a time. Throws `photos_refused` with what is wrong with each. */
  enrol(
    employeeId: string,
    photos: readonly Photo[],
    options?: SubmitOptions & { readonly force?: boolean },
  ): Promise<Enrolment>;
  /** Hands a verification in without waiting for it; `job.result` waits. Such requests let others go first. */
  submitVerification(employeeId: string, photo: Photo, options?: SubmitOptions): Promise<{ readonly jobId: string }>;
  /** The state of a job now. */
  job(jobId: string, options?: CallOptions): Promise<Job>;
  /** Waits for the end of a job and resolves as the call that made it would have. */
  jobResult<T = Verification>(jobId: string, options?: CallOptions): Promise<T>;
  /** Takes a job back; throws `job_begun` when it is too late. */
  cancelJob(jobId: string, options?: CallOptions): Promise<Job>;
  /** The ids of all employees, page by page. */
  employees(options?: CallOptions & { readonly prefix?: string }): AsyncGenerator<string>;
  employee(employeeId: string, options?: CallOptions): Promise<Employee>;
  /** A reference photo as it was enrolled. */
  facePhoto(employeeId: string, face: string, options?: CallOptions): Promise<Blob>;
  /**
   * Erases a person: photos, embeddings, jobs and uploads. When the first answer was lost, the repetition throws
   * `employee_not_found`: nobody is left to erase.
   */
  erase(employeeId: string, options?: CallOptions): Promise<Erasure>;
  eraseFace(employeeId: string, face: string, options?: CallOptions): Promise<Erasure>;
  /** Whether a verification could be answered now; `not_ready` is a result. */
  ready(options?: CallOptions): Promise<Readiness>;
}
