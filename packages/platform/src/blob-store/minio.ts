import { randomUUID } from 'node:crypto';
import type http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Client } from 'minio';
import type { S3Config } from '../config.js';
import { withTimeout } from '../with-timeout.js';
import type { BlobInfo, BlobStore, FolderQuery } from './blob-store.js';
import { createHttpTransport } from './http-transport.js';
import {
  assertListedKey,
  assertValidKey,
  assertValidName,
  assertValidPrefix,
  isFolder,
  isNameStart,
  isValidKey,
} from './key.js';
import { codeOf, isTransient, toMinioError } from './minio-errors.js';
import { folderRange } from './minio-folders.js';
import { retry } from './retry.js';

/** What S3 takes in one deletion and gives in one page of a listing. */
const MAX_KEYS_PER_REQUEST = 1000;

/** The largest object that S3 takes in one request. Only such a request is conditional: the parts of a larger one are not. */
const MAX_BYTES_PER_REQUEST = 5 * 1024 ** 3;

/** Metadata that tells an object's writer. */
const WRITE_ID = 'write-id';

export interface MinioBlobStoreOptions extends S3Config {
  /** How long one request may take, retries included; 10 seconds by default. */
  readonly timeoutMs?: number;
  /** Certificates to trust, in PEM, where the system's do not do. */
  readonly ca?: string;
  /** Whether to make the bucket when it is missing; true unless told. */
  readonly makesBucket?: boolean;
}

