import { alignment, isAlignable } from './align.js';
import { normalise } from './compare.js';
import { type DecodedPhoto, decodePhoto } from './decode.js';
import { createFaceDetector, dominantFace, hasComparableFace } from './detect.js';
import { ALIGNED_SIDE, type Engine } from './engine.js';
import { createPyramid, samplePlanes } from './image.js';
import { type AlignedFaceQuality, createQualityMeter, type FaceQuality } from './quality.js';
import { mapLandmarks } from './view.js';
import type { Detection } from './yunet.js';

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
  /** Warping the face to the recogniser's input, and measuring its quality there. */
  readonly align: number;
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
  /** The clock of {@link StageTimes}, in milliseconds; wall time unless told. */
  readonly now?: () => number;
}

export interface PhotoAnalyser {
  /** Of the embeddings' vector space; see {@link Engine.modelId}. */
  readonly modelId: string;
  /** JPEG, PNG or WebP bytes → the dominant face and its embedding. Safe to call concurrently. */
  analyse(bytes: Uint8Array): Promise<PhotoAnalysis>;
}

type Times = { -readonly [Stage in keyof StageTimes]: StageTimes[Stage] };
type DecodedImage = Extract<DecodedPhoto, { readonly kind: 'image' }>;

interface LocatedFace {
  /** In pixels of the photo itself. */
  readonly detection: Detection;
  readonly ambiguous: boolean;
  readonly measures: AlignedFaceQuality;
}

interface EmbeddedFace extends LocatedFace {
  /** Not normalised. */
  readonly embedding: Promise<Float32Array>;
}

/**
 * The whole pipeline: decode → detect → dominant face → refine → align → measure → embed → normalise. Decoding runs
 * beside other calls. From detection to alignment it is one call at a time, because buffers are shared; on a CPU to the end,
 * because inference occupies the process anyway and who came first shall be served first. A GPU is given the faces of
 * several calls at once.
 */
export function createPhotoAnalyser(engine: Engine, options: AnalyserOptions): PhotoAnalyser {
  const { maxPixels, refineLandmarks = true, now = () => performance.now() } = options;
  const embedsInTurn = engine.executionProvider === 'cpu';
  const detector = createFaceDetector(engine);
  const measure = createQualityMeter();
  const buffers = createBufferPool(3 * ALIGNED_SIDE * ALIGNED_SIDE);
  const exclusively = createMutex();

  async function timed<T>(times: Times, stage: keyof Times, task: () => Promise<T>): Promise<T> {
    const start = now();
    try {
      return await task();
    } finally {
      times[stage] += now() - start;
    }
  }

  /** Finds the dominant face and samples it into `aligned`; undefined when there is none. */
  async function locate(
    { image, width, height }: DecodedImage,
    aligned: Float32Array,
    times: Times,
  ): Promise<LocatedFace | undefined> {
    const photo = createPyramid(image);
    const found = await timed(times, 'detect', () => detector.find(photo));
    const faces = found.filter(isAlignable);
    const dominant = dominantFace(faces, photo.width, photo.height);
    if (!dominant) return undefined;
    const refined = refineLandmarks ? await timed(times, 'refine', () => detector.refine(photo, dominant)) : dominant;
    const face = isAlignable(refined) ? refined : dominant;
    const measures = await timed(times, 'align', async () => {
      const { landmarks, turns } = face;
      const toPhoto = alignment(landmarks);
      samplePlanes(photo, toPhoto, ALIGNED_SIDE, ALIGNED_SIDE, 'rgb', aligned);
      const { width: photoWidth, height: photoHeight } = photo;
      return measure({ planes: aligned, toPhoto, landmarks, turns, photoWidth, photoHeight });
    });
    return {
      detection: scaleDetection(face, width / photo.width, height / photo.height),
      ambiguous: hasComparableFace(faces, dominant),
      measures,
    };
  }

  /** Resolves when the detector's buffers are free again; a GPU may still be embedding then. */
  async function locateAndEmbed(decoded: DecodedImage, times: Times): Promise<EmbeddedFace | undefined> {
    const aligned = buffers.take();
    const face = await locate(decoded, aligned, times);
    if (!face) {
      buffers.give(aligned);
      return undefined;
    }
    const embedding = timed(times, 'embed', () => engine.embed(aligned)).finally(() => buffers.give(aligned));
    if (embedsInTurn) await embedding;
    return { ...face, embedding };
  }

  return {
    modelId: engine.modelId,

    async analyse(bytes) {
      const times = { decode: 0, detect: 0, refine: 0, align: 0, embed: 0 };
      const decoded = await timed(times, 'decode', () => decodePhoto(bytes, { maxPixels }));
      if (decoded.kind === 'unreadable') return { kind: 'unreadable', times };
      const found = await exclusively(() => locateAndEmbed(decoded, times));
      if (!found) return { kind: 'no_face', times };
      const { detection, ambiguous, measures } = found;
      const embedding = await found.embedding;
      const embeddingNorm = normalise(embedding);
      const faceSize = Math.sqrt(detection.box.w * detection.box.h);
      const quality = { faceSize, detectionScore: detection.score, embeddingNorm, ...measures };
      return { kind: 'face', face: { ...detection, embedding, quality }, ambiguous, times };
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

/** Buffers of one length to be used again; as many as were ever in use at once. */
function createBufferPool(length: number): { take(): Float32Array; give(buffer: Float32Array): void } {
  const free: Float32Array[] = [];
  return { take: () => free.pop() ?? new Float32Array(length), give: (buffer) => free.push(buffer) };
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
