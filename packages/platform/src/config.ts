import { availableParallelism } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_QUALITY_LIMITS, type QualityLimits } from '@rollcall/contracts';
import { z } from 'zod';

/** The configuration cannot be used. `message` has one line per wrong variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const positiveInteger = z.coerce.number().int().positive();
const flag = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] });

const share = z.coerce.number().min(0).max(1);
const luma = z.coerce.number().min(0).max(255);
const degrees = z.coerce.number().min(0).max(180);
const notNegative = z.coerce.number().min(0);

const modelsDir = fileURLToPath(new URL('../../../models', import.meta.url));

/** Every environment variable, its default and its limits. README.md has the same list for people. */
const environmentSchema = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number().int().min(0).max(65535).default(5000),
    DATA_DIR: z.string().default('./data'),
    REDIS_URL: z.url({ protocol: /^(redis|rediss|unix)$/ }).optional(),
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
    WORKER_CONCURRENCY: positiveInteger.max(64).default(3),
    EXECUTION_PROVIDER: z.enum(['cpu', 'webgpu', 'cuda']).default('cpu'),
    MODELS_DIR: z.string().default(modelsDir),
    SYNC_TIMEOUT_MS: z.coerce.number().int().min(0).max(60_000).default(10_000),
    JOB_DEADLINE_MS: positiveInteger.default(300_000),
    RESULT_TTL_SECONDS: positiveInteger.default(3600),
    UPLOAD_MAX_AGE_SECONDS: positiveInteger.default(3600),
    MATCH_DISTANCE_THRESHOLD: z.coerce.number().min(0).max(2).default(0.593),
    ENFORCE_DETECTION: flag.default(false),
    MAX_UPLOAD_BYTES: positiveInteger.default(10_485_760),
    MAX_IMAGE_PIXELS: positiveInteger.default(40_000_000),
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
    SHUTDOWN_GRACE_MS: positiveInteger.default(15_000),
    ERROR_LOG_FILE: z.string().optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  })
  .superRefine((env, context) => {
    if (env.MINIO_ENDPOINT) {
      for (const name of ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'] as const) {
        if (!env[name]) context.addIssue({ code: 'custom', path: [name], message: 'is needed with MINIO_ENDPOINT' });
      }
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

export interface Config {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  readonly redisUrl: string | undefined;
  /** Undefined selects the filesystem store below `dataDir`. */
  readonly s3: S3Config | undefined;
  readonly workerProcesses: number;
  readonly workerConcurrency: number;
  readonly executionProvider: 'cpu' | 'webgpu' | 'cuda';
  readonly modelsDir: string;
  readonly syncTimeoutMs: number;
  readonly jobDeadlineMs: number;
  readonly resultTtlSeconds: number;
  readonly uploadMaxAgeSeconds: number;
  readonly matchDistanceThreshold: number;
  readonly enforceDetection: boolean;
  readonly maxUploadBytes: number;
  readonly maxImagePixels: number;
  /** What a reference photo must be like. */
  readonly qualityLimits: QualityLimits;
  readonly shutdownGraceMs: number;
  readonly errorLogFile: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
}

/**
 * The configuration from environment variables; an empty variable counts as unset.
 * @throws {ConfigError} that names every wrong variable.
 */
// biome-ignore lint/style/noProcessEnv: this is the one module that reads the environment.
export function loadConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
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
    dataDir,
    redisUrl: env.REDIS_URL,
    s3: s3Config(env),
    workerProcesses: env.WORKER_PROCESSES,
    workerConcurrency: env.WORKER_CONCURRENCY,
    executionProvider: env.EXECUTION_PROVIDER,
    modelsDir: resolve(env.MODELS_DIR),
    syncTimeoutMs: env.SYNC_TIMEOUT_MS,
    jobDeadlineMs: env.JOB_DEADLINE_MS,
    resultTtlSeconds: env.RESULT_TTL_SECONDS,
    uploadMaxAgeSeconds: env.UPLOAD_MAX_AGE_SECONDS,
    matchDistanceThreshold: env.MATCH_DISTANCE_THRESHOLD,
    enforceDetection: env.ENFORCE_DETECTION,
    maxUploadBytes: env.MAX_UPLOAD_BYTES,
    maxImagePixels: env.MAX_IMAGE_PIXELS,
    qualityLimits: qualityLimits(env),
    shutdownGraceMs: env.SHUTDOWN_GRACE_MS,
    errorLogFile: inFolder(dataDir, env.ERROR_LOG_FILE ?? 'error_log.txt'),
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
