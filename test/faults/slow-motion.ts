import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../src/support/rollcall.js';
import { until } from '../src/support/until.js';

/** Before a worker reads the photo; when it has read it; when the job has ended and it is about to remove the photo. */
export type Moment = 'download' | 'inference' | 'removal';

/** Moments at which a worker can be stopped. */
type Stop = Exclude<Moment, 'inference'>;

/** Makes the moments of a job long enough to act in them, at the file system: nothing in the product knows of it. */
export interface SlowMotion {
  /** What a worker has to be started with; with `SLOW_MOTION_DOWNLOAD_MS` besides every download takes so long. */
  readonly settings: Readonly<Record<string, string>>;
  /** Stops whoever comes to this moment, with one job's photo or with any, until it is released. */
  hold(moment: Stop, jobId?: string): void;
  release(moment: Stop, jobId?: string): void;
  /**
   * Resolves with the id of the process that has come to this moment with the photo of a job, or has read the reference
   * photo of an employee.
   */
  reached(moment: Moment, subject: string): Promise<number>;
  /** Releases everything. */
  reset(): void;
}

export function createSlowMotion(): SlowMotion {
  const folder = temporaryFolder();
  const holdFile = (moment: Stop, jobId?: string) =>
    join(folder.path, `hold-${moment}${jobId === undefined ? '' : `.${jobId}`}`);
  const script = fileURLToPath(new URL('./slow-motion.mjs', import.meta.url));
  return {
    settings: { NODE_OPTIONS: `--import ${script}`, SLOW_MOTION_DIR: folder.path },
    hold: (moment, jobId) => writeFileSync(holdFile(moment, jobId), ''),
    release: (moment, jobId) => rmSync(holdFile(moment, jobId), { force: true }),
    reached(moment, subject) {
      return until(`a worker comes to the ${moment} of ${subject}`, () => {
        try {
          return Number(readFileSync(join(folder.path, `${moment}.${subject}`), 'utf8')) || undefined;
        } catch {
          return undefined;
        }
      });
    },
    reset() {
      for (const name of readdirSync(folder.path)) {
        if (name.startsWith('hold-')) rmSync(join(folder.path, name), { force: true });
      }
    },
  };
}

/** A photo that no process survives: {@link SlowMotion} sees to it. What follows a photo's end is not looked at otherwise. */
export function deadly(photo: Uint8Array): Uint8Array {
  return Buffer.concat([photo, Buffer.from('kills whoever reads it')]);
}
