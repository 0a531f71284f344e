import type { Affine, Point } from './affine.js';
import { scaleOf } from './affine.js';
import { ALIGNED_SIDE } from './engine.js';
import type { QuarterTurns } from './view.js';
import type { Landmarks } from './yunet.js';

/** What can be measured of a found face that tells whether its embedding can be trusted. */
export interface FaceQuality {
  /** √(width · height) of the face's box in pixels of the photo itself. */
  readonly faceSize: number;
  /** The detector's score, 0 to 1: small for covered and tilted faces. */
  readonly detectionScore: number;
  /** The embedding's length before normalisation: small for blurred, dark or covered faces. */
  readonly embeddingNorm: number;
  /**
   * Share of the gradients' energy that one more blur takes away, 0 to 1, in the direction where it is smaller: small for
   * blurred and smeared faces.
   */
  readonly sharpness: number;
  /** Mean luma of the face, 0 to 255. */
  readonly brightness: number;
  /** Difference between the 99th and the 1st percentile of the face's luma, 0 to 255. */
  readonly contrast: number;
  /** Share of the face's pixels with a luma of at least 250. */
  readonly overexposed: number;
  /** Degrees, clockwise as the photo shows it, from the orientation (a quarter turn) in which the face was found. */
  readonly roll: number;
  /** Degrees; positive when the nose points to the person's own left. An estimate from five landmarks. */
  readonly yaw: number;
  /** Share of the aligned crop that lies in the photo. */
  readonly inside: number;
  /** Whether all five landmarks lie in the photo. */
  readonly landmarksInside: boolean;
}

/** A face as it was sampled for the recogniser; map and landmarks in pixels of the decoded photo. */
export interface AlignedFace {
  /** Planes red, green and blue of 112×112, 0 to 255. */
  readonly planes: Float32Array;
  /** Maps a pixel of the crop to the photo: a similarity transform. */
  readonly toPhoto: Affine;
  readonly landmarks: Landmarks;
  readonly turns: QuarterTurns;
  readonly photoWidth: number;
  readonly photoHeight: number;
}

/** What the aligned crop alone tells. */
export type AlignedFaceQuality = Omit<FaceQuality, 'faceSize' | 'detectionScore' | 'embeddingNorm'>;

/** Rec. 601 luma. */
const LUMA = [0.299, 0.587, 0.114] as const;
/** From this luma on a pixel counts as burnt out. */
const OVEREXPOSED_LUMA = 250;
const LOW_PERCENTILE = 0.01;
const HIGH_PERCENTILE = 0.99;

/** The part of the aligned crop that is face in every photo, without hair, ears and background. */
const FACE_ELLIPSE = { centreX: 56, centreY: 60, radiusX: 36, radiusY: 46 } as const;
/** Bounds of the ellipse; a neighbour below or on the right belongs to them, because gradients need it. */
const LEFT = FACE_ELLIPSE.centreX - FACE_ELLIPSE.radiusX;
const RIGHT = FACE_ELLIPSE.centreX + FACE_ELLIPSE.radiusX + 1;
const TOP = FACE_ELLIPSE.centreY - FACE_ELLIPSE.radiusY;
const BOTTOM = FACE_ELLIPSE.centreY + FACE_ELLIPSE.radiusY + 1;

/** The second blur: at σ = 1.5 px a sharp face of 112 px loses most of its gradients' energy, a blurred one little. */
const REBLUR_SIGMA = 1.5;
/** Weights beyond are below 3 %. The ellipse keeps this distance from the crop's edges, so that blurring needs no padding. */
const REBLUR_RADIUS = 4;
const REBLUR_KERNEL = [...gaussianKernel(REBLUR_SIGMA, REBLUR_RADIUS)] as [number, number, number, number, number];

/**
 * How far a nose stands out, in distances between the eyes: turning the head by an angle moves the nose from the face's
 * middle line by this much times the tangent.
 */
const NOSE_DEPTH = 0.39;

