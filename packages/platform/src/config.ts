import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_QUALITY_LIMITS, type QualityLimits } from '@rollcall/contracts';
import { z } from 'zod';
import { type CallbackHost, callbackHostSchema } from './callbacks/callback-hosts.js';
import { ConfigError } from './config-error.js';
import { type EncryptionKey, encryptionKeys, keyBytes, partsOf } from './config-keys.js';
import { parseSentinelUrl } from './sentinel-url.js';

export { ConfigError } from './config-error.js';
export type { EncryptionKey } from './config-keys.js';

const positiveInteger = z.coerce.number().int().positive();
const flag = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] });

const list = z.string().default('').transform(partsOf);

const share = z.coerce.number().min(0).max(1);
const luma = z.coerce.number().min(0).max(255);
const degrees = z.coerce.number().min(0).max(180);
const notNegative = z.coerce.number().min(0);

const redisUrl = z
  .string()
  .refine(
    (text) => parseSentinelUrl(text) || z.url({ protocol: /^(redis|rediss|unix)$/ }).safeParse(text).success,
    'must be redis://…, rediss://…, unix://… or redis+sentinel://host:port,host:port/name-of-the-master',
  );

const modelsDir = fileURLToPath(new URL('../../../models', import.meta.url));

/** Every environment variable, its default and its limits. README.md has the same list for people. */
const environmentSchema = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number().int().min(0).max(65535).default(5000),
    TLS_CERT: z.string().optional(),
    TLS_KEY: z.string().optional(),
    TRUSTED_PROXIES: list,
    CORS_ORIGINS: list,
    API_TOKENS_FILE: z.string().optional(),
    RATE_LIMIT_PER_TOKEN: positiveInteger.default(6000),
    RATE_LIMIT_PER_ADDRESS: positiveInteger.default(30_000),
    FAILED_VERIFICATIONS_PER_EMPLOYEE: positiveInteger.default(10),
    FAILED_VERIFICATIONS_PER_TOKEN: positiveInteger.default(500),
    LOCKOUT_WINDOW_SECONDS: positiveInteger.default(900),
    DATA_DIR: z.string().default('./data'),
    REDIS_URL: redisUrl.optional(),
    MINIO_ENDPOINT: z
      .string()
      .regex(/^[^\s:/@]+(:\d{1,5})?$/, 'must be a host name, or host:port')
      .optional(),
    MINIO_ACCESS_KEY: z.string().optional(),
    MINIO_SECRET_KEY: z.string().optional(),
    MINIO_BUCKET: z.string().min(3).max(63).default('rollcall'),
    MINIO_REGION: z.string().default('us-east-1'),
    MINIO_USE_SSL: flag.default(false),
    WORKER_PROCESSES: positiveInteger.max(1024).default(availableParallelism()),
    WORKER_CONCURRENCY: positiveInteger.max(320).optional(),
    EXECUTION_PROVIDER: z.enum(['cpu', 'webgpu', 'cuda']).default('cpu'),
    PRECISION: z.enum(['fp32', 'int8']).default('fp32'),
    EMBED_BATCH_MAX_FACES: positiveInteger.max(256).default(16),
    EMBED_BATCH_MAX_WAIT_MS: z.coerce.number().min(0).max(1000).default(3),
    MODELS_DIR: z.string().default(modelsDir),
    SYNC_TIMEOUT_MS: z.coerce.number().int().min(0).max(60_000).default(10_000),
    JOB_DEADLINE_MS: positiveInteger.default(300_000),
    MAX_WAITING_JOBS: positiveInteger.default(20_000),
    RESULT_TTL_SECONDS: positiveInteger.default(3600),
    UPLOAD_MAX_AGE_SECONDS: positiveInteger.default(3600),
    MATCH_DISTANCE_THRESHOLD: z.coerce.number().min(0).max(2).default(0.593),
    ENFORCE_DETECTION: flag.default(false),
    MAX_UPLOAD_BYTES: positiveInteger.default(10_485_760),
    MAX_IMAGE_PIXELS: positiveInteger.default(40_000_000),
    UPLOAD_MEMORY_BYTES: positiveInteger.default(134_217_728),
    UPLOAD_TIMEOUT_MS: positiveInteger.default(30_000),
    ENCRYPTION_KEYS: z.string().optional(),
    ENCRYPTION_STRICT: flag.default(false),
    CALLBACK_HOSTS: list.pipe(z.array(callbackHostSchema)),
    CALLBACK_SECRET: z.string().min(32, 'must have 32 characters; make one with: openssl rand -base64 32').optional(),
    AUDIT_LOG_FILE: z.string().optional(),
    AUDIT_KEY: z.string().optional(),
    AUDIT_RETENTION_DAYS: positiveInteger.default(365),
    QUALITY_MIN_FACE_SIZE: notNegative.default(DEFAULT_QUALITY_LIMITS.minFaceSize),
    QUALITY_WARN_FACE_SIZE: notNegative.default(DEFAULT_QUALITY_LIMITS.warnFaceSize),
    QUALITY_MIN_DETECTION_SCORE: share.default(DEFAULT_QUALITY_LIMITS.minDetectionScore),
    QUALITY_MIN_EMBEDDING_NORM: notNegative.default(DEFAULT_QUALITY_LIMITS.minEmbeddingNorm),
    QUALITY_MIN_SHARPNESS: share.default(DEFAULT_QUALITY_LIMITS.minSharpness),
    QUALITY_WARN_SHARPNESS: share.default(DEFAULT_QUALITY_LIMITS.warnSharpness),
    QUALITY_MIN_BRIGHTNESS: luma.default(DEFAULT_QUALITY_LIMITS.minBrightness),
    QUALITY_WARN_BRIGHTNESS: luma.default(DEFAULT_QUALITY_LIMITS.warnBrightness),
    QUALITY_MIN_CONTRAST: luma.default(DEFAULT_QUALITY_LIMITS.minContrast),
    QUALITY_WARN_CONTRAST: luma.default(DEFAULT_QUALITY_LIMITS.warnContrast),
    QUALITY_MAX_OVEREXPOSED: share.default(DEFAULT_QUALITY_LIMITS.maxOverexposed),
    QUALITY_WARN_OVEREXPOSED: share.default(DEFAULT_QUALITY_LIMITS.warnOverexposed),
    QUALITY_MAX_ROLL: degrees.default(DEFAULT_QUALITY_LIMITS.maxRoll),
    QUALITY_WARN_ROLL: degrees.default(DEFAULT_QUALITY_LIMITS.warnRoll),
    QUALITY_MAX_YAW: degrees.default(DEFAULT_QUALITY_LIMITS.maxYaw),
    QUALITY_WARN_YAW: degrees.default(DEFAULT_QUALITY_LIMITS.warnYaw),
    QUALITY_WARN_INSIDE: share.default(DEFAULT_QUALITY_LIMITS.warnInside),
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be http://… or https://…' }).optional(),
    OTEL_TRACES_SAMPLER_ARG: share.default(1),
    METRICS_HOST: z.string().default('127.0.0.1'),
    METRICS_PORT: z.coerce.number().int().min(0).max(65535).optional(),
    SHUTDOWN_GRACE_MS: positiveInteger.default(15_000),
    ERROR_LOG_FILE: z.string().optional(),
    LOG_RETENTION_DAYS: positiveInteger.default(30),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  })
  .superRefine((env, context) => {
    if (env.MINIO_ENDPOINT) {
      for (const name of ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'] as const) {
        if (!env[name]) context.addIssue({ code: 'custom', path: [name], message: 'is needed with MINIO_ENDPOINT' });
      }
    }
    if ((env.TLS_CERT === undefined) !== (env.TLS_KEY === undefined)) {
      const missing = env.TLS_CERT === undefined ? 'TLS_CERT' : 'TLS_KEY';
      context.addIssue({ code: 'custom', path: [missing], message: 'TLS_CERT and TLS_KEY are needed together' });
    }
    if (env.CALLBACK_HOSTS.length > 0 && env.CALLBACK_SECRET === undefined) {
      context.addIssue({ code: 'custom', path: ['CALLBACK_SECRET'], message: 'is needed with CALLBACK_HOSTS' });
    }
    if (env.UPLOAD_MEMORY_BYTES < env.MAX_UPLOAD_BYTES) {
      context.addIssue({
        code: 'custom',
        path: ['UPLOAD_MEMORY_BYTES'],
        message: 'must not be smaller than MAX_UPLOAD_BYTES, or no upload of that size could be read',
      });
    }
    if (env.UPLOAD_MAX_AGE_SECONDS * 1000 < env.JOB_DEADLINE_MS) {
      context.addIssue({
        code: 'custom',
        path: ['UPLOAD_MAX_AGE_SECONDS'],
        message: 'must not be shorter than JOB_DEADLINE_MS, or photos would vanish before their job',
      });
    }
  });

