import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { blobStoreContract } from './blob-store.contract.js';
import type { BlobStore } from './blob-store.js';
import { createFilesystemBlobStore } from './filesystem.js';
import { toFilesystemError } from './filesystem-errors.js';

const roots: string[] = [];

async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'rollcall-blobs-'));
  roots.push(root);
  return root;
}

afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true }))));

blobStoreContract('the filesystem store', async () => {
  const root = await newRoot();
  return {
    store: createFilesystemBlobStore({ root }),
    makeFolder: (prefix) => mkdir(join(root, prefix), { recursive: true }),
  };
});

describe('the filesystem store', () => {
  let root: string;
  let store: BlobStore;

  beforeEach(async () => {
    root = await newRoot();
    store = createFilesystemBlobStore({ root });
  });

  const keysIn = async (prefix: string) => (await store.list(prefix)).map(({ key }) => key);

  it('keeps an object as a private file at its key', async () => {
    await store.put('employees/7/face_1.jpg', Buffer.from('photo'));
    const path = join(root, 'employees', '7', 'face_1.jpg');
    expect(await readFile(path, 'utf8')).toBe('photo');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'employees'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(root, '.tmp'))).toEqual([]);
  });

  it('makes its root', async () => {
    store = createFilesystemBlobStore({ root: join(root, 'below', 'it') });
    await store.put('a/b', Buffer.from('x'));
    expect(await keysIn('')).toEqual(['a/b']);
  });

  it('sees what people copy in, and follows their links to files', async () => {
    await mkdir(join(root, 'employees', '7'), { recursive: true });
    await writeFile(join(root, 'elsewhere.jpg'), 'linked');
    await symlink(join(root, 'elsewhere.jpg'), join(root, 'employees', '7', 'face_1.jpg'));
    await symlink(join(root, 'employees'), join(root, 'employees', '7', 'circle'));
    await symlink(join(root, 'nowhere'), join(root, 'employees', '7', 'face_2.jpg'));
    const [info, ...others] = await store.list('employees/');
    expect(others).toEqual([]);
    expect(info).toMatchObject({ key: 'employees/7/face_1.jpg', size: 6 });
    expect(await store.get('employees/7/face_1.jpg')).toEqual({ bytes: Buffer.from('linked'), etag: info?.etag });
    expect(await store.get('employees/7/face_2.jpg')).toBeUndefined();
  });

  it('leaves out what is no object', async () => {
    await mkdir(join(root, 'employees', '7'), { recursive: true });
    await writeFile(join(root, 'error_log.txt'), 'not in a folder');
    await writeFile(Buffer.concat([Buffer.from(join(root, 'employees', '7', 'face_')), Buffer.of(0xff)]), 'no UTF-8');
    await writeFile(join(root, 'employees', '7', 'line\nbreak'), 'no key');
    await store.put('other/a', Buffer.from('x'));
    expect(await keysIn('')).toEqual(['employees/7/', 'other/a']);
    expect(await store.get('employees/7')).toBeUndefined();
  });

  it('names folders, links to folders among them, and nothing else', async () => {
    for (const name of ['8', 'line\nbreak', '\ufffd']) await mkdir(join(root, 'employees', name), { recursive: true });
    await mkdir(Buffer.concat([Buffer.from(join(root, 'employees', 'x')), Buffer.of(0xff)]));
    await writeFile(join(root, 'employees', '5'), 'a file');
    await symlink(join(root, 'employees', '5'), join(root, 'employees', '6'));
    await symlink(join(root, 'employees', '8'), join(root, 'employees', '7'));
    await symlink(join(root, 'nowhere'), join(root, 'employees', '9'));
    await store.put('other/a', Buffer.from('x'));
    expect(await store.folders('employees/', { limit: 10 })).toEqual(['7', '8', '\ufffd']);
    expect(await store.folders('', { limit: 1 })).toEqual(['employees']);
    expect(await store.folders('', { limit: 10 })).toEqual(['employees', 'other']);
  });

  it.each(['in place', 'by another file'])(
    'gives a file changed %s a new etag, though its size and time are kept',
    async (how) => {
      const path = join(root, 'a', 'b');
      await store.put('a/b', Buffer.from('one'));
      const [before] = await store.list('a/');
      const { atime, mtime } = await stat(path);
      await sleep(20);
      if (how === 'by another file') await rm(path);
      await writeFile(path, 'two');
      await utimes(path, atime, mtime);
      const [after] = await store.list('a/');
      expect(after).toMatchObject({ size: before?.size });
      expect((await stat(path)).mtimeMs).toBeCloseTo(mtime.getTime(), -1);
      expect(after?.etag).not.toBe(before?.etag);
    },
  );

  it('takes no object into the folder of unfinished files', async () => {
    const refusal = expect.objectContaining({ code: 'invalid_key' });
    await expect(store.put('.tmp/a', Buffer.from('x'))).rejects.toEqual(refusal);
    await expect(store.delete(['.tmp/a'])).rejects.toEqual(refusal);
    await expect(store.list('.tmp/')).rejects.toEqual(refusal);
  });

  it('removes what a crash left unfinished an hour ago', async () => {
    const temporary = join(root, '.tmp');
    await mkdir(temporary);
    await writeFile(join(temporary, 'old'), 'half');
    await writeFile(join(temporary, 'recent'), 'half');
    const longAgo = Date.now() / 1000 - 3700;
    await utimes(join(temporary, 'old'), longAgo, longAgo);
    await store.check();
    expect(await readdir(temporary)).toEqual(['recent']);
    expect(await keysIn('')).toEqual([]);
  });

  it('leaves nothing behind when it cannot store', async () => {
    await mkdir(join(root, 'a', 'folder'), { recursive: true });
    await expect(store.put('a/folder', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.putIfAbsent('a/folder', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' });
    await store.put('a/taken', Buffer.from('x'));
    await store.putIfAbsent('a/taken', Buffer.from('y'));
    expect(await readdir(join(root, '.tmp'))).toEqual([]);
  });

  it('says what to mend when the root is no folder', async () => {
    await writeFile(join(root, 'file'), '');
    store = createFilesystemBlobStore({ root: join(root, 'file') });
    await expect(store.check()).rejects.toMatchObject({
      code: 'unavailable',
      message: `Could not write in ${join(root, 'file')} (ENOTDIR). A file, or a link to nothing, is where a folder is needed.`,
    });
  });

  it('does not wait for a slow disk beyond its timeout', async () => {
    store = createFilesystemBlobStore({ root, timeoutMs: 1 });
    await expect(store.put('a/b', Buffer.alloc(50_000_000))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not answer in time'),
    });
    await vi.waitFor(() => stat(join(root, 'a', 'b')), 5000);
  });

  it.each([
    ['ENOSPC', 'full'],
    ['EDQUOT', 'full'],
    ['EROFS', 'unavailable'],
    ['EIO', 'unavailable'],
    ['EACCES', 'unavailable'],
  ])('reports %s as %s', (errno, code) => {
    const cause = Object.assign(new Error(errno), { code: errno });
    const error = toFilesystemError('store a/b', '/data', cause);
    expect(error).toMatchObject({ code, cause, message: expect.stringContaining(`store a/b in /data (${errno})`) });
  });
});