/** Measures aligned crops. Its buffers are shared between calls; every call is complete when it returns. */
export function createQualityMeter(): (face: AlignedFace) => AlignedFaceQuality {
  const luma = new Float32Array(ALIGNED_SIDE * ALIGNED_SIDE);
  const margins = new Float32Array(ALIGNED_SIDE * ALIGNED_SIDE);
  const rows = new Float32Array(ALIGNED_SIDE * ALIGNED_SIDE);
  const reblurred = new Float32Array(ALIGNED_SIDE * ALIGNED_SIDE);
  const histogram = new Uint32Array(256);

  return ({ planes, toPhoto, landmarks, turns, photoWidth, photoHeight }) => {
    toLuma(planes, luma);
    const inside = measureMargins(toPhoto, photoWidth, photoHeight, margins);
    reblur(luma, rows, reblurred);
    return {
      sharpness: sharpnessOf(luma, reblurred, margins),
      ...exposureOf(luma, margins, histogram),
      roll: rollOf(toPhoto, turns),
      yaw: yawOf(landmarks),
      inside,
      landmarksInside: landmarks.every((landmark) => isInside(landmark, photoWidth, photoHeight)),
    };
  };
}

/** The head's turn about the viewing axis, from the alignment's rotation: −180 to 180 degrees. */
export function rollOf([a, , , d]: Affine, turns: QuarterTurns): number {
  const degrees = toDegrees(Math.atan2(d, a)) + 90 * turns;
  return degrees - 360 * Math.round(degrees / 360);
}

/**
 * The head's turn to its left (positive) or right, −90 to 90 degrees, from the nose's distance to the line through the
 * middles of eyes and mouth.
 */
export function yawOf([rightEye, leftEye, nose, rightMouth, leftMouth]: Landmarks): number {
  const eyes = middle(rightEye, leftEye);
  const mouth = middle(rightMouth, leftMouth);
  const [downX, downY] = [mouth[0] - eyes[0], mouth[1] - eyes[1]];
  const cross = downY * (nose[0] - eyes[0]) - downX * (nose[1] - eyes[1]);
  const unit = Math.hypot(downX, downY) * Math.hypot(leftEye[0] - rightEye[0], leftEye[1] - rightEye[1]);
  return toDegrees(Math.atan2(cross, NOSE_DEPTH * unit));
}

function toLuma(planes: Float32Array, luma: Float32Array): void {
  const plane = luma.length;
  for (let i = 0; i < plane; i++) {
    luma[i] =
      LUMA[0] * (planes[i] as number) +
      LUMA[1] * (planes[plane + i] as number) +
      LUMA[2] * (planes[2 * plane + i] as number);
  }
}

/**
 * Every crop pixel's distance to the photo's nearest edge, in crop pixels, negative outside. A similarity transform
 * keeps distances up to its scale, so this needs no search. Returns the share of pixels inside.
 */
function measureMargins([a, b, c, d, e, f]: Affine, width: number, height: number, margins: Float32Array): number {
  const scale = scaleOf([a, b, c, d, e, f]);
  let inside = 0;
  for (let y = 0, i = 0; y < ALIGNED_SIDE; y++) {
    for (let x = 0; x < ALIGNED_SIDE; x++, i++) {
      const photoX = a * x + b * y + c;
      const photoY = d * x + e * y + f;
      const margin = Math.min(photoX, photoY, width - 1 - photoX, height - 1 - photoY);
      if (margin >= 0) inside++;
      margins[i] = margin / scale;
    }
  }
  return inside / margins.length;
}

/** The Gaussian blur of `luma` within the ellipse's bounds: rows first, then columns. */
function reblur(luma: Float32Array, rows: Float32Array, out: Float32Array): void {
  convolve(luma, rows, TOP - REBLUR_RADIUS, BOTTOM + REBLUR_RADIUS, 1);
  convolve(rows, out, TOP, BOTTOM, ALIGNED_SIDE);
}

function convolve(source: Float32Array, out: Float32Array, top: number, bottom: number, step: number): void {
  const [w0, w1, w2, w3, w4] = REBLUR_KERNEL;
  const [step2, step3, step4] = [2 * step, 3 * step, 4 * step];
  for (let y = top; y <= bottom; y++) {
    const end = y * ALIGNED_SIDE + RIGHT;
    for (let i = y * ALIGNED_SIDE + LEFT; i <= end; i++) {
      out[i] =
        (source[i] as number) * w0 +
        ((source[i - step] as number) + (source[i + step] as number)) * w1 +
        ((source[i - step2] as number) + (source[i + step2] as number)) * w2 +
        ((source[i - step3] as number) + (source[i + step3] as number)) * w3 +
        ((source[i - step4] as number) + (source[i + step4] as number)) * w4;
    }
  }
}

