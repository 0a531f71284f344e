import type { Point } from './affine.js';
import type { DetectorOutputs } from './engine.js';

/** An axis-aligned rectangle in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** YuNet's order, by the person's own sides: right eye, left eye, nose tip, right and left corner of the mouth. */
export type Landmarks = readonly [Point, Point, Point, Point, Point];

export interface Detection {
  readonly box: Box;
  readonly landmarks: Landmarks;
  /** 0 to 1. */
  readonly score: number;
}

/** The three feature maps' strides in pixels. */
const STRIDES = [8, 16, 32] as const;

/** Inputs must be multiples of the largest stride. */
export const INPUT_MULTIPLE = 32;

/** Overlap (intersection over union) above which the weaker of two detections is dropped; OpenCV's default. */
const NMS_IOU = 0.3;

/**
 * The network's outputs → faces, strongest first, overlapping ones removed, in pixels of the network's input.
 * score = √(cls · obj); box centre = (cell + offset) · stride, size = exp(·) · stride; landmark = (cell + offset) · stride.
 *
 * Source: W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023, and the output layout of its
 * OpenCV Zoo export.
 */
export function decodeDetections(
  outputs: DetectorOutputs,
  width: number,
  height: number,
  scoreThreshold: number,
): Detection[] {
  const found: Detection[] = [];
  const product = scoreThreshold * scoreThreshold;
  for (const stride of STRIDES) {
    const columns = width / stride;
    const cells = columns * (height / stride);
    const cls = output(outputs, `cls_${stride}`, cells);
    const obj = output(outputs, `obj_${stride}`, cells);
    const bbox = output(outputs, `bbox_${stride}`, cells * 4);
    const kps = output(outputs, `kps_${stride}`, cells * 10);
    for (let cell = 0; cell < cells; cell++) {
      const confidence = clamp01(cls[cell] as number) * clamp01(obj[cell] as number);
      if (confidence >= product) found.push(decodeCell(bbox, kps, cell, columns, stride, Math.sqrt(confidence)));
    }
  }
  return suppressOverlaps(found);
}

/** Apart from the loop over the cells, almost all of which are empty: variables that a closure sees are made anew in each turn. */
function decodeCell(
  bbox: Float32Array,
  kps: Float32Array,
  cell: number,
  columns: number,
  stride: number,
  score: number,
): Detection {
  const column = cell % columns;
  const row = (cell - column) / columns;
  const box = cell * 4;
  const w = Math.exp(bbox[box + 2] as number) * stride;
  const h = Math.exp(bbox[box + 3] as number) * stride;
  const x = (column + (bbox[box] as number)) * stride - w / 2;
  const y = (row + (bbox[box + 1] as number)) * stride - h / 2;
  const landmark = (index: number): Point => [
    (column + (kps[cell * 10 + 2 * index] as number)) * stride,
    (row + (kps[cell * 10 + 2 * index + 1] as number)) * stride,
  ];
  return {
    box: { x, y, w, h },
    landmarks: [landmark(0), landmark(1), landmark(2), landmark(3), landmark(4)],
    score,
  };
}

/** Greedy non-maximum suppression, strongest first. */
function suppressOverlaps(detections: Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of detections.sort((one, other) => other.score - one.score)) {
    if (kept.every(({ box }) => intersectionOverUnion(box, candidate.box) <= NMS_IOU)) kept.push(candidate);
  }
  return kept;
}

export function intersectionOverUnion(one: Box, other: Box): number {
  const width = Math.min(one.x + one.w, other.x + other.w) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.h, other.y + other.h) - Math.max(one.y, other.y);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (one.w * one.h + other.w * other.h - intersection);
}

function output(outputs: DetectorOutputs, name: string, length: number): Float32Array {
  const data = outputs[name];
  if (data?.length !== length)
    throw new Error(`the detector's output ${name} has ${data?.length} values, not ${length}`);
  return data;
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value));
}
