import { SingleBar } from 'cli-progress';

/** Lines as things get done, above a bar with rate and remaining time where there is a terminal. */
export interface Progress {
  line(text: string): void;
  step(): void;
  stop(): void;
}

/** @param out where a person looks; not where a program reads the result. */
export function createProgress(total: number, unit: string, out: NodeJS.WriteStream = process.stdout): Progress {
  const format = `{bar} {value}/{total} ${unit}, {speed}/s, {eta_formatted} left`;
  const bar = out.isTTY ? new SingleBar({ format, stream: out, hideCursor: true }) : undefined;
  const startedAt = performance.now();
  let done = 0;
  bar?.start(total, 0, { speed: '0' });
  return {
    line(text) {
      // The line takes the bar's place; the next step draws the bar again below it.
      out.write(bar ? `\r\x1b[K${text}\n` : `${text}\n`);
    },
    step() {
      done++;
      bar?.update(done, { speed: (done / ((performance.now() - startedAt) / 1000)).toFixed(0) });
    },
    stop() {
      bar?.stop();
    },
  };
}
