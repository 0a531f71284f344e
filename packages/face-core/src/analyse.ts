import { alignment, isAlignable } from './align.js';
import { normalise } from './compare.js';
import { decodePhoto } from './decode.js';
import { createFaceDetector, type DetectedFace, dominantFace, hasComparableFace } from './detect.js';
import { ALIGNED_SIDE, type Engine } from './engine.js';
import { createPyramid, type Pyramid, samplePlanes } from './image.js';
import { type AlignedFaceQuality, createQualityMeter, type FaceQuality } from './quality.js';
import { mapLandmarks } from './view.js';
import type { Detection } from './yunet.js';

/** Identifies the vector space of an embedding: embeddings of different ids must not be compared. */
export const MODEL_ID = 'sface-2021dec';

/** Raised whenever decoding, detection or alignment changes what an embedding of the same photo is. */
export const PREPROCESSING_VERSION = 2;

/** A face with its embedding; box and landmarks in the pixels of the photo as it is viewed. */
export interface AnalysedFace extends Detection {
  /** 128 numbers of Euclidean length 1. */
  readonly embedding: Float32Array;
  readonly quality: FaceQuality;
}

/** Milliseconds by stage; stages that did not run are 0. */
export interface StageTimes {
  readonly decode: number;
  readonly detect: number;
  readonly refine: number;
  readonly embed: number;
}

export type PhotoAnalysis =
  | { readonly kind: 'unreadable'; readonly times: StageTimes }
  | { readonly kind: 'no_face'; readonly times: StageTimes }
  | {
      readonly kind: 'face';
      /** The dominant face. */
      readonly face: AnalysedFace;
      /** Whether another face in the photo is about as large and as certain. */
      readonly ambiguous: boolean;
      readonly times: StageTimes;
    };

export interface AnalyserOptions {
  /** Width × height above which a photo is `unreadable`. */
  readonly maxPixels: number;
  /** A second detection on a crop around the face for more precise landmarks; on unless told. */
  readonly refineLandmarks?: boolean;
}

export interface PhotoAnalyser {
  /** JPEG, PNG or WebP bytes → the dominant face and its embedding. Safe to call concurrently. */
  analyse(bytes: Uint8Array): Promise<PhotoAnalysis>;
}

/**
 * The whole pipeline: decode → detect → dominant face → refine → align → measure → embed → normalise. Decoding runs
 * beside other calls; the rest is one call at a time, because inference occupies the process anyway and buffers can then
 * be reused.
 */
export function createPhotoAnalyser(engine: Engine, options: AnalyserOptions): PhotoAnalyser {
  const { maxPixels, refineLandmarks = true } = options;
  const detector = createFaceDetector(engine);
  const aligned = new Float32Array(3 * ALIGNED_SIDE * ALIGNED_SIDE);
  const measure = createQualityMeter();
  const exclusively = createMutex();

  async function embed(
    photo: Pyramid,
    { landmarks, turns }: DetectedFace,
  ): Promise<{ embedding: Float32Array; measures: AlignedFaceQuality }> {
    const toPhoto = alignment(landmarks);
    samplePlanes(photo, toPhoto, ALIGNED_SIDE, ALIGNED_SIDE, 'rgb', aligned);
    const { width: photoWidth, height: photoHeight } = photo;
    const measures = measure({ planes: aligned, toPhoto, landmarks, turns, photoWidth, photoHeight });
    return { embedding: await engine.embed(aligned), measures };
  }

  return {
    async analyse(bytes) {
      const times = { decode: 0, detect: 0, refine: 0, embed: 0 };
      const decoded = await timed(times, 'decode', () => decodePhoto(bytes, { maxPixels }));
      if (decoded.kind === 'unreadable') return { kind: 'unreadable', times };

      return exclusively(async () => {
        const photo = createPyramid(decoded.image);
        const found = await timed(times, 'detect', () => detector.find(photo));
        const faces = found.filter(isAlignable);
        const dominant = dominantFace(faces, photo.width, photo.height);
        if (!dominant) return { kind: 'no_face', times };
        const refined = refineLandmarks
          ? await timed(times, 'refine', () => detector.refine(photo, dominant))
          : dominant;
        const face = isAlignable(refined) ? refined : dominant;
        const { embedding, measures } = await timed(times, 'embed', () => embed(photo, face));
        const embeddingNorm = normalise(embedding);
        const placed = scaleDetection(face, decoded.width / photo.width, decoded.height / photo.height);
        const faceSize = Math.sqrt(placed.box.w * placed.box.h);
        return {
          kind: 'face',
          face: {
            ...placed,
            embedding,
            quality: { faceSize, detectionScore: placed.score, embeddingNorm, ...measures },
          },
          ambiguous: hasComparableFace(faces, dominant),
          times,
        };
      });
    },
  };
}

/** From the pixels of the decoded photo to those of the photo itself. */
function scaleDetection({ box, landmarks, score }: Detection, sx: number, sy: number): Detection {
  return {
    box: { x: box.x * sx, y: box.y * sy, w: box.w * sx, h: box.h * sy },
    landmarks: mapLandmarks(landmarks, ([x, y]) => [x * sx, y * sy]),
    score,
  };
}

/** Runs tasks one after the other, in the order of the calls. */
function createMutex(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}

async function timed<K extends string, T>(times: Record<K, number>, stage: K, task: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await task();
  } finally {
    times[stage] += performance.now() - start;
  }
}
