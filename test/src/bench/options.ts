import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export type StoreName = 'filesystem' | 's3';

export interface BenchOptions {
  readonly clients: readonly number[];
  /** Of each point, not counting the warm-up. */
  readonly seconds: number;
  readonly rounds: number;
  readonly stores: readonly StoreName[];
  readonly peer: boolean;
  /** Folder of the reports. */
  readonly out: string;
  /** Names of the reports in it. */
  readonly files: { readonly json: string; readonly html: string };
}

export const USAGE = `Usage: npm run bench -- [options]

  --clients 1,8,64,256,1000  clients that ask again as soon as they are answered
  --seconds 8                how long each point is measured
  --rounds 3                 how often everything is measured; the report has the medians
  --stores filesystem,s3     filesystem: the default of npm start; s3: Redis and MinIO servers (left out without minio on the PATH)
  --no-peer                  leave out FastAPI + OpenCV, which is otherwise installed from PyPI
  --out FOLDER               write index.html and bench.json there, not bench.html and bench.json to test-results
                             (docs/bench holds the committed report; the machine has to be idle for some 20 minutes)
  --quick                    one round of 4 s at 1, 8 and 64 clients
`;

/** @param isMinioMissing whether the S3 store can be measured only when it is asked for. */
export function parseBenchOptions(args: string[], isMinioMissing: () => boolean): BenchOptions | 'help' {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      clients: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      stores: { type: 'string' },
      peer: { type: 'boolean', default: true },
      out: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { quick, out } = values;
  const stores = values.stores?.split(',') ?? (isMinioMissing() ? ['filesystem'] : ['filesystem', 's3']);
  if (!stores.every(isStoreName)) throw new Error(`--stores: not among filesystem, s3: ${values.stores}`);
  return {
    clients: numbers('--clients', values.clients ?? (quick ? '1,8,64' : '1,8,64,256,1000')),
    seconds: number('--seconds', values.seconds ?? (quick ? '4' : '8')),
    rounds: number('--rounds', values.rounds ?? (quick ? '1' : '3')),
    stores,
    peer: values.peer,
    out: out ?? join(ROOT, 'test-results'),
    files: { json: 'bench.json', html: out === undefined ? 'bench.html' : 'index.html' },
  };
}

function isStoreName(name: string): name is StoreName {
  return name === 'filesystem' || name === 's3';
}

function numbers(name: string, text: string): number[] {
  return text.split(',').map((one) => number(name, one));
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name}: not a positive number: ${text}`);
  return value;
}
