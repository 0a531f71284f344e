import { type Affine, invertAffine, type Point, similarityTransform } from './affine.js';
import type { Detection, Landmarks } from './yunet.js';

/**
 * Where the five landmarks lie in an aligned 112×112 face: the ArcFace template, in YuNet's order.
 *
 * Source: J. Deng et al., "ArcFace", CVPR 2019, reference alignment; also OpenCV's FaceRecognizerSF.
 */
const TEMPLATE: readonly Point[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/**
 * Maps a pixel of the aligned 112×112 face to the photo.
 * @throws {RangeError} when the landmarks coincide.
 */
export function alignment(landmarks: Landmarks): Affine {
  return invertAffine(similarityTransform(landmarks, TEMPLATE));
}

/**
 * Whether the detection can be the place of a face. What the detector takes for one in a picture made for it may have
 * landmarks in one point, or an endless box.
 */
export function isAlignable({ box, landmarks }: Detection): boolean {
  if (![box.x, box.y, box.w, box.h].every(Number.isFinite)) return false;
  try {
    alignment(landmarks);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
