/** The one clock of the gate: what it was set to is called off by whatever comes next. */
export interface Ticker {
  after(ms: number, act: () => void): void;
  /** Tells about ten times a second how much time is left, as a share and in whole seconds. */
  countDown(seconds: number, tell: (share: number, seconds: number) => void, act: () => void): void;
  stop(): void;
  /** Milliseconds since it was set last. */
  elapsed(): number;
}

const TICK_MS = 100;

export function createTicker(): Ticker {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ticks: ReturnType<typeof setInterval> | undefined;
  let setAt = performance.now();

  function stop(): void {
    clearTimeout(timer);
    clearInterval(ticks);
  }

  function after(ms: number, act: () => void): void {
    stop();
    setAt = performance.now();
    timer = setTimeout(() => {
      stop();
      act();
    }, ms);
  }

  return {
    after,
    stop,
    elapsed: () => performance.now() - setAt,
    countDown(seconds, tell, act) {
      after(seconds * 1000, act);
      const tick = () => {
        const left = Math.max(0, seconds - (performance.now() - setAt) / 1000);
        tell(seconds > 0 ? left / seconds : 0, Math.ceil(left));
      };
      tick();
      ticks = setInterval(tick, TICK_MS);
    },
  };
}
