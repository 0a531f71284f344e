import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Portraits of four people; see test/fixtures/photos/README.md. */
export function photoPath(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/photos/${name}`, import.meta.url));
}

export function photo(name: string): Promise<Buffer> {
  return readFile(photoPath(name));
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies that they also parse with the contracts
  readonly body: any;
}

/** The form that a gate posts; undefined leaves a field out. */
export function form(employeeId: string | undefined, image: Uint8Array | undefined): FormData {
  const data = new FormData();
  if (employeeId !== undefined) data.set('employee_id', employeeId);
  if (image !== undefined) data.set('image', new Blob([Uint8Array.from(image)]), 'photo.jpg');
  return data;
}

export async function post(
  url: string,
  body: FormData | string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  return answer(await fetch(url, { method: 'POST', body, headers, ...(signal && { signal }) }));
}

export async function get(url: string): Promise<Answer> {
  return answer(await fetch(url));
}

export async function remove(url: string): Promise<Answer> {
  return answer(await fetch(url, { method: 'DELETE' }));
}

async function answer(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: await response.json() };
}