export interface S3Config {
  readonly endPoint: string;
  readonly port: number;
  readonly useSSL: boolean;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly bucket: string;
  readonly region: string;
}

/** Files in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface AccessLimits {
  /** Requests in a minute. */
  readonly requestsPerToken: number;
  readonly requestsPerAddress: number;
  /** Verifications within `lockoutWindowSeconds` that may fail before the next ones are refused. */
  readonly failedPerEmployee: number;
  readonly failedPerToken: number;
  readonly lockoutWindowSeconds: number;
}

export interface EncryptionConfig {
  /** The first one writes, all read. Empty: nothing is encrypted. */
  readonly keys: readonly EncryptionKey[];
  /** Refuse objects that are not encrypted. */
  readonly strict: boolean;
}

export interface AuditConfig {
  readonly file: string;
  /** 32 bytes; undefined: a key file beside the log, made when it is missing. */
  readonly key: Buffer | undefined;
  readonly retentionDays: number;
}

export interface CallbackConfig {
  /** Empty: no callbacks. */
  readonly hosts: readonly CallbackHost[];
  /** Signs what is sent; empty without hosts. */
  readonly secret: string;
}

export interface EmbedBatchConfig {
  readonly maxFaces: number;
  /** A batch that is not full starts when no other photo has been looked at for this long. */
  readonly maxWaitMs: number;
}

