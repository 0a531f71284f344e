import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { Client } from 'minio';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isMinioMissing, type MinioServer, startMinio } from '../../../../test/src/support/minio.js';
import { blobStoreContract } from './blob-store.contract.js';
import type { BlobStore } from './blob-store.js';
import { createMinioBlobStore, type MinioBlobStoreOptions } from './minio.js';

describe.skipIf(isMinioMissing())('the MinIO store', () => {
  let server: MinioServer;

  beforeAll(async () => {
    server = await startMinio();
  }, 40_000);
  afterAll(() => server?.stop());

  const optionsOf = (changes: Partial<MinioBlobStoreOptions> = {}): MinioBlobStoreOptions => {
    const { endPoint, port, accessKey, secretKey } = server;
    return {
      endPoint,
      port,
      accessKey,
      secretKey,
      useSSL: false,
      bucket: randomUUID(),
      region: 'us-east-1',
      ...changes,
    };
  };

  blobStoreContract('the MinIO store', async () => {
    const options = optionsOf();
    const { bucket, ...clientOptions } = options;
    return {
      store: createMinioBlobStore(options),
      makeFolder: (prefix) => new Client(clientOptions).putObject(bucket, prefix, Buffer.of()),
    };
  });

  describe('over a network', () => {
    const closing: (() => unknown)[] = [];
    afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

    function newStore(changes: Partial<MinioBlobStoreOptions> = {}): BlobStore {
      const store = createMinioBlobStore(optionsOf(changes));
      closing.push(() => store.close());
      return store;
    }

    /** A TCP server on loopback that does `onConnection`; resolves with its port. */
    async function listen(onConnection: (socket: Socket) => void): Promise<number> {
      const sockets = new Set<Socket>();
      const listener = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        onConnection(socket);
      }).listen(0, '127.0.0.1');
      closing.push(() => {
        for (const socket of sockets) socket.destroy();
        listener.close();
      });
      await once(listener, 'listening');
      return (listener.address() as AddressInfo).port;
    }

    /** A server that answers each request with the same bytes and then waits. */
    const listenAndAnswer = (answer: string) => listen((socket) => socket.on('data', () => socket.write(answer)));

    /** The MinIO server behind a proxy that does to the first connections what `faults` say. */
    async function listenAndFail(faults: ((socket: Socket, request: Buffer) => void)[]): Promise<number> {
      return await listen((socket) => {
        const fault = faults.shift();
        if (fault) {
          socket.once('data', (request) => fault(socket, request));
          return;
        }
        const onward = connect(server.port, server.endPoint);
        onward.on('error', () => socket.destroy());
        socket.on('close', () => onward.destroy());
        socket.pipe(onward).pipe(socket);
      });
    }

    const reset = (socket: Socket) => socket.resetAndDestroy();
    const slowDown = (socket: Socket) => socket.end(answerOf('503 Slow Down', '<Error><Code>SlowDown</Code></Error>'));
    /** Lets the server do what is asked, and tells nobody. */
    const loseAnswer = (socket: Socket, request: Buffer) => {
      const onward = connect(server.port, server.endPoint);
      onward.write(request);
      socket.pipe(onward);
      onward.once('data', () => {
        onward.destroy();
        reset(socket);
      });
    };
    const cutShort = (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');

    const dataOperations: [string, (store: BlobStore) => Promise<unknown>][] = [
      ['put', (store) => store.put('a/b', Buffer.from('x'))],
      ['putIfAbsent', (store) => store.putIfAbsent('a/b', Buffer.from('x'))],
      ['get', (store) => store.get('a/b')],
      ['list', (store) => store.list('a/')],
      ['folders', (store) => store.folders('a/', { limit: 10 })],
      ['delete', (store) => store.delete(['a/b'])],
    ];
    const operations: typeof dataOperations = [...dataOperations, ['check', (store) => store.check()]];

    async function expectTimeout(operate: (store: BlobStore) => Promise<unknown>, answer: string) {
      const timeoutMs = 300;
      const store = newStore({ port: await listenAndAnswer(answer), timeoutMs });
      const start = performance.now();
      await expect(operate(store)).rejects.toMatchObject({
        name: 'BlobStoreError',
        code: 'unavailable',
        message: expect.stringMatching(/\(ETIMEDOUT\)\. It did not answer in time/),
      });
      expect(performance.now() - start).toBeLessThan(5 * timeoutMs);
    }

    it.each(operations)('%s ends when nothing listens', async (_, operate) => {
      const port = await listen(() => undefined);
      for (const close of closing.splice(0)) close();
      await expect(operate(newStore({ port }))).rejects.toMatchObject({
        name: 'BlobStoreError',
        code: 'unavailable',
        message: expect.stringMatching(/\(ECONNREFUSED\)\. Nothing listens there/),
      });
    });

    it.each(operations)('%s ends when the server never answers', (_, operate) => expectTimeout(operate, ''));

    it.each(dataOperations)('%s ends when the server stops in its answer', (_, operate) =>
      expectTimeout(operate, 'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 1000\r\n\r\n<half'),
    );

    it.each(dataOperations)('%s ends when the server stops in its error', (_, operate) =>
      expectTimeout(operate, 'HTTP/1.1 400 Bad Request\r\nContent-Length: 1000\r\n\r\n<half'),
    );

    it.each(operations)('%s outlasts a reset and a request to slow down', async (_, operate) => {
      const bucket = randomUUID();
      await newStore({ bucket }).put('a/b', Buffer.from('x'));
      const faults = [reset, slowDown];
      const store = newStore({ bucket, port: await listenAndFail(faults) });
      await operate(store);
      expect(faults).toEqual([]);
    });

    it('reads again what was cut short', async () => {
      const bucket = randomUUID();
      await newStore({ bucket }).put('a/b', Buffer.from('whole'));
      const store = newStore({ bucket, port: await listenAndFail([cutShort]) });
      expect(Buffer.from((await store.get('a/b'))?.bytes ?? []).toString()).toBe('whole');
    });

    it('knows its own object when the answer to putIfAbsent was lost', async () => {
      const bucket = randomUUID();
      const direct = newStore({ bucket });
      await direct.check();
      const faults = [loseAnswer, reset];
      const store = newStore({ bucket, port: await listenAndFail(faults) });
      const stored = await store.putIfAbsent('a/b', Buffer.from('x'));
      expect(stored).toEqual({ etag: (await direct.get('a/b'))?.etag });
      expect(faults).toEqual([]);
    });

    it("does not take another's object for its own when it repeats putIfAbsent", async () => {
      const bucket = randomUUID();
      await newStore({ bucket }).putIfAbsent('a/b', Buffer.from('x'));
      const store = newStore({ bucket, port: await listenAndFail([loseAnswer]) });
      expect(await store.putIfAbsent('a/b', Buffer.from('x'))).toBeUndefined();
    });

    it('repeats putIfAbsent after a conflict', async () => {
      const conflict = '<Error><Code>ConditionalRequestConflict</Code></Error>';
      const bucket = randomUUID();
      await newStore({ bucket }).check();
      const faults = [(socket: Socket) => socket.end(answerOf('409 Conflict', conflict))];
      const store = newStore({ bucket, port: await listenAndFail(faults) });
      expect(await store.putIfAbsent('a/b', Buffer.from('x'))).toBeDefined();
      expect(faults).toEqual([]);
    });

    it('gives up after three attempts', async () => {
      const faults = [reset, reset, reset, reset];
      const store = newStore({ port: await listenAndFail(faults) });
      await expect(store.get('a/b')).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('(ECONNRESET)'),
      });
      expect(faults).toHaveLength(1);
    });

    it.each([
      ['a full disk', '507 Insufficient Storage', 'XMinioStorageFull', 'full'],
      ['a used up quota', '400 Bad Request', 'XMinioAdminBucketQuotaExceeded', 'full'],
      ['a name it does not take', '400 Bad Request', 'XMinioInvalidObjectName', 'invalid_key'],
      ['a policy', '403 Forbidden', 'AccessDenied', 'unavailable'],
      ['an error of its own', '500 Internal Server Error', 'HTTP 500', 'unavailable'],
    ])('tells %s', async (_, status, serverCode, code) => {
      const store = newStore({
        port: await listenAndAnswer(answerOf(status, `<Error><Code>${serverCode}</Code></Error>`)),
      });
      const message = expect.stringContaining(`store a/b at http://127.0.0.1:`);
      await expect(store.put('a/b', Buffer.from('x'))).rejects.toMatchObject({ code, message });
      await expect(store.put('a/b', Buffer.from('x'))).rejects.toThrow(`(${serverCode})`);
    });

    it('fails to delete when the server keeps one object', async () => {
      const failure = '<Error><Key>a/b</Key><Code>AccessDenied</Code><Message>no</Message></Error>';
      const store = newStore({
        port: await listenAndAnswer(answerOf('200 OK', `<DeleteResult>${failure}</DeleteResult>`)),
      });
      await expect(store.delete(['a/b', 'a/c'])).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/delete 1 of 2 objects at .* \(AccessDenied\)/),
      });
    });
  });

  describe('with its bucket and its credentials', () => {
    it('makes its bucket, whoever comes first', async () => {
      const options = optionsOf();
      const stores = Array.from({ length: 8 }, () => createMinioBlobStore(options));
      await Promise.all(stores.map((store, i) => (i % 2 ? store.check() : store.put(`a/${i}`, Buffer.from('x')))));
      expect(await stores[0]?.list('a/')).toHaveLength(4);
      for (const store of stores) store.close();
    });

    it.each([
      ['access', { accessKey: 'nobody', secretKey: 'a-wrong-secret' }, 'InvalidAccessKeyId'],
      ['secret', { secretKey: 'a-wrong-secret' }, 'SignatureDoesNotMatch'],
    ])('says that the %s key is wrong, without telling it', async (_, wrong, code) => {
      const store = createMinioBlobStore(optionsOf(wrong));
      const error: unknown = await store.put('a/b', Buffer.from('a photo')).catch((reason) => reason);
      expect(error).toMatchObject({
        name: 'BlobStoreError',
        code: 'unavailable',
        message: expect.stringContaining(code),
      });
      expect(inspect(error, { depth: 10 })).not.toMatch(/a-wrong-secret|a photo|Signature=/);
      await expect(store.check()).rejects.toThrow(
        "(AccessDenied). Check MINIO_ACCESS_KEY and MINIO_SECRET_KEY, and that the key's policy allows this.",
      );
      store.close();
    });

    it('says that the bucket cannot have this name', async () => {
      const store = createMinioBlobStore(optionsOf({ bucket: 'No' }));
      await expect(store.check()).rejects.toThrow('Check MINIO_BUCKET.');
      store.close();
    });
  });
});

function answerOf(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
