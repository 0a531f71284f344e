import { z } from 'zod';

/** Longest employee id, in UTF-16 code units: 64 × 3 bytes of UTF-8 stay below the 255-byte limit of a file name. */
export const EMPLOYEE_ID_MAX_LENGTH = 64;

export const EMPLOYEE_ID_RULE =
  'employee_id must have 1 to 64 letters, digits, spaces, dots, hyphens or underscores, and must not contain ".."';

/**
 * An employee's id, which is also a folder name. Unicode is normalised to NFC, so that `é` typed as one or as two code
 * points is one employee; combining marks are allowed because several scripts cannot be written without them.
 */
export const employeeIdSchema = z
  .string()
  .transform((value) => value.normalize('NFC').trim())
  .pipe(
    z
      .string()
      .min(1)
      .max(EMPLOYEE_ID_MAX_LENGTH)
      .regex(/^[\p{L}\p{M}\p{Nd}._ -]+$/u)
      .refine((value) => !value.includes('..') && value !== '.'),
  );