/** Where a process that serves nothing else tells its metrics. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

export interface TracingConfig {
  /** Of the collector: where OTLP over HTTP is taken. */
  readonly endpoint: string;
  /** Share of the traces that are kept. */
  readonly sampleRatio: number;
}

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Addresses or networks (CIDR) whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may call the API from a browser. */
  readonly corsOrigins: readonly string[];
  readonly apiTokensFile: string;
  readonly limits: AccessLimits;
  /** Absolute. */
  readonly dataDir: string;
  readonly redisUrl: string | undefined;
  /** Undefined selects the filesystem store below `dataDir`. */
  readonly s3: S3Config | undefined;
  readonly workerProcesses: number;
  readonly workerConcurrency: number;
  readonly executionProvider: 'cpu' | 'webgpu' | 'cuda';
  readonly precision: 'fp32' | 'int8';
  /** Faces of concurrent jobs that a GPU embeds in one go. */
  readonly embedBatch: EmbedBatchConfig;
  readonly modelsDir: string;
  readonly syncTimeoutMs: number;
  readonly jobDeadlineMs: number;
  /** Above this nothing more is accepted. */
  readonly maxWaitingJobs: number;
  readonly resultTtlSeconds: number;
  readonly uploadMaxAgeSeconds: number;
  readonly matchDistanceThreshold: number;
  readonly enforceDetection: boolean;
  readonly maxUploadBytes: number;
  readonly maxImagePixels: number;
  /** What uploads that are being read may occupy, together. */
  readonly uploadMemoryBytes: number;
  readonly uploadTimeoutMs: number;
  readonly encryption: EncryptionConfig;
  readonly audit: AuditConfig;
  readonly callbacks: CallbackConfig;
  /** What a reference photo must be like. */
  readonly qualityLimits: QualityLimits;
  /** Undefined: no traces. */
  readonly tracing: TracingConfig | undefined;
  /** Of a worker; undefined: none. */
  readonly metrics: MetricsAddress | undefined;
  readonly shutdownGraceMs: number;
  readonly errorLogFile: string;
  readonly logRetentionDays: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
}

