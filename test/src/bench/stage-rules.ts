// Which stage of a verification a frame of a call stack belongs to, by the file it is in and, where one file does several
// things, by its function. This is the one place to change when files move.

/** Stages in the order in which a verification goes through them, then what belongs to none. */
export const STAGES = [
  'receive',
  'store',
  'queue',
  'fetch',
  'list',
  'decode',
  'detect',
  'align',
  'quality',
  'embed',
  'compare',
  'reply',
  'audit and log',
  'remove upload',
  'garbage collection',
  'other',
] as const;

export type Stage = (typeof STAGES)[number];

/** Stages that the bare pipeline has as well. */
export const PIPELINE_STAGES = ['decode', 'detect', 'align', 'quality', 'embed', 'compare'] as const satisfies Stage[];

interface Rule {
  /** Of the script's URL; of what lies below `dist`, `src` or `node_modules`. */
  readonly file: RegExp;
  /** Of the function; any when left out. */
  readonly name?: RegExp;
  readonly stage: Stage;
}

/** Tried in order on each frame, from the innermost outwards; a frame that no rule knows leaves it to its caller. */
const RULES: readonly Rule[] = [
  // The networks run in callbacks of their own; the profiling hook names them.
  { file: /\/bench\/profile-hook\.js$/, name: /^runDetector$/, stage: 'detect' },
  { file: /\/bench\/profile-hook\.js$/, name: /^runRecogniser$/, stage: 'embed' },

  { file: /\/face-core\/dist\/(decode|jpeg-scans)\.js$|\/node_modules\/(sharp|@img)\//, stage: 'decode' },
  { file: /\/face-core\/dist\/(detect|yunet|view)\.js$/, stage: 'detect' },
  { file: /\/face-core\/dist\/quality\.js$/, stage: 'quality' },
  { file: /\/face-core\/dist\/(align|affine)\.js$/, stage: 'align' },
  { file: /\/face-core\/dist\/compare\.js$/, stage: 'compare' },
  { file: /\/face-core\/dist\/engine\.js$/, name: /detect/i, stage: 'detect' },
  { file: /\/face-core\/dist\/engine\.js$/, name: /embed/i, stage: 'embed' },
  // Its own work is the aligned crop; the rest it has done by others.
  { file: /\/face-core\/dist\/analyse\.js$/, stage: 'align' },
  { file: /\/face-core\/dist\/micro-batch/, stage: 'embed' },

  { file: /\/blob-store\/(filesystem-listing|minio-folders)\.js$/, stage: 'list' },
  { file: /\/blob-store\/durable-write\.js$/, stage: 'store' },
  { file: /\/blob-store\/durable-delete\.js$/, stage: 'remove upload' },
  { file: /\/blob-store\//, name: /^(list|folders|listed)/i, stage: 'list' },
  { file: /\/blob-store\//, name: /^(put|write)/i, stage: 'store' },
  { file: /\/blob-store\//, name: /^(delete|remove)/i, stage: 'remove upload' },
  { file: /\/blob-store\//, name: /^(get|read)/i, stage: 'fetch' },
  { file: /\/gallery\/dist\//, stage: 'list' },
  { file: /\/inference\/upload-bin\.js$/, stage: 'remove upload' },
  {
    file: /\/inference\/(verify|probe)\.js$/,
    name: /^(decide|areaOf|embeddingOf|probeQuality|round)/,
    stage: 'compare',
  },
  { file: /\/inference\/(job-handler|verify)\.js$/, stage: 'fetch' },
  {
    file: /\/platform\/dist\/(logger|error-log)\.js$|\/platform\/dist\/audit\/|\/jobs\/journal\.js$/,
    stage: 'audit and log',
  },
  {
    file: /\/node_modules\/(pino|thread-stream|sonic-boom|rotating-file-stream|safe-stable-stringify)\//,
    stage: 'audit and log',
  },
  { file: /\/http\/context\.js$/, name: /^(requestLog|log)/, stage: 'audit and log' },

  { file: /\/node_modules\/(bullmq|ioredis|@ioredis|redis-parser|msgpackr)\//, stage: 'queue' },
  {
    file: /\/platform\/dist\/(callbacks\/add-job|job-options|redis|tombstones|erasures|limits\/.*)\.js$/,
    stage: 'queue',
  },
  { file: /\/api\/dist\/jobs\/submit\.js$/, name: /^record$/, stage: 'store' },
  { file: /\/api\/dist\/jobs\//, stage: 'queue' },
  { file: /\/inference\/(queue-worker|ended-counter|fair-share|quarantine|lockout)\.js$/, stage: 'queue' },

  { file: /\/http\/replies\.js$/, stage: 'reply' },
  { file: /\/http\/context\.js$/, name: /^(send|reply)/, stage: 'reply' },
  {
    file: /\/@hono\/node-server\//,
    name: /^(responseViaCache|responseViaResponseObject|writeFrom|flush)/,
    stage: 'reply',
  },
  { file: /\/api\/dist\/(http\/|server\.js|app\.js)/, stage: 'receive' },
  { file: /\/node_modules\/(@hono|hono|busboy|@fastify|streamsearch)\//, stage: 'receive' },
];

/** Requests to S3, whose answers come in frames of the client only. */
const S3_CLIENT = /^node:_http_client$|\/node_modules\/minio\/|\/blob-store\/(minio|http-transport)/;
const S3_RULES: Readonly<Record<'api' | 'worker', readonly Rule[]>> = {
  api: [{ file: S3_CLIENT, stage: 'store' }],
  worker: [{ file: S3_CLIENT, stage: 'fetch' }],
};

/** What Node itself does, where no frame of the stack is known: in a server, and in a client of S3. */
const API_RUNTIME: readonly Rule[] = [
  { file: /^node:_http_outgoing$/, stage: 'reply' },
  { file: /^node:(_http_|internal\/http|net$|internal\/stream_base|internal\/streams|stream)/, stage: 'receive' },
];
const WORKER_RUNTIME: readonly Rule[] = [
  { file: /^node:(_http_|https?$)/, stage: 'fetch' },
  { file: /^node:(net$|internal\/stream_base|internal\/streams|stream)/, stage: 'queue' },
];

export interface Frame {
  /** URL of the script. */
  readonly url: string;
  readonly functionName: string;
}

/** @param stack from the innermost frame outwards. */
export function stageOfStack(stack: readonly Frame[], role: 'api' | 'worker'): Stage {
  const found =
    firstStage(stack, RULES) ??
    firstStage(stack, S3_RULES[role]) ??
    firstStage(stack, role === 'api' ? API_RUNTIME : WORKER_RUNTIME);
  return found ?? 'other';
}

function firstStage(stack: readonly Frame[], rules: readonly Rule[]): Stage | undefined {
  for (const frame of stack) {
    const rule = rules.find(({ file, name }) => file.test(frame.url) && (!name || name.test(frame.functionName)));
    if (rule) return rule.stage;
  }
  return undefined;
}
