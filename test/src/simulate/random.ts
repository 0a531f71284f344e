/** Random numbers that are the same for the same seed. */
export interface Random {
  /** At least 0, below 1. */
  uniform(): number;
  normal(): number;
  /**
   * Gamma distributed.
   * @param variation coefficient of variation: 0 is always the mean, 1 the exponential distribution
   */
  around(mean: number, variation: number): number;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  let spare: number | undefined;

  /** Mulberry32: 32 bits of state are enough for some 10^8 draws of a simulation. */
  function uniform(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** Marsaglia's polar method. */
  function normal(): number {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  }

  /** Gamma with mean `shape`, for shapes of at least 1: Marsaglia and Tsang, "A simple method for generating gamma variables". */
  function gamma(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  return {
    uniform,
    normal,
    around(mean, variation) {
      if (variation === 0 || mean === 0) return mean;
      if (variation === 1) return -mean * Math.log(1 - uniform());
      const shape = 1 / variation ** 2;
      // A shape below 1 is reached from one above by a power of a uniform number.
      const drawn = shape >= 1 ? gamma(shape) : gamma(shape + 1) * uniform() ** (1 / shape);
      return (mean * drawn) / shape;
    },
  };
}
