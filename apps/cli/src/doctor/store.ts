import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { EMPLOYEES_PREFIX } from '@rollcall/contracts';
import { BlobStoreError, type Config, createBlobStore } from '@rollcall/platform';
import { type Check, type Finding, failed, messageOf, ok, warning } from './check.js';
import { modeOf, nearestExisting, obstacleTo, octal } from './places.js';

type Settings = Pick<Config, 's3' | 'dataDir'>;

/** An answer that takes longer is a reason to look at the disk or the network. */
const SLOW_MS = 3_000;

/** Writes, reads and deletes an object of its own. */
export function checkStore(config: Settings): Check {
  const { s3, dataDir } = config;
  return {
    name: 'store',
    mend: s3 ? `See whether the S3 server answers: curl -I ${urlOf(s3)}` : `Check the disk: df -h ${dataDir}`,
    // Longer than the store's own patience, which knows more.
    timeoutMs: 15_000,
    async run() {
      if (s3) return await probe(config, urlOf(s3));
      if ((await nearestExisting(dataDir)) !== dataDir) return [await whereItWouldBe(dataDir)];
      return [...(await probe(config, dataDir)), await permissionsOf(dataDir)];
    },
  };
}

export function urlOf({ useSSL, endPoint, port, bucket }: NonNullable<Config['s3']>): string {
  return `${useSSL ? 'https' : 'http'}://${endPoint}:${port}/${bucket}`;
}

async function probe({ s3, dataDir }: Settings, place: string): Promise<Finding[]> {
  const store = createBlobStore({ s3, dataDir }, { makesBucket: false });
  const key = `doctor/${randomUUID()}`;
  const bytes = Buffer.from('rollcall doctor\n');
  try {
    const startedAt = performance.now();
    await store.putIfAbsent(key, bytes);
    const isTakenTwice = (await store.putIfAbsent(key, Buffer.from('again\n'))) !== undefined;
    const kept = await store.get(key);
    await store.delete([key]);
    const ms = performance.now() - startedAt;
    return [
      speedOf(`${place}: written${s3 ? '' : ', synced'}, read and deleted in ${ms.toFixed(0)} ms`, ms, place),
      conditionsOf(isTakenTwice || kept === undefined || !bytes.equals(kept.bytes)),
    ];
  } catch (error) {
    await store.delete([key]).catch(() => undefined);
    return [failureOf(error, key, s3, dataDir)];
  } finally {
    store.close();
  }
}

function speedOf(seen: string, ms: number, place: string): Finding {
  if (ms <= SLOW_MS) return ok('store', seen);
  const mend = `Find out what the disk or the network is busy with: time npx rollcall doctor, or for a disk: iostat -x 1 (${place})`;
  return warning('store', seen, mend);
}

/** Two enrolments at once would overwrite one another's photo. */
function conditionsOf(isBroken: boolean): Finding {
  const name = 'store-conditions';
  if (!isBroken) return ok(name, 'a conditional write leaves an object that is there');
  const mend =
    'Use an S3 server that honours If-None-Match on PUT, such as a current MinIO: docker compose pull && docker compose up -d';
  return failed(name, 'a conditional write (If-None-Match: *) replaced an object that was there', mend);
}

function failureOf(error: unknown, key: string, s3: Config['s3'], dataDir: string): Finding {
  const name = 'store';
  if (!(error instanceof BlobStoreError)) throw error;
  const { origin, advice = '' } = error;
  const seen = messageOf(error).replace(advice, '').replace(key, 'an object').trim();
  if (!s3) return failed(name, seen, `${advice.replace(/\.$/, '')}: ${mendFolder(dataDir, origin)}`);
  if (origin === 'NoSuchBucket') {
    const mend = 'Nothing is to be done if Rollcall may make it when it starts: npx rollcall start';
    return warning(name, `there is no bucket "${s3.bucket}" at ${urlOf(s3)} yet`, mend);
  }
  return failed(name, seen, `${advice.replace(/\.$/, '')}: ${mendS3(s3, origin)}`);
}

function mendS3(s3: NonNullable<Config['s3']>, origin: string | undefined): string {
  if (origin === 'SignatureDoesNotMatch') return 'export MINIO_SECRET_KEY=…';
  if (origin === 'InvalidAccessKeyId') return 'export MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=…';
  if (origin === 'RequestTimeTooSkewed') return 'sudo timedatectl set-ntp true';
  return `curl -I ${urlOf(s3)}`;
}

function mendFolder(folder: string, origin: string | undefined): string {
  if (origin === 'ENOSPC' || origin === 'EDQUOT') return `df -h ${folder}`;
  if (origin === 'EACCES' || origin === 'EPERM') return `sudo chown -R "$(id -un)" ${folder}`;
  return `ls -ld ${folder}`;
}

async function whereItWouldBe(dataDir: string): Promise<Finding> {
  const obstacle = await obstacleTo(dataDir);
  const place = await nearestExisting(dataDir);
  if (obstacle === undefined) return ok('store', `${dataDir} is not there yet; Rollcall makes it when it starts`);
  const mend = `Make it and let this user write there: sudo install -d -m 700 -o "$(id -un)" ${dataDir}`;
  return failed('store', `${dataDir} is not there and cannot be made in ${place} (${obstacle})`, mend);
}

/** Whether other users of this machine can get at the photos. What Rollcall makes itself is for nobody else. */
async function permissionsOf(dataDir: string): Promise<Finding> {
  const name = 'store-permissions';
  const [outer = 0, inner = 0] = await Promise.all([dataDir, join(dataDir, EMPLOYEES_PREFIX)].map(modeOf));
  if ((outer & inner & 0o011) === 0) return ok(name, 'nobody else on this machine can open the photos');
  return warning(
    name,
    `other users of this machine can open the photos (${dataDir} has mode ${octal(outer)})`,
    `Keep them out: chmod 700 ${dataDir}`,
  );
}
