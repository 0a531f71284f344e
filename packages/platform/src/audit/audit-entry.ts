/** What can be noted. The last four are the log's own. */
export const AUDIT_ACTIONS = [
  'verify',
  'compare',
  'identify',
  'enroll',
  'assess',
  'read',
  'read_photo',
  'erase',
  'erase_photo',
  'read_audit',
  'access',
  'token_create',
  'token_revoke',
  'import',
  'rotate_keys',
  'backup',
  'restore',
  'opened',
  'closed',
  'redacted',
  'trimmed',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/**
 * What happened, as callers tell it: ids and outcomes only, never an image, an embedding or a token. What is unknown is null
 * or left out. Long strings are cut, see {@link toFields}.
 */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly outcome: string;
  /** Id of the access token. */
  readonly token?: string | null | undefined;
  readonly gate?: string | null | undefined;
  /** Of the client. */
  readonly address?: string | null | undefined;
  /** Id of the employee. The only place where one may be: `detail` cannot be redacted. */
  readonly employee?: string | null | undefined;
  /** Key of a reference photo. Only its keyed hash is written, by which a restore knows that the photo was erased. */
  readonly photo?: string | undefined;
  readonly distance?: number | null | undefined;
  readonly job_id?: string | null | undefined;
  readonly request_id?: string | null | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** What an entry brings into its line, in the line's order. What is unknown is left out. */
export interface AuditFields {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly action: AuditAction;
  readonly outcome: string;
  readonly token?: string | undefined;
  readonly gate?: string | undefined;
  readonly address?: string | undefined;
  /** Stands for the employee after the id is redacted. */
  readonly employee_ref?: string | undefined;
  /** Stands for the key of a photo. */
  readonly photo_ref?: string | undefined;
  readonly distance?: number | undefined;
  readonly job_id?: string | undefined;
  readonly request_id?: string | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** What a line's hash covers. */
export interface AuditContent extends AuditFields {
  /** One per process that writes. */
  readonly chain: string;
  /** From 0 in each chain. */
  readonly seq: number;
  /** Hash of the line before it in its chain; for the first, of the last line then in the log. */
  readonly prev: string;
}

/** One line of the log. */
export interface AuditLine extends AuditContent {
  /** Clear id of the employee, empty when it is redacted. Not covered by the hash, but bound by `employee_ref`. */
  readonly employee?: string | undefined;
  readonly hash: string;
}

// A line that has everything, in characters of three bytes each, stays below 4 KiB.
const MAX_LENGTH = 64;
const MAX_ID_LENGTH = 128;
const MAX_DETAIL_BYTES = 1024;

/** An employee's id as the log has it. */
export function asEmployee(id: string | null | undefined): string | undefined {
  return bounded(id, MAX_LENGTH);
}

/**
 * Strings are cut to 64 UTF-16 code units (`job_id` and `request_id` to 128) and lose their control characters; a detail of
 * more than 1 KiB is left out.
 */
export function toFields(
  entry: AuditEntry,
  { employeeRef, photoRef }: { readonly employeeRef?: string | undefined; readonly photoRef?: string | undefined } = {},
): AuditFields {
  return {
    time: new Date().toISOString(),
    action: entry.action,
    outcome: bounded(entry.outcome, MAX_LENGTH) ?? '',
    token: bounded(entry.token, MAX_LENGTH),
    gate: bounded(entry.gate, MAX_LENGTH),
    address: bounded(entry.address, MAX_LENGTH),
    employee_ref: employeeRef,
    photo_ref: photoRef,
    distance: entry.distance ?? undefined,
    job_id: bounded(entry.job_id, MAX_ID_LENGTH),
    request_id: bounded(entry.request_id, MAX_ID_LENGTH),
    detail: isSmall(entry.detail) ? entry.detail : { left_out: 'too large' },
  };
}

const PLAIN = /^[\x20-\x7e]*$/;

function bounded(text: string | null | undefined, length: number): string | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  const short = text.slice(0, length);
  return PLAIN.test(short) ? short : short.replace(/[\p{Cc}\p{Cs}]/gu, '?');
}

function isSmall(detail: AuditEntry['detail']): boolean {
  return detail === undefined || Buffer.byteLength(JSON.stringify(detail)) <= MAX_DETAIL_BYTES;
}