/**
 * 1 − E(∂(G∗I))² / E(∂I)² over the ellipse, in the direction where it is smaller: what is blurred already loses little
 * by another blur, and what was moved is blurred in one direction alone. Steadier than the Laplacian's variance, which
 * depends on contrast. Pixels that the photo's edge reaches are left out, for the step to black there would count as
 * sharpness. 0 where there is nothing to see.
 *
 * After F. Crété-Roffet et al., "The blur effect: perception and estimation with a new no-reference perceptual blur
 * metric", SPIE 2007.
 */
function sharpnessOf(luma: Float32Array, reblurred: Float32Array, margins: Float32Array): number {
  return Math.min(lossOf(luma, reblurred, margins, 1), lossOf(luma, reblurred, margins, ALIGNED_SIDE));
}

/** @param step from a pixel to the next in the direction of the derivative. */
function lossOf(luma: Float32Array, reblurred: Float32Array, margins: Float32Array, step: number): number {
  let before = 0;
  let after = 0;
  for (let n = 0; n < FACE_PIXELS.length; n++) {
    const i = FACE_PIXELS[n] as number;
    if ((margins[i] as number) <= REBLUR_RADIUS + 1) continue;
    const difference = (luma[i + step] as number) - (luma[i] as number);
    const reblurredDifference = (reblurred[i + step] as number) - (reblurred[i] as number);
    before += difference * difference;
    after += reblurredDifference * reblurredDifference;
  }
  return before > 0 ? 1 - after / before : 0;
}

/** Light of the face, over the part of the ellipse that lies in the photo; zeros when none does. */
function exposureOf(
  luma: Float32Array,
  margins: Float32Array,
  histogram: Uint32Array,
): Pick<FaceQuality, 'brightness' | 'contrast' | 'overexposed'> {
  histogram.fill(0);
  let count = 0;
  let sum = 0;
  let overexposed = 0;
  for (let n = 0; n < FACE_PIXELS.length; n++) {
    const i = FACE_PIXELS[n] as number;
    if ((margins[i] as number) < 0) continue;
    const value = luma[i] as number;
    const bin = Math.min(255, Math.round(value));
    histogram[bin] = (histogram[bin] as number) + 1;
    count++;
    sum += value;
    if (value >= OVEREXPOSED_LUMA) overexposed++;
  }
  if (count === 0) return { brightness: 0, contrast: 0, overexposed: 0 };
  const contrast = percentile(histogram, count, HIGH_PERCENTILE) - percentile(histogram, count, LOW_PERCENTILE);
  return { brightness: sum / count, contrast, overexposed: overexposed / count };
}

/** The least value that at least this share of the counted values does not exceed. */
function percentile(histogram: Uint32Array, count: number, share: number): number {
  let seen = 0;
  for (let value = 0; value < histogram.length; value++) {
    seen += histogram[value] as number;
    if (seen >= share * count) return value;
  }
  return histogram.length - 1;
}

function isInside([x, y]: Point, width: number, height: number): boolean {
  return x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1;
}

function middle(one: Point, other: Point): Point {
  return [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
}

function toDegrees(radians: number): number {
  return (radians * 180) / Math.PI;
}

/** Weights for the distances 0 to `radius`; both sides together sum to 1. */
function gaussianKernel(sigma: number, radius: number): Float32Array {
  const weights = Float32Array.from({ length: radius + 1 }, (_, k) => Math.exp(-(k * k) / (2 * sigma * sigma)));
  const sum = 2 * weights.reduce((total, weight) => total + weight) - (weights[0] as number);
  return weights.map((weight) => weight / sum);
}

/** Indices of the ellipse's pixels in a plane of the crop. */
const FACE_PIXELS = Int32Array.from(
  Array.from({ length: ALIGNED_SIDE * ALIGNED_SIDE }, (_, i) => i).filter((i) => {
    const x = ((i % ALIGNED_SIDE) - FACE_ELLIPSE.centreX) / FACE_ELLIPSE.radiusX;
    const y = (Math.floor(i / ALIGNED_SIDE) - FACE_ELLIPSE.centreY) / FACE_ELLIPSE.radiusY;
    return x * x + y * y <= 1;
  }),
);
