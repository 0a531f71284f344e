import { BlobStoreError } from './blob-store.js';
import { HttpStatusError } from './http-transport.js';

const CERTIFICATE_ADVICE = "Its certificate is not trusted here: name its authority's file in NODE_EXTRA_CA_CERTS";
const NOT_S3_ADVICE = 'The answer is not one of S3: check MINIO_ENDPOINT and MINIO_USE_SSL';
const NETWORK_ADVICE = 'The network does not reach it: check MINIO_ENDPOINT and the network';

/** What to mend, by the code of the server, of the system or of the client. */
const ADVICE: Record<string, string> = {
  AccessDenied: "Check MINIO_ACCESS_KEY and MINIO_SECRET_KEY, and that the key's policy allows this",
  InvalidAccessKeyId: 'The server does not know this access key: check MINIO_ACCESS_KEY',
  SignatureDoesNotMatch: 'The secret key is wrong: check MINIO_SECRET_KEY',
  AuthorizationHeaderMalformed: 'The region is wrong: check MINIO_REGION',
  PermanentRedirect: 'The bucket is in another region: check MINIO_ENDPOINT and MINIO_REGION',
  RequestTimeTooSkewed: "This machine's clock and the server's differ too much: set them",
  NoSuchBucket: 'There is no such bucket: check MINIO_BUCKET',
  InvalidBucketName: 'Check MINIO_BUCKET',
  InvalidBucketNameError: 'Check MINIO_BUCKET',
  BucketAlreadyExists: 'The bucket belongs to somebody else: check MINIO_BUCKET',
  XMinioStorageFull: 'Its disks are full: free some space',
  XMinioAdminBucketQuotaExceeded: "The bucket's quota is used up: raise it or free some space",
  S3Error: NOT_S3_ADVICE,
  InvalidXMLError: NOT_S3_ADVICE,
  ECONNREFUSED: 'Nothing listens there: start the server or check MINIO_ENDPOINT',
  ECONNRESET: 'The connection broke: check that the server runs and that MINIO_USE_SSL is right',
  ENOTFOUND: 'There is no host of this name: check MINIO_ENDPOINT',
  EAI_AGAIN: 'The name server does not answer: check MINIO_ENDPOINT and the network',
  EHOSTUNREACH: NETWORK_ADVICE,
  ENETUNREACH: NETWORK_ADVICE,
  ETIMEDOUT: 'It did not answer in time: check that the server runs and that the network reaches it',
  EPROTO: 'It does not speak TLS there: check MINIO_USE_SSL and MINIO_ENDPOINT',
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE_ADVICE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE_ADVICE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE_ADVICE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE_ADVICE,
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name: check MINIO_ENDPOINT',
  CERT_HAS_EXPIRED: 'Its certificate has expired: renew it',
};

const FULL = new Set(['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded']);
const INVALID_KEY = new Set(['KeyTooLongError', 'XMinioInvalidObjectName']);
const TRANSIENT = new Set([
  'ECONNRESET',
  'EPIPE',
  'SlowDown',
  'OperationAborted',
  'ConditionalRequestConflict',
  // MinIO on a single drive also answers this to a write whose folder is emptied, and so removed, at the same moment.
  'AccessDenied',
  'HTTP 502',
  'HTTP 503',
  'HTTP 504',
]);

/** The server's code (`NoSuchKey`), the system's (`ECONNRESET`), the status (`HTTP 503`), or the error's name. */
export function codeOf(error: unknown): string {
  if (error instanceof HttpStatusError) return `HTTP ${error.status}`;
  if (typeof error !== 'object' || error === null) return 'unknown error';
  // An error document in an answer of status 200 is thrown as it was parsed, with a capital.
  for (const property of ['code', 'Code', 'name']) {
    const value: unknown = Reflect.get(error, property);
    if (typeof value === 'string' && value !== '') return value;
  }
  return 'unknown error';
}

/** Whether the same request may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(codeOf(error));
}

/** Says of a failed request to `place` what happened and what to do. */
export function toMinioError(operation: string, place: string, error: unknown): BlobStoreError {
  if (error instanceof BlobStoreError) return error;
  const code = codeOf(error);
  const kind = FULL.has(code) ? 'full' : INVALID_KEY.has(code) ? 'invalid_key' : 'unavailable';
  const advice = `${ADVICE[code] ?? "Look into the server's log"}.`;
  const message = `Could not ${operation} at ${place} (${code}). ${advice}`;
  return new BlobStoreError(kind, message, { origin: code, advice, ...(!isAnswer(error) && { cause: error }) });
}

/** An error of the server's can repeat parts of the request, the signature's among them: it is not passed on. */
function isAnswer(error: unknown): boolean {
  return !(error instanceof Error) || error.name === 'S3Error';
}
