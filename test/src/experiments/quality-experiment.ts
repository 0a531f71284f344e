import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { QualityLimits, QualityReason } from '@rollcall/contracts';
import { type AnalysedFace, cosineDistance, type PhotoAnalyser, type PhotoAnalysis } from '@rollcall/face-core';
import { assess } from '@rollcall/gallery';
import sharp from 'sharp';
import { photo, photoPath } from '../support/client.js';
import { DEGRADATIONS, type Degradation, type Subject } from './quality-degradations.js';

/** Below this similarity to its undegraded self a photo is of no use, and above the other it is as good as new. */
export const LOST_BELOW = 0.6;
export const INTACT_ABOVE = 0.9;
/** Of the photos that are lost at least this share must be refused, of the intact ones at most the other. */
export const MIN_LOST_REFUSED = 0.9;
export const MAX_INTACT_REFUSED = 0.03;

/** Faces are brought to this width, so that size is a degradation of its own; smaller ones stay as they are. */
const FACE_WIDTH = 160;
/** Side of the square that is cut around the face, in face widths. */
const SURROUNDINGS = 3;

/** The `degradation` of a fixture photo as it is. */
export const NONE = 'none';

export interface Trial {
  readonly photo: string;
  readonly degradation: string;
  readonly level: number;
  /** Cosine similarity to the undegraded photo; undefined when no face was found. */
  readonly similarity: number | undefined;
  readonly refusals: readonly QualityReason[];
  readonly warnings: readonly QualityReason[];
}

export interface ExperimentOptions {
  readonly analyser: PhotoAnalyser;
  readonly limits: QualityLimits;
  /** Which photos and levels; all unless told. */
  readonly includes?: (photo: string, level: number, degradation: Degradation) => boolean;
}

function fixturePhotos(): string[] {
  return readdirSync(dirname(photoPath('any'))).filter((name) => name.endsWith('.jpg'));
}

/** Runs every fixture photo, as it is and with every chosen degradation, through the pipeline and the gate. */
export async function runExperiment({ analyser, limits, includes = () => true }: ExperimentOptions): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const name of fixturePhotos()) {
    const bytes = await photo(name);
    const { subject, original } = await prepare(analyser, bytes);
    const attempt = async (degradation: string, level: number, spoilt: Buffer) => {
      const analysis = await analyser.analyse(spoilt);
      const { refusals, warnings } = assess(analysis, limits);
      trials.push({
        photo: name,
        degradation,
        level,
        similarity:
          analysis.kind === 'face' ? 1 - cosineDistance(analysis.face.embedding, original.embedding) : undefined,
        refusals: refusals.map(({ reason }) => reason),
        warnings: warnings.map(({ reason }) => reason),
      });
    };
    await attempt(NONE, 0, bytes);
    for (const degradation of DEGRADATIONS) {
      for (const level of degradation.levels.filter((level) => includes(name, level, degradation))) {
        await attempt(degradation.name, level, await degradation.apply(subject, level));
      }
    }
  }
  return trials;
}

/** The square around the photo's face at the common size, and the face as the pipeline sees it there. */
async function prepare(analyser: PhotoAnalyser, bytes: Buffer): Promise<{ subject: Subject; original: AnalysedFace }> {
  const { box } = faceOf(await analyser.analyse(bytes));
  const { width, height } = await sharp(bytes).metadata();
  const side = Math.round(SURROUNDINGS * box.w);
  const left = Math.max(0, Math.round(box.x + box.w / 2 - side / 2));
  const top = Math.max(0, Math.round(box.y + box.h / 2 - side / 2));
  const { data, info } = await sharp(bytes)
    .extract({ left, top, width: Math.min(side, width - left), height: Math.min(side, height - top) })
    .resize({ width: Math.round((Math.min(side, width - left) * Math.min(FACE_WIDTH, box.w)) / box.w) })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const png = await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .png()
    .toBuffer();
  const original = faceOf(await analyser.analyse(png));
  return { subject: { data, width: info.width, height: info.height, face: original.box }, original };
}

function faceOf(analysis: PhotoAnalysis): AnalysedFace {
  if (analysis.kind !== 'face') throw new Error(`a fixture photo gives ${analysis.kind}`);
  return analysis.face;
}

export interface Verdict {
  /** Of the degraded photos in which a face was found and that are lost, the share that is refused. */
  readonly lostRefused: number;
  /** The same of those that are intact. */
  readonly intactRefused: number;
  /** Names of photos that are refused as they are. */
  readonly cleanRefused: readonly string[];
}

/** What the gate is held to. Photos in which no face was found count for neither share. */
export function verdictOf(trials: readonly Trial[]): Verdict {
  const degraded = trials.filter(({ degradation }) => degradation !== NONE);
  return {
    lostRefused: refusedShare(degraded.filter(isWithin(-1, LOST_BELOW))),
    intactRefused: refusedShare(degraded.filter(isWithin(INTACT_ABOVE, Number.POSITIVE_INFINITY))),
    cleanRefused: trials
      .filter(({ degradation, refusals }) => degradation === NONE && refusals.length > 0)
      .map(({ photo }) => photo),
  };
}

export function isGoodEnough({ lostRefused, intactRefused, cleanRefused }: Verdict): boolean {
  return lostRefused >= MIN_LOST_REFUSED && intactRefused <= MAX_INTACT_REFUSED && cleanRefused.length === 0;
}

/** True of trials whose similarity is at least `from` and less than `below`. */
export function isWithin(from: number, below: number): (trial: Trial) => boolean {
  return ({ similarity }) => similarity !== undefined && similarity >= from && similarity < below;
}

function refusedShare(trials: readonly Trial[]): number {
  return trials.filter(isRefused).length / trials.length;
}

export function isRefused({ refusals }: Trial): boolean {
  return refusals.length > 0;
}