const JOBS_PER_CORE = 3;
/** Jobs on their way while a GPU's batch is full: being fetched, decoded or looked at. */
const AHEAD_OF_BATCH = 4;

function defaultConcurrency(env: z.infer<typeof environmentSchema>): number {
  return env.EXECUTION_PROVIDER === 'cpu' ? JOBS_PER_CORE : env.EMBED_BATCH_MAX_FACES + AHEAD_OF_BATCH;
}

/** Secrets that `NAME_FILE` may hold instead, as container platforms hand them out. */
const SECRETS = [
  'REDIS_URL',
  'MINIO_ACCESS_KEY',
  'MINIO_SECRET_KEY',
  'ENCRYPTION_KEYS',
  'AUDIT_KEY',
  'CALLBACK_SECRET',
];

/**
 * The configuration from environment variables; an empty variable counts as unset. A secret may be in a file instead, whose
 * path is in `NAME_FILE`.
 * @throws {ConfigError} that names every wrong variable.
 */
// biome-ignore lint/style/noProcessEnv: this is the one module that reads the environment.
export function loadConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  for (const name of SECRETS) {
    const file = set[`${name}_FILE`];
    if (file !== undefined) set[name] ??= readSecret(`${name}_FILE`, file);
  }
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new ConfigError(`The configuration is wrong:\n  ${lines.join('\n  ')}`);
  }
  const env = parsed.data;
  const dataDir = resolve(env.DATA_DIR);
  return {
    host: env.HOST,
    port: env.PORT,
    tls: env.TLS_CERT && env.TLS_KEY ? { cert: resolve(env.TLS_CERT), key: resolve(env.TLS_KEY) } : undefined,
    trustedProxies: env.TRUSTED_PROXIES,
    corsOrigins: env.CORS_ORIGINS,
    apiTokensFile: inFolder(dataDir, env.API_TOKENS_FILE ?? 'tokens.json'),
    limits: {
      requestsPerToken: env.RATE_LIMIT_PER_TOKEN,
      requestsPerAddress: env.RATE_LIMIT_PER_ADDRESS,
      failedPerEmployee: env.FAILED_VERIFICATIONS_PER_EMPLOYEE,
      failedPerToken: env.FAILED_VERIFICATIONS_PER_TOKEN,
      lockoutWindowSeconds: env.LOCKOUT_WINDOW_SECONDS,
    },
    dataDir,
    redisUrl: env.REDIS_URL,
    s3: s3Config(env),
    workerProcesses: env.WORKER_PROCESSES,
    workerConcurrency: env.WORKER_CONCURRENCY ?? defaultConcurrency(env),
    executionProvider: env.EXECUTION_PROVIDER,
    precision: env.PRECISION,
    embedBatch: { maxFaces: env.EMBED_BATCH_MAX_FACES, maxWaitMs: env.EMBED_BATCH_MAX_WAIT_MS },
    modelsDir: resolve(env.MODELS_DIR),
    syncTimeoutMs: env.SYNC_TIMEOUT_MS,
    jobDeadlineMs: env.JOB_DEADLINE_MS,
    maxWaitingJobs: env.MAX_WAITING_JOBS,
    resultTtlSeconds: env.RESULT_TTL_SECONDS,
    uploadMaxAgeSeconds: env.UPLOAD_MAX_AGE_SECONDS,
    matchDistanceThreshold: env.MATCH_DISTANCE_THRESHOLD,
    enforceDetection: env.ENFORCE_DETECTION,
    maxUploadBytes: env.MAX_UPLOAD_BYTES,
    maxImagePixels: env.MAX_IMAGE_PIXELS,
    uploadMemoryBytes: env.UPLOAD_MEMORY_BYTES,
    uploadTimeoutMs: env.UPLOAD_TIMEOUT_MS,
    encryption: { keys: encryptionKeys(env.ENCRYPTION_KEYS), strict: env.ENCRYPTION_STRICT },
    audit: {
      file: inFolder(dataDir, env.AUDIT_LOG_FILE ?? 'audit.jsonl'),
      key: env.AUDIT_KEY === undefined ? undefined : keyBytes('AUDIT_KEY', env.AUDIT_KEY),
      retentionDays: env.AUDIT_RETENTION_DAYS,
    },
    callbacks: { hosts: env.CALLBACK_HOSTS, secret: env.CALLBACK_SECRET ?? '' },
    qualityLimits: qualityLimits(env),
    tracing: env.OTEL_EXPORTER_OTLP_ENDPOINT
      ? { endpoint: tracesUrl(env.OTEL_EXPORTER_OTLP_ENDPOINT), sampleRatio: env.OTEL_TRACES_SAMPLER_ARG }
      : undefined,
    metrics: env.METRICS_PORT === undefined ? undefined : { host: env.METRICS_HOST, port: env.METRICS_PORT },
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    errorLogFile: inFolder(dataDir, env.ERROR_LOG_FILE ?? 'error_log.txt'),
    logRetentionDays: env.LOG_RETENTION_DAYS,
    logLevel: env.LOG_LEVEL,
  };
}

