import type { Box } from '@rollcall/face-core';
import sharp, { type Sharp } from 'sharp';

/** A photo to be spoilt; 8-bit RGB, interleaved, with the place of its only face. */
export interface Subject {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly face: Box;
}

/** One way to spoil a photo, in rising strengths. */
export interface Degradation {
  readonly name: string;
  /** What a level is; lengths are shares of the face's width, so that small and large faces suffer alike. */
  readonly unit: string;
  readonly levels: readonly number[];
  apply(subject: Subject, level: number): Promise<Buffer>;
}

/** What is laid over a covered part, and seen beside a photo that was turned. */
const GREY = 96;

export const DEGRADATIONS: readonly Degradation[] = [
  {
    name: 'Gaussian blur',
    unit: 'σ',
    levels: [0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08],
    apply: (subject, share) => encode(pixels(subject).blur(share * subject.face.w)),
  },
  {
    name: 'motion, sideways',
    unit: 'length',
    levels: [0.05, 0.1, 0.15, 0.2, 0.3, 0.4],
    apply: (subject, share) => encode(pixels(subject).convolve(smear(share * subject.face.w, 'across'))),
  },
  {
    name: 'motion, up and down',
    unit: 'length',
    levels: [0.05, 0.1, 0.15, 0.2, 0.3, 0.4],
    apply: (subject, share) => encode(pixels(subject).convolve(smear(share * subject.face.w, 'down'))),
  },
  {
    name: 'darkness',
    unit: 'factor',
    levels: [0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.015],
    apply: (subject, factor) => encode(pixels(subject).linear(factor, 0)),
  },
  {
    name: 'darkness with sensor noise',
    unit: 'factor',
    levels: [0.5, 0.3, 0.2, 0.1, 0.05],
    apply: (subject, factor) => encode(pixels(noisy(darkened(subject, factor), 3))),
  },
  {
    name: 'overexposure',
    unit: 'factor',
    levels: [1.3, 1.6, 2, 3, 4, 6],
    apply: (subject, factor) => encode(pixels(subject).linear(factor, 0)),
  },
  {
    name: 'glare on one side',
    unit: 'radius',
    levels: [0.2, 0.3, 0.4, 0.6, 0.8, 1],
    apply: (subject, share) => encode(pixels(glaring(subject, share * subject.face.w))),
  },
  {
    name: 'size',
    unit: 'face width in px',
    levels: [90, 70, 50, 40, 30, 20, 14],
    apply: (subject, target) =>
      encode(pixels(subject).resize({ width: Math.round((subject.width * target) / subject.face.w) })),
  },
  {
    name: 'roll',
    unit: '°',
    levels: [5, 10, 15, 20, 30, 40, 50, 60],
    apply: (subject, degrees) => encode(pixels(subject).rotate(degrees, { background: { r: GREY, g: GREY, b: GREY } })),
  },
  {
    name: 'yaw',
    unit: '°',
    levels: [10, 20, 30, 40, 50, 60, 70],
    apply: (subject, degrees) => encode(pixels(turned(subject, degrees))),
  },
  {
    name: 'mouth and chin covered',
    unit: 'share of the height',
    levels: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    apply: (subject, share) => encode(pixels(covered(subject, { x: 0, y: 1 - share, w: 1, h: share }))),
  },
  {
    name: 'forehead and eyes covered',
    unit: 'share of the height',
    levels: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    apply: (subject, share) => encode(pixels(covered(subject, { x: 0, y: 0, w: 1, h: share }))),
  },
  {
    name: 'one side covered',
    unit: 'share of the width',
    levels: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    apply: (subject, share) => encode(pixels(covered(subject, { x: 0, y: 0, w: share, h: 1 }))),
  },
  {
    name: 'cut off at the side',
    unit: 'share of the width',
    levels: [0, 0.1, 0.2, 0.3, 0.4, 0.5],
    apply: (subject, share) => {
      const left = Math.round(subject.face.x + share * subject.face.w);
      return encode(pixels(subject).extract({ left, top: 0, width: subject.width - left, height: subject.height }));
    },
  },
  {
    name: 'JPEG',
    unit: 'quality',
    levels: [50, 30, 20, 10, 5, 2],
    apply: (subject, quality) => pixels(subject).jpeg({ quality }).toBuffer(),
  },
  {
    name: 'noise',
    unit: 'σ of 255',
    levels: [10, 20, 30, 45, 60, 90],
    apply: (subject, sigma) => encode(pixels(noisy(subject, sigma))),
  },
];

function pixels({ data, width, height }: Subject): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Losslessly, so that no degradation comes with another one. */
function encode(image: Sharp): Promise<Buffer> {
  return image.png({ compressionLevel: 1 }).toBuffer();
}

