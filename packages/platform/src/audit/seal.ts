import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { AuditContent, AuditLine } from './audit-entry.js';

/** 128 bits, in hex. */
const REF_LENGTH = 32;

/** `sound`: as it was written, but for a redacted id. `changed`: JSON that is not. `broken`: no line at all. */
export type Inspection =
  | { readonly kind: 'sound'; readonly line: AuditLine; readonly isRedacted: boolean }
  | { readonly kind: 'changed'; readonly chain: unknown; readonly seq: unknown }
  | { readonly kind: 'broken' };

export interface Seal {
  /** Stands for the employee in lines. Without the key nobody can tell whether it is a certain employee's. */
  refOf(employee: string): string;
  /** The same for a photo's key. */
  refOfPhoto(key: string): string;
  /** The line, without its end, and its hash. */
  write(content: AuditContent, employee: string | undefined): { readonly text: string; readonly hash: string };
  inspect(bytes: Buffer): Inspection;
  /** Vouches for a text that is no line. */
  mac(text: string): string;
}

/** Writes and reads lines with a key of 32 bytes, without which no line can be made or changed unnoticed. */
export function createSeal(key: Buffer): Seal {
  const mac = (text: string) => createHmac('sha256', key).update(text).digest('hex');
  const refOf = (employee: string) => mac(`employee:${employee}`).slice(0, REF_LENGTH);
  const refOfPhoto = (key: string) => mac(`photo:${key}`).slice(0, REF_LENGTH);

  function inspect(bytes: Buffer): Inspection {
    const text = bytes.toString();
    const parsed = isUtf8(bytes) ? parseObject(text) : undefined;
    if (!parsed) return { kind: 'broken' };
    const { employee, hash, ...rest } = parsed;
    const changed = { kind: 'changed', chain: rest.chain, seq: rest.seq } as const;
    const sealed = JSON.stringify(rest);
    if (typeof hash !== 'string' || mac(sealed) !== hash) return changed;
    // Only who has the key can have made it, so it has the shape that we give it.
    const content = rest as unknown as AuditContent;
    if (employee === undefined) {
      const isAnonymous = content.employee_ref === undefined || isErasure(content);
      return isAnonymous && text === join(sealed, '', hash) ? sound({ ...content, hash }) : changed;
    }
    if (typeof employee !== 'string' || isErasure(content)) return changed;
    const line = { ...content, employee, hash };
    if (employee !== '') {
      const isBound = refOf(employee) === content.employee_ref && text === join(sealed, clear(employee), hash);
      return isBound ? sound(line) : changed;
    }
    const blanks = ' '.repeat(Math.max(0, text.length - join(sealed, clear(''), hash).length));
    const isBlank = content.employee_ref !== undefined && text === join(sealed, clear('') + blanks, hash);
    return isBlank ? { ...sound(line), isRedacted: true } : changed;
  }

  return {
    refOf,
    refOfPhoto,
    write(content, employee) {
      const sealed = JSON.stringify(content);
      const hash = mac(sealed);
      return { text: join(sealed, employee === undefined ? '' : clear(employee), hash), hash };
    },
    inspect,
    mac,
  };
}

/** Lines about an erasure never have the clear id. */
export function isErasure({ action }: Pick<AuditContent, 'action'>): boolean {
  return action === 'erase' || action === 'redacted';
}

/** How many bytes the id takes with its quotes, and how far they begin from the end of the line. */
export function employeeValue({ employee = '', hash }: AuditLine): {
  readonly length: number;
  readonly fromEnd: number;
} {
  const length = Buffer.byteLength(JSON.stringify(employee));
  return { length, fromEnd: length + hashPart(hash).length };
}

/** What stands in front of a clear id, and nowhere within a string: quotes are escaped there. */
export const EMPLOYEE_START = ',"employee":';

const clear = (employee: string) => EMPLOYEE_START + JSON.stringify(employee);
const hashPart = (hash: string) => `,"hash":"${hash}"}`;

function join(sealed: string, employeePart: string, hash: string): string {
  return sealed.slice(0, -1) + employeePart + hashPart(hash);
}

function sound(line: AuditLine) {
  return { kind: 'sound', line, isRedacted: false } as const;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
