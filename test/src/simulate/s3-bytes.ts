import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createBlobStore, loadConfig } from '@rollcall/platform';

/**
 * What one verification moves between the store's server and everything else, in bytes, both ways, with all of HTTP: the
 * photo is put and got, its employee's folder listed, and the photo removed with 49 others.
 */
export async function countS3Bytes(
  settings: Readonly<Record<string, string>>,
  photo: Uint8Array,
  folder: string,
): Promise<number> {
  const [host = '', port = ''] = (settings.MINIO_ENDPOINT ?? '').split(':');
  let bytes = 0;
  const proxy = createServer((near) => {
    const far = connect(Number(port), host);
    for (const socket of [near, far]) {
      socket.on('data', (chunk) => (bytes += chunk.length));
      socket.on('error', () => undefined);
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const store = createBlobStore(loadConfig({ ...settings, MINIO_ENDPOINT: address }));
  // The first request asks for more than the later ones.
  await store.list(folder);
  bytes = 0;
  const keys = Array.from({ length: REMOVED_AT_ONCE }, (_, index) => `uploads/counted-${index}`);
  for (const key of keys) {
    await store.put(key, photo);
    await store.get(key);
    await store.list(folder);
  }
  await store.delete(keys);
  store.close();
  proxy.close();
  return bytes / keys.length;
}

const REMOVED_AT_ONCE = 50;