/** Keeps the objects in a bucket of any S3 server. */
export function createMinioBlobStore(options: MinioBlobStoreOptions): BlobStore {
  const { endPoint, port, useSSL, accessKey, secretKey, bucket, region, timeoutMs = 10_000, ca } = options;
  const { makesBucket = true } = options;
  const place = `${useSSL ? 'https' : 'http'}://${endPoint}:${port}/${bucket}`;
  const transport = createHttpTransport({ useSSL, ca, timeoutMs });
  const client = new Client({
    endPoint,
    port,
    useSSL,
    accessKey,
    secretKey,
    region,
    // The client calls it with options and a callback, and in no other of the ways that Node allows.
    transport: { request: transport.request as unknown as typeof http.request },
    transportAgent: transport.agent,
    // Its own retries leave out broken connections and write to the console.
    retryOptions: { disableRetry: true },
    partSize: MAX_BYTES_PER_REQUEST,
  });

  const retries = { isTransient, budgetMs: timeoutMs };

  async function makeBucket(): Promise<void> {
    try {
      await retry(() => client.makeBucket(bucket, region), retries);
    } catch (error) {
      // Another process was faster.
      if (codeOf(error) !== 'BucketAlreadyOwnedByYou') throw toMinioError('make the bucket', place, error);
    }
  }

  async function inBucket<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await retry(request, retries);
    } catch (error) {
      if (codeOf(error) !== 'NoSuchBucket' || !makesBucket) throw error;
      await makeBucket();
      return await retry(request, retries);
    }
  }

  /**
   * Gives an idempotent request its bucket, its retries and its time, and its failure a sentence. The transport ends
   * each exchange by itself; the time here is for all of them.
   */
  async function attempt<T>(operation: string, request: () => Promise<T>): Promise<T> {
    try {
      return await withTimeout(inBucket(request), timeoutMs);
    } catch (error) {
      throw toMinioError(operation, place, error);
    }
  }

  async function put(key: string, bytes: Uint8Array): Promise<{ etag: string }> {
    assertValidKey(key);
    const { etag } = await attempt(`store ${key}`, () => client.putObject(bucket, key, bufferOf(bytes)));
    return { etag };
  }

  async function putIfAbsent(key: string, bytes: Uint8Array): Promise<{ etag: string } | undefined> {
    assertValidKey(key);
    const body = bufferOf(bytes);
    const writeId = randomUUID();
    const headers = { 'If-None-Match': '*', [`X-Amz-Meta-${WRITE_ID}`]: writeId };
    let isRepeated = false;
    return await attempt(`store ${key}`, async () => {
      try {
        const { etag } = await client.putObject(bucket, key, body, body.length, headers);
        return { etag };
      } catch (error) {
        if (codeOf(error) !== 'PreconditionFailed') throw error;
        return isRepeated ? await findWritten(key, writeId) : undefined;
      } finally {
        isRepeated = true;
      }
    });
  }

  /**
   * The object at `key` if this write has made it: an attempt whose answer was lost may have been carried out, and the
   * next finds its object. The etag would not tell, for another caller may store the same bytes.
   */
  async function findWritten(key: string, writeId: string): Promise<{ etag: string } | undefined> {
    try {
      const { etag, metaData } = await client.statObject(bucket, key);
      return metaData[WRITE_ID] === writeId ? { etag } : undefined;
    } catch (error) {
      if (codeOf(error) === 'NotFound') return undefined;
      throw error;
    }
  }

  async function get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    assertValidKey(key);
    return await attempt(`read ${key}`, async () => {
      try {
        // The client declares any stream, but passes the answer on.
        const response = (await client.getObject(bucket, key)) as http.IncomingMessage;
        return { bytes: await buffer(response), etag: unquote(response.headers.etag ?? '') };
      } catch (error) {
        if (codeOf(error) === 'NoSuchKey') return undefined;
        throw error;
      }
    });
  }

  async function list(prefix: string): Promise<BlobInfo[]> {
    assertValidPrefix(prefix);
    const found: BlobInfo[] = [];
    let next = '';
    do {
      const page = await attempt(`list ${prefix || 'all'}`, () =>
        client.listObjectsV2Query(bucket, prefix, next, '', MAX_KEYS_PER_REQUEST, ''),
      );
      for (const { name: key, etag, size, lastModified } of page.objects) {
        if (key === undefined || !(isValidKey(key) || isFolder(key))) continue;
        found.push({ key, etag, size, modifiedAt: lastModified.getTime() });
      }
      next = page.isTruncated ? page.nextContinuationToken : '';
    } while (next !== '');
    return found;
  }

  async function folders(prefix: string, { after, limit, startsWith = '' }: FolderQuery): Promise<string[]> {
    assertValidPrefix(prefix);
    if (after !== undefined) assertValidName(after);
    const range = isNameStart(startsWith) ? folderRange(prefix, after, startsWith) : undefined;
    if (range === undefined) return [];
    // One more, for the marker of an empty folder may be among them; and asked for 1, MinIO only looks for an object.
    const pageSize = Math.min(limit + 1, MAX_KEYS_PER_REQUEST);
    const names: string[] = [];
    let next = '';
    do {
      const page = await attempt(`list the folders of ${prefix || 'all'}`, () =>
        client.listObjectsV2Query(bucket, range.prefix, next, '/', pageSize, range.startAfter),
      );
      for (const { prefix: folder } of page.objects) {
        if (folder === undefined || !isFolder(folder)) continue;
        const name = folder.slice(prefix.length, -1);
        if (name.startsWith(startsWith)) names.push(name);
      }
      next = page.isTruncated ? page.nextContinuationToken : '';
    } while (next !== '' && names.length < limit);
    return names.slice(0, limit);
  }

  async function deleteAll(keys: readonly string[]): Promise<void> {
    for (const key of keys) assertListedKey(key);
    for (let start = 0; start < keys.length; start += MAX_KEYS_PER_REQUEST) {
      const batch = keys.slice(start, start + MAX_KEYS_PER_REQUEST);
      const failures = await attempt(`delete ${batch.length} objects`, () => client.removeObjects(bucket, batch));
      const operation = `delete ${failures.length} of ${batch.length} objects`;
      if (failures.length > 0) throw toMinioError(operation, place, failures[0]);
    }
  }

  async function check(): Promise<void> {
    await attempt('use the bucket', async () => {
      if (!(await client.bucketExists(bucket))) await makeBucket();
    });
  }

  return { put, putIfAbsent, get, list, folders, delete: deleteAll, check, close: () => transport.agent.destroy() };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unquote(etag: string): string {
  return etag.replaceAll('"', '');
}
