import { z } from 'zod';

/** What an access token allows. `admin` allows everything. */
export const SCOPES = ['verify', 'enroll', 'read', 'erase', 'admin'] as const;
export const scopeSchema = z.enum(SCOPES);
export type Scope = z.infer<typeof scopeSchema>;

/** Name of a gate, as a terminal sends it in `X-Gate` and a token may be bound to it. */
export const gateSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'a gate is named with up to 64 letters, digits, ".", "_" and "-"');