/**
 * The configured Redis, for processes that cannot start their own.
 * @throws {ConfigError} when REDIS_URL is unset.
 */
export function requireRedisUrl({ redisUrl }: Config): string {
  if (redisUrl) return redisUrl;
  throw new ConfigError(
    'REDIS_URL is not set. Set it to your Redis (redis://host:6379), or run "npm start", which starts a private one.',
  );
}

/** The same environment with other values for some variables, for a process that is about to be started. */
export function childEnvironment(changes: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: this is the one module that reads the environment.
  return { ...process.env, ...changes };
}

function readSecret(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`${name}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** As OpenTelemetry has it: the endpoint is of all signals, and each has a path of its own below it. */
function tracesUrl(endpoint: string): string {
  return new URL('v1/traces', endpoint.replace(/\/*$/, '/')).href;
}

function s3Config(env: z.infer<typeof environmentSchema>): S3Config | undefined {
  if (!env.MINIO_ENDPOINT) return undefined;
  const [endPoint = '', port] = env.MINIO_ENDPOINT.split(':');
  return {
    endPoint,
    port: port ? Number(port) : env.MINIO_USE_SSL ? 443 : 80,
    useSSL: env.MINIO_USE_SSL,
    accessKey: env.MINIO_ACCESS_KEY ?? '',
    secretKey: env.MINIO_SECRET_KEY ?? '',
    bucket: env.MINIO_BUCKET,
    region: env.MINIO_REGION,
  };
}

function qualityLimits(env: z.infer<typeof environmentSchema>): QualityLimits {
  return {
    minFaceSize: env.QUALITY_MIN_FACE_SIZE,
    warnFaceSize: env.QUALITY_WARN_FACE_SIZE,
    minDetectionScore: env.QUALITY_MIN_DETECTION_SCORE,
    minEmbeddingNorm: env.QUALITY_MIN_EMBEDDING_NORM,
    minSharpness: env.QUALITY_MIN_SHARPNESS,
    warnSharpness: env.QUALITY_WARN_SHARPNESS,
    minBrightness: env.QUALITY_MIN_BRIGHTNESS,
    warnBrightness: env.QUALITY_WARN_BRIGHTNESS,
    minContrast: env.QUALITY_MIN_CONTRAST,
    warnContrast: env.QUALITY_WARN_CONTRAST,
    maxOverexposed: env.QUALITY_MAX_OVEREXPOSED,
    warnOverexposed: env.QUALITY_WARN_OVEREXPOSED,
    maxRoll: env.QUALITY_MAX_ROLL,
    warnRoll: env.QUALITY_WARN_ROLL,
    maxYaw: env.QUALITY_MAX_YAW,
    warnYaw: env.QUALITY_WARN_YAW,
    warnInside: env.QUALITY_WARN_INSIDE,
  };
}

/** Relative log files lie below the current folder as given; the default lies in the data folder. */
function inFolder(folder: string, file: string): string {
  if (isAbsolute(file)) return file;
  return file.includes('/') ? resolve(file) : join(folder, file);
}
