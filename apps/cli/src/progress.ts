import { SingleBar } from 'cli-progress';

/** Lines as things get done, above a bar with rate and remaining time where there is a terminal. */
export interface Progress {
  line(text: string): void;
  step(): void;
  stop(): void;
}

export function createProgress(total: number, unit: string): Progress {
  const bar = process.stdout.isTTY
    ? new SingleBar({ format: `{bar} {value}/{total} ${unit}, {speed}/s, {eta_formatted} left`, hideCursor: true })
    : undefined;
  const startedAt = performance.now();
  let done = 0;
  bar?.start(total, 0, { speed: '0' });
  return {
    line(text) {
      // The line takes the bar's place; the next step draws the bar again below it.
      process.stdout.write(bar ? `\r\x1b[K${text}\n` : `${text}\n`);
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
