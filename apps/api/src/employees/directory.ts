import {
  EMPLOYEES_PREFIX,
  type EmployeeReply,
  type EmployeesReply,
  embeddingKey,
  employeeIdSchema,
  employeePrefix,
  isReferencePhoto,
} from '@rollcall/contracts';
import { type BlobInfo, isValidKey } from '@rollcall/platform';

/** What the directory needs of the store. */
export interface DirectoryStore {
  list(prefix: string): Promise<readonly BlobInfo[]>;
  get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined>;
  folders(prefix: string, page: { after?: string; limit: number; startsWith?: string }): Promise<readonly string[]>;
}

/** Who is known, and with which photos, read from the store as it is now. */
export interface Directory {
  /** A page of employees in the order of their ids; `cursor` is the last id of the page before. */
  page(request: { cursor?: string; prefix?: string; limit: number }): Promise<EmployeesReply>;
  /** Undefined when nothing is stored for the employee. */
  employee(employeeId: string): Promise<EmployeeReply | undefined>;
  /** A reference photo's bytes. */
  photo(employeeId: string, face: string): Promise<{ bytes: Uint8Array; etag: string } | undefined>;
}

export function createDirectory(store: DirectoryStore): Directory {
  return {
    async page({ cursor, prefix, limit }) {
      const names = await store.folders(EMPLOYEES_PREFIX, {
        limit: limit + 1,
        ...(cursor !== undefined && { after: cursor }),
        ...(prefix !== undefined && { startsWith: prefix }),
      });
      const page = names.slice(0, limit);
      // A folder copied in by hand may have a name that is no employee id; nobody can be verified against it.
      const employees = page.filter((name) => employeeIdSchema.safeParse(name).data === name);
      return {
        employees: employees.map((employee_id) => ({ employee_id })),
        next_cursor: names.length > limit ? (page.at(-1) ?? null) : null,
      };
    },

    async employee(employeeId) {
      const prefix = employeePrefix(employeeId);
      const objects = await store.list(prefix);
      if (objects.length === 0) return undefined;
      const keys = new Set(objects.map(({ key }) => key));
      const faces = objects.filter(({ key }) => isReferencePhoto(prefix, key));
      return {
        employee_id: employeeId,
        faces: faces.map(({ key, size, modifiedAt }) => {
          const face = key.slice(prefix.length);
          return {
            face,
            bytes: size,
            modified_at: new Date(modifiedAt).toISOString(),
            photo_url: `/v1/employees/${encodeURIComponent(employeeId)}/faces/${encodeURIComponent(face)}`,
            embedded: keys.has(embeddingKey(key)),
          };
        }),
      };
    },

    async photo(employeeId, face) {
      const prefix = employeePrefix(employeeId);
      const key = prefix + face;
      return isReferencePhoto(prefix, key) && isValidKey(key) ? store.get(key) : undefined;
    },
  };
}
