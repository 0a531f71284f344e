// Loaded into a process before anything of its own (NODE_OPTIONS=--import): its clock is off by SKEWED_CLOCK_MS.
// biome-ignore lint/style/noProcessEnv: how the test tells this process what to do
const offMs = Number(process.env.SKEWED_CLOCK_MS);
const { now } = Date;

globalThis.Date = class extends Date {
  constructor(...when) {
    if (when.length === 0) super(now() + offMs);
    else super(...when);
  }

  static now() {
    return now() + offMs;
  }
};
