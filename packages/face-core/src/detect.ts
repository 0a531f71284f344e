import type { Point } from './affine.js';
import type { Engine } from './engine.js';
import { type Pyramid, samplePlanes } from './image.js';
import { cropView, detectionToPhoto, photoView, type QuarterTurns, type View } from './view.js';
import { type Box, type Detection, decodeDetections } from './yunet.js';

/** A face in the pixels of the photo it was found in. */
export interface DetectedFace extends Detection {
  /** The photo shows the face upright after this many quarter turns clockwise. */
  readonly turns: QuarterTurns;
}

/** A size of the detector's input, and the score that a detection needs there. */
interface Pass {
  readonly side: number;
  readonly minScore: number;
}
const FIRST_PASS: Pass = { side: 320, minScore: 0.7 };
/** For small faces; only where the first pass found nothing that would count here as well. */
const SECOND_PASS: Pass = { side: 640, minScore: 0.8 };

/**
 * An upright detection of the first pass that is this strong is taken at once. Below it the photo may be turned:
 * upside-down faces are "found" upright with scores up to 0.898 (0.905 in the second pass), and with useless landmarks,
 * though never with a higher score than in the right orientation.
 */
const CERTAIN_SCORE = 0.9;

/** The refining crop: landmarks are most precise when the face is about 200 px wide in the detector's input. */
const REFINING_SIDE = 320;
const REFINING_FACE_WIDTH = 200;
const REFINING_MIN_SCORE = 0.5;

/** A second face this large and certain makes a photo ambiguous. */
const COMPARABLE_AREA = 0.5;
const COMPARABLE_SCORE = 0.8;

const UPRIGHT: QuarterTurns = 0;
const TURNED: readonly QuarterTurns[] = [1, 2, 3];

export interface FaceDetector {
  /** Every face, the strongest first; all in the orientation in which the strongest was found. */
  find(photo: Pyramid): Promise<DetectedFace[]>;
  /** The same face with landmarks from a closer look; unchanged when the closer look does not find it. */
  refine(photo: Pyramid, face: DetectedFace): Promise<DetectedFace>;
}

/**
 * Face detection in two sizes and four orientations. Not re-entrant: the input buffer is shared between calls, so
 * await one before the next.
 */
export function createFaceDetector(engine: Pick<Engine, 'detect'>): FaceDetector {
  let buffer = new Float32Array(3 * REFINING_SIDE * REFINING_SIDE);

  async function look(photo: Pyramid, view: View, minScore: number): Promise<DetectedFace[]> {
    const length = 3 * view.width * view.height;
    if (buffer.length < length) buffer = new Float32Array(length);
    const input = buffer.subarray(0, length);
    samplePlanes(photo, view.toPhoto, view.width, view.height, 'bgr', input);
    const detections = decodeDetections(
      await engine.detect(input, view.width, view.height),
      view.width,
      view.height,
      minScore,
    );
    return detections.map((detection) => ({ ...detectionToPhoto(view, detection), turns: view.turns }));
  }

  function lookAtAll(photo: Pyramid, { side, minScore }: Pass, turns: QuarterTurns): Promise<DetectedFace[]> {
    return look(photo, photoView(photo.width, photo.height, side, turns), minScore);
  }

  /** The faces of the orientation with the highest score, `known` competing. */
  async function lookAround(photo: Pyramid, pass: Pass, orientations: readonly QuarterTurns[], known: DetectedFace[]) {
    let best = known;
    for (const turns of orientations) {
      const faces = await lookAtAll(photo, pass, turns);
      if (bestScore(faces) > bestScore(best)) best = faces;
    }
    return best;
  }

  return {
    async find(photo) {
      const upright = await lookAtAll(photo, FIRST_PASS, UPRIGHT);
      if (bestScore(upright) >= CERTAIN_SCORE) return upright;
      let best = await lookAround(photo, FIRST_PASS, TURNED, upright);
      const isShrunk = Math.max(photo.width, photo.height) > FIRST_PASS.side;
      if (isShrunk && bestScore(best) < SECOND_PASS.minScore) {
        best = await lookAround(photo, SECOND_PASS, [UPRIGHT, ...TURNED], best);
      }
      return best;
    },

    async refine(photo, face) {
      const centre = centreOf(face.box);
      const faceWidth = face.turns % 2 === 0 ? face.box.w : face.box.h;
      const view = cropView(centre, faceWidth / REFINING_FACE_WIDTH, REFINING_SIDE, face.turns);
      const candidates = await look(photo, view, REFINING_MIN_SCORE);
      const nearest = minBy(candidates, ({ box }) => distance(centreOf(box), centre));
      if (!nearest || distance(centreOf(nearest.box), centre) > faceWidth / 2) return face;
      return { ...nearest, score: face.score };
    },
  };
}

/**
 * The face that a photo is of: the greatest area × score × nearness to the centre, where nearness falls from 1 in the
 * centre to ½ in the corners. Undefined when there is none.
 */
export function dominantFace(faces: readonly DetectedFace[], width: number, height: number): DetectedFace | undefined {
  const middle: Point = [width / 2, height / 2];
  const weight = ({ box, score }: DetectedFace) =>
    box.w * box.h * score * (1 - (0.5 * distance(centreOf(box), middle)) / Math.hypot(...middle));
  return minBy(faces, (face) => -weight(face));
}

/** True when another face is so large and certain that nobody can say whose photo it is. */
export function hasComparableFace(faces: readonly DetectedFace[], dominant: DetectedFace): boolean {
  const area = dominant.box.w * dominant.box.h;
  return faces.some(
    (face) => face !== dominant && face.score >= COMPARABLE_SCORE && face.box.w * face.box.h >= COMPARABLE_AREA * area,
  );
}

function bestScore(faces: readonly DetectedFace[]): number {
  return faces[0]?.score ?? 0;
}

function centreOf({ x, y, w, h }: Box): Point {
  return [x + w / 2, y + h / 2];
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

function minBy<T>(items: readonly T[], measure: (item: T) => number): T | undefined {
  let best: T | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const value = measure(item);
    if (value < least) {
      least = value;
      best = item;
    }
  }
  return best;
}
