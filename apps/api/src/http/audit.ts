import { type AuditReply, employeeIdSchema } from '@rollcall/contracts';
import { AUDIT_ACTIONS, type AuditFilter, type AuditLine, type AuditLog } from '@rollcall/platform';
import { Hono } from 'hono';
import { z } from 'zod';
import { requires } from './access.js';
import { type ApiContext, type ApiEnvironment, send, sendError, traceOf } from './context.js';

/** The lines of the audit log that fit, newest first. */
export type ReadAudit = (filter: AuditFilter) => AsyncIterable<AuditLine>;

export interface AuditRoutesOptions {
  readonly audit: Pick<AuditLog, 'record'>;
  readonly readAudit: ReadAudit;
  /** After this a search ends with what it has found. */
  readonly maxSearchMs?: number;
}

const DEFAULT_LINES = 50;
const MAX_LINES = 500;

/** A filter that hardly anything fits leads through the whole log, years of it. */
const MAX_SEARCH_MS = 3_000;

const MINUTE_MS = 60_000;

const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LINES).default(DEFAULT_LINES),
  action: z.array(z.enum(AUDIT_ACTIONS)).min(1).optional(),
  employee: employeeIdSchema.optional(),
  since: z
    .union([z.iso.datetime({ offset: true }), z.iso.date()])
    .transform((text) => new Date(text))
    .optional(),
});

/** `GET /v1/audit`: what the log of this process, and of those that share its file, tells. */
export function auditRoutes({
  audit,
  readAudit,
  maxSearchMs = MAX_SEARCH_MS,
}: AuditRoutesOptions): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  const isNews = oncePerMinute();

  routes.get('/', requires('admin'), async (c) => {
    const query = querySchema.safeParse(queryOf(c));
    if (!query.success) return sendError(c, 'invalid_request');
    const { limit, ...filter } = query.data;
    const signal = AbortSignal.timeout(maxSearchMs);
    const entries: AuditReply['entries'] = [];
    for await (const line of readAudit({ ...filter, signal })) {
      entries.push(entryOf(line));
      if (entries.length === limit) break;
    }
    const body: AuditReply = { entries, complete: entries.length === limit || !signal.aborted };
    // Whose name was erased does not come back into the log by a search for it.
    const employee = entries.some((entry) => entry.employee === filter.employee) ? filter.employee : null;
    if (isNews(`${c.get('principal').tokenId} ${employee}`)) {
      await audit.record({ ...traceOf(c), action: 'read_audit', outcome: 'done', employee });
    }
    return send(c, { status: 200, body, outcome: 'listed' });
  });

  return routes;
}

/** `action` may be there several times. */
function queryOf(c: ApiContext): Record<string, string | string[]> {
  const actions = c.req.queries('action');
  return { ...c.req.query(), ...(actions && { action: actions }) };
}

function entryOf(line: AuditLine): AuditReply['entries'][number] {
  return {
    time: line.time,
    action: line.action,
    outcome: line.outcome,
    // Empty where it was erased.
    employee: line.employee || null,
    distance: line.distance ?? null,
    gate: line.gate ?? null,
    token: line.token ?? null,
    address: line.address ?? null,
    request_id: line.request_id ?? null,
    job_id: line.job_id ?? null,
    detail: line.detail ?? null,
  };
}

/** A page that shows the log asks every few seconds, and must not fill it with that. */
function oncePerMinute(): (what: string) => boolean {
  const told = new Set<string>();
  let minute = 0;
  return (what) => {
    const now = Math.floor(Date.now() / MINUTE_MS);
    if (now !== minute) told.clear();
    minute = now;
    if (told.has(what)) return false;
    told.add(what);
    return true;
  };
}
