import { type Affine, applyAffine, type Point } from './affine.js';
import type { Box, Detection, Landmarks } from './yunet.js';
import { INPUT_MULTIPLE } from './yunet.js';

/** How often a photo is turned clockwise by 90° to be viewed upright. */
export type QuarterTurns = 0 | 1 | 2 | 3;

/** A rectangular window on a photo, as the detector sees it. */
export interface View {
  /** Multiples of 32; what lies beyond the photo is black. */
  readonly width: number;
  readonly height: number;
  readonly turns: QuarterTurns;
  /** Maps a pixel of the view to the photo. */
  readonly toPhoto: Affine;
}

/** Directions, in the photo, of a turned view's axes: right, and down. */
const AXES: Readonly<Record<QuarterTurns, readonly [right: Point, down: Point]>> = {
  0: [
    [1, 0],
    [0, 1],
  ],
  1: [
    [0, -1],
    [1, 0],
  ],
  2: [
    [-1, 0],
    [0, -1],
  ],
  3: [
    [0, 1],
    [-1, 0],
  ],
};

/** The whole photo, shrunk until its longer side is at most `maxSide` (never enlarged), padded on the right and below. */
export function photoView(width: number, height: number, maxSide: number, turns: QuarterTurns): View {
  const scale = Math.max(1, Math.max(width, height) / maxSide);
  const [viewWidth, viewHeight] = turns % 2 === 0 ? [width / scale, height / scale] : [height / scale, width / scale];
  const [right, down] = AXES[turns];
  // The view's top left corner is the corner of the photo from which both axes point inwards.
  const corner: Point = [right[0] + down[0] < 0 ? width : 0, right[1] + down[1] < 0 ? height : 0];
  return {
    width: toMultiple(viewWidth),
    height: toMultiple(viewHeight),
    turns,
    toPhoto: fromCorner(corner, right, down, scale),
  };
}

/** A square window of `side` view pixels around `centre`, in which one view pixel is `scale` photo pixels. */
export function cropView(centre: Point, scale: number, side: number, turns: QuarterTurns): View {
  const [right, down] = AXES[turns];
  const half = (side * scale) / 2;
  // Centres of pixels have integer coordinates, corners of the photo lie at −½.
  const corner: Point = [centre[0] + 0.5 - half * (right[0] + down[0]), centre[1] + 0.5 - half * (right[1] + down[1])];
  return { width: side, height: side, turns, toPhoto: fromCorner(corner, right, down, scale) };
}

/** `corner` is where the view's top left edge lies, in photo pixels measured from the photo's top left edge. */
function fromCorner(corner: Point, right: Point, down: Point, scale: number): Affine {
  const along = (axis: 0 | 1) => corner[axis] - 0.5 + 0.5 * scale * (right[axis] + down[axis]);
  return [scale * right[0], scale * down[0], along(0), scale * right[1], scale * down[1], along(1)];
}

/** A detection in a view's pixels → the same in the photo's. The landmarks keep their order. */
export function detectionToPhoto({ toPhoto }: View, { box, landmarks, score }: Detection): Detection {
  const [ax, ay] = applyAffine(toPhoto, [box.x, box.y]);
  const [bx, by] = applyAffine(toPhoto, [box.x + box.w, box.y + box.h]);
  const mapped: Box = { x: Math.min(ax, bx), y: Math.min(ay, by), w: Math.abs(bx - ax), h: Math.abs(by - ay) };
  return { box: mapped, landmarks: mapLandmarks(landmarks, (point) => applyAffine(toPhoto, point)), score };
}

export function mapLandmarks([a, b, c, d, e]: Landmarks, map: (point: Point) => Point): Landmarks {
  return [map(a), map(b), map(c), map(d), map(e)];
}

function toMultiple(length: number): number {
  return Math.max(1, Math.ceil(Math.round(length) / INPUT_MULTIPLE)) * INPUT_MULTIPLE;
}