/** A convolution that averages along a line; sharp wants kernels of at least 3×3. */
function smear(length: number, direction: 'across' | 'down') {
  const taps = Math.max(3, 2 * Math.round((length - 1) / 2) + 1);
  const kernel = Array.from({ length: 3 * taps }, (_, index) => {
    const isOnLine = direction === 'across' ? Math.floor(index / taps) === 1 : index % 3 === 1;
    return isOnLine ? 1 : 0;
  });
  return direction === 'across' ? { width: taps, height: 3, kernel } : { width: 3, height: taps, kernel };
}

/** Every value is kept within 0 to 255 when it is stored. */
function mapPixels(subject: Subject, map: (value: number, x: number, y: number) => number): Subject {
  const data = new Uint8ClampedArray(subject.data.length);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    data[i] = map(subject.data[i] as number, pixel % subject.width, Math.floor(pixel / subject.width));
  }
  return { ...subject, data: new Uint8Array(data.buffer) };
}

function darkened(subject: Subject, factor: number): Subject {
  return mapPixels(subject, (value) => value * factor);
}

/** The same noise at every call. */
function noisy(subject: Subject, sigma: number): Subject {
  const random = generator();
  return mapPixels(subject, (value) => {
    // Box–Muller.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return value + sigma * normal;
  });
}

/** Lehmer's generator: uniform in 0 to 1, exclusive of 1. */
function generator(): () => number {
  const modulus = 2 ** 31 - 1;
  let state = 20_261;
  return () => {
    state = (state * 48_271) % modulus;
    return state / modulus;
  };
}

/** A lamp that shines on the left cheek: burnt out in the middle, fading as a Gaussian. */
function glaring(subject: Subject, radius: number): Subject {
  const { face } = subject;
  const [centreX, centreY] = [face.x + 0.25 * face.w, face.y + 0.5 * face.h];
  return mapPixels(subject, (value, x, y) => {
    const distance = Math.hypot(x - centreX, y - centreY) / radius;
    return value + 400 * Math.exp(-distance * distance);
  });
}

/** @param part in shares of the face's box. */
function covered(subject: Subject, part: Box): Subject {
  const { face } = subject;
  const [left, top] = [face.x + part.x * face.w, face.y + part.y * face.h];
  const [right, bottom] = [left + part.w * face.w, top + part.h * face.h];
  return mapPixels(subject, (value, x, y) => (x >= left && x < right && y >= top && y < bottom ? GREY : value));
}

/** The head as a cylinder 1.3 times as wide as the face, with a nose. */
const HEAD_RADIUS = 0.65;
const NOSE = { y: 0.58, height: 0.14, sigmaX: 0.07, sigmaY: 0.12 } as const;
/** Source pixels are painted this densely, so that no gaps show where the turn stretches the face. */
const PAINT_STEP = 0.25;

/**
 * The photo as relief, turned about the vertical axis through the face: each row's pixels move sideways by their depth,
 * and the nearer one is seen. What the camera never saw stays as the pixel beside it.
 */
function turned(subject: Subject, degrees: number): Subject {
  const { width, height, face, data: source } = subject;
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const centreX = face.x + face.w / 2;
  const data = new Uint8Array(source.length);
  const nearness = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    nearness.fill(Number.NEGATIVE_INFINITY);
    for (let x = 0; x < width; x += PAINT_STEP) {
      const across = (x - centreX) / face.w;
      const depth = depthAt(across, (y - face.y) / face.h);
      const target = Math.round(centreX + face.w * (across * cosine + depth * sine));
      const towardsCamera = depth * cosine - across * sine;
      if (target < 0 || target >= width || towardsCamera <= (nearness[target] as number)) continue;
      nearness[target] = towardsCamera;
      const from = 3 * (y * width + Math.floor(x));
      data.set(source.subarray(from, from + 3), 3 * (y * width + target));
    }
    for (let x = 1; x < width; x++) {
      if (nearness[x] === Number.NEGATIVE_INFINITY) {
        const here = 3 * (y * width + x);
        data.copyWithin(here, here - 3, here);
      }
    }
  }
  return { ...subject, data };
}

/** Depth towards the camera in face widths; `across` from the face's middle and `down` from its top, in face sizes. */
function depthAt(across: number, down: number): number {
  const cylinder = Math.sqrt(Math.max(0, HEAD_RADIUS * HEAD_RADIUS - across * across));
  const nose = Math.exp(-((across / NOSE.sigmaX) ** 2) / 2 - ((down - NOSE.y) / NOSE.sigmaY) ** 2 / 2);
  return cylinder - HEAD_RADIUS + NOSE.height * nose;
}
