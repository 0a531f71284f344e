import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnalysedFace, createPhotoAnalyser, type PhotoAnalyser, type PhotoAnalysis } from './analyse.js';
import { cosineDistance } from './compare.js';
import { createEngine, type Engine } from './engine.js';

const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));
const PHOTOS = fileURLToPath(new URL('../../../test/fixtures/photos/', import.meta.url));
const REFERENCE = fileURLToPath(new URL('../../../test/reference/', import.meta.url));

/** The service's default threshold on cosine distance. */
const THRESHOLD = 0.593;
const MAX_PIXELS = 40_000_000;

const names = readdirSync(PHOTOS).filter((name) => name.endsWith('.jpg'));
const photos = new Map(names.map((name) => [name, readFileSync(PHOTOS + name)]));

/** `person_a_1.jpg` and `person_a_2.jpg` are one person; each `impostor_*` is another. */
function personOf(name: string): string {
  return name.startsWith('person_') ? name.slice(0, 'person_a'.length) : name;
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((one, index) => items.slice(index + 1).map((other): [T, T] => [one, other]));
}

function faceOf(analysis: PhotoAnalysis): AnalysedFace {
  if (analysis.kind !== 'face') throw new Error(`no face but ${analysis.kind}`);
  return analysis.face;
}

let engine: Engine;
let analyser: PhotoAnalyser;
beforeAll(async () => {
  engine = await createEngine({ modelsDir: MODELS, executionProvider: 'cpu' });
  analyser = createPhotoAnalyser(engine, { maxPixels: MAX_PIXELS });
});
afterAll(() => engine.close());

/** Ways in which a gate's photo may differ from the one that was taken. */
const variants: Readonly<Record<string, (photo: Buffer) => Promise<Buffer>>> = {
  original: async (photo) => photo,
  'turned by 90°': (photo) => sharp(photo).rotate(90).jpeg({ quality: 95 }).toBuffer(),
  'turned by 180°': (photo) => sharp(photo).rotate(180).jpeg({ quality: 95 }).toBuffer(),
  'turned by 270°': (photo) => sharp(photo).rotate(270).jpeg({ quality: 95 }).toBuffer(),
  'with a face 40 px wide': async (photo) => {
    const { box } = faceOf(await analyser.analyse(photo));
    const { width } = await sharp(photo).metadata();
    return sharp(photo)
      .resize({ width: Math.round((width * 40) / box.w) })
      .jpeg({ quality: 95 })
      .toBuffer();
  },
  'at JPEG quality 30': (photo) => sharp(photo).jpeg({ quality: 30 }).toBuffer(),
};

describe('accuracy on the fixture photos', () => {
  it.each(Object.entries(variants))('separates persons when a photo is %s', async (_name, vary) => {
    const originals = new Map<string, AnalysedFace>();
    const varied = new Map<string, AnalysedFace>();
    for (const [name, photo] of photos) {
      originals.set(name, faceOf(await analyser.analyse(photo)));
      varied.set(name, faceOf(await analyser.analyse(await vary(photo))));
    }
    // Each varied photo against every original and every other varied one, its own original included.
    const wrong: string[] = [];
    const compare = (one: string, a: AnalysedFace, other: string, b: AnalysedFace) => {
      const distance = cosineDistance(a.embedding, b.embedding);
      if (distance <= THRESHOLD !== (personOf(one) === personOf(other))) wrong.push(`${one} ${other} ${distance}`);
    };
    for (const [one, a] of varied) for (const [other, b] of originals) compare(one, a, other, b);
    for (const [[one, a], [other, b]] of pairs([...varied])) compare(one, a, other, b);
    expect(wrong).toEqual([]);
  });

  it('tells box and landmarks in the pixels of the photo as it is viewed', async () => {
    const upright = photos.get('person_a_2.jpg') as Buffer;
    const { width } = await sharp(upright).metadata();
    const expected = faceOf(await analyser.analyse(upright));
    const enlarged = faceOf(
      await analyser.analyse(
        await sharp(upright)
          .resize(width * 2)
          .jpeg()
          .toBuffer(),
      ),
    );
    expect(enlarged.box.x / 2).toBeCloseTo(expected.box.x, -1);
    const exif = await sharp(upright).rotate(-90).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
    expect(faceOf(await analyser.analyse(exif)).landmarks[0][0]).toBeCloseTo(expected.landmarks[0][0], -1);
    // Without EXIF a turned photo is viewed turned, and so are the coordinates.
    const turned = faceOf(await analyser.analyse(await sharp(upright).rotate(90).jpeg({ quality: 95 }).toBuffer()));
    expect(turned.landmarks[0][1]).toBeCloseTo(expected.landmarks[0][0], -1);
    expect(turned.box.h).toBeCloseTo(expected.box.w, -2);
  });

  it('finds no face where there is none', async () => {
    const noise = sharp({
      create: {
        width: 640,
        height: 480,
        channels: 3,
        background: '#777',
        noise: { type: 'gaussian', mean: 128, sigma: 30 },
      },
    });
    expect((await analyser.analyse(await noise.jpeg().toBuffer())).kind).toBe('no_face');
  });

  it('takes the dominant face and tells when another is comparable', async () => {
    const [left, right] = [photos.get('person_b_1.jpg'), photos.get('impostor_1.jpg')];
    const side = (photo: Buffer | undefined, width: number) =>
      sharp(photo).resize(width, 500, { fit: 'cover' }).toBuffer();
    const beside = async (width: number) =>
      sharp({ create: { width: 400 + width, height: 500, channels: 3, background: '#888' } })
        .composite([
          { input: await side(left, 400), left: 0, top: 0 },
          { input: await sharp(right).resize(width).toBuffer(), left: 400, top: 0 },
        ])
        .jpeg()
        .toBuffer();
    const alone = faceOf(await analyser.analyse(left as Buffer));
    const crowd = await analyser.analyse(await beside(150));
    expect(cosineDistance(faceOf(crowd).embedding, alone.embedding)).toBeLessThan(0.2);
    expect(crowd).toMatchObject({ ambiguous: false });
    expect(await analyser.analyse(await beside(400))).toMatchObject({ ambiguous: true });
  });
});

describe('agreement with OpenCV', () => {
  it('gives every pair the similarity that FaceDetectorYN and FaceRecognizerSF give, within 0.02', async () => {
    const unrefined = createPhotoAnalyser(engine, { maxPixels: MAX_PIXELS, refineLandmarks: false });
    const reference: { pairs: { a: string; b: string; cosine: number }[] } = JSON.parse(
      readFileSync(`${REFERENCE}opencv_similarities.json`, 'utf8'),
    );
    const faces = new Map<string, AnalysedFace>();
    for (const name of new Set(reference.pairs.flatMap(({ a, b }) => [a, b]))) {
      faces.set(name, faceOf(await unrefined.analyse(readFileSync(`${REFERENCE}photos_320/${name}`))));
    }
    expect(reference.pairs).toHaveLength(15);
    for (const { a, b, cosine } of reference.pairs) {
      const [one, other] = [faces.get(a) as AnalysedFace, faces.get(b) as AnalysedFace];
      const similarity = 1 - cosineDistance(one.embedding, other.embedding);
      expect(Math.abs(similarity - cosine), `${a} ${b}: ${similarity} here, ${cosine} there`).toBeLessThan(0.02);
    }
  });
});
