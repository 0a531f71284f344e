import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  type AnalysedFace,
  createEngine,
  createPhotoAnalyser,
  cropToJpeg,
  type PhotoAnalyser,
} from '@rollcall/face-core';
import { ConfigError, loadConfig } from '@rollcall/platform';
import { type Comparisons, compareAll, type Embedded, type Pair } from './calibration/compare-all.js';
import { type PersonPhoto, readPeople } from './calibration/people.js';
import { percent } from './calibration/plot.js';
import { type ErrorRates, proposeThreshold, ratesAt } from './calibration/rates.js';
import {
  type CalibrationReport,
  interval,
  proposalSentence,
  renderReport,
  type ShownPhoto,
} from './calibration/report.js';
import { printJson } from './command.js';
import { CALIBRATE_OPTIONS } from './commands/calibrate.js';
import { createProgress } from './progress.js';

/** Photos that are decoded while another is looked at. */
const PARALLEL = 4;

const SHOWN_PAIRS = 12;

const THUMBNAIL_SIDE = 160;
/** Of the face's box on each side, so that a person is to be recognised. */
const THUMBNAIL_MARGIN = 0.35;

const ROWS = { from: 0.4, to: 0.8, step: 0.025 };

interface EmbeddedPhoto extends Embedded {
  readonly photo: PersonPhoto;
  readonly box: AnalysedFace['box'];
}

/**
 * How well the threshold fits the photos of a site: each photo of a folder of people is compared with every other.
 * Nothing is stored but the report.
 * @returns the process's exit status.
 */
export async function calibrate(operands: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: operands, allowPositionals: true, options: CALIBRATE_OPTIONS });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) {
    throw new ConfigError('Whose photos? Name one folder with a folder for each person: rollcall calibrate FOLDER');
  }
  const wantedFar = Number(values.far);
  if (!(wantedFar > 0 && wantedFar <= 0.5)) throw new ConfigError('--far is a share, such as 0.0001; 0.5 at most.');
  const config = loadConfig();
  const photos = await readPeople(folder);
  const engine = await createEngine(config);
  const analyser = createPhotoAnalyser(engine, { maxPixels: config.maxImagePixels });
  const { embedded, leftOut } = await embedAll(analyser, photos, values.json);
  await engine.close();

  const comparisons = compareAll(embedded, SHOWN_PAIRS);
  if (comparisons.impostor.count === 0) {
    throw new ConfigError('Nothing to compare: a face was found in the photos of fewer than two people.');
  }
  const proposal = proposeThreshold(wantedFar, comparisons);
  const show = async (pair: Pair<EmbeddedPhoto>): Promise<Pair<ShownPhoto>> => ({
    one: await shown(pair.one, !values['no-thumbnails'], config.maxImagePixels),
    other: await shown(pair.other, !values['no-thumbnails'], config.maxImagePixels),
    distance: pair.distance,
  });
  const report: CalibrationReport = {
    comparisons,
    current: ratesAt(config.matchDistanceThreshold, comparisons),
    proposal,
    proposed: ratesAt(proposal.threshold, comparisons),
    rows: rowsFor([config.matchDistanceThreshold, proposal.threshold], comparisons),
    genuinePairs: await Promise.all(comparisons.hardestGenuine.map(show)),
    impostorPairs: await Promise.all(comparisons.hardestImpostor.map(show)),
    leftOut,
  };
  // It shows faces: readable by its owner only.
  await writeFile(values.report, renderReport(report), { mode: 0o600 });
  if (values.json) printJson(summary(report));
  else process.stdout.write(asText(report, values.report));
  return 0;
}

async function embedAll(analyser: PhotoAnalyser, photos: readonly PersonPhoto[], json: boolean) {
  const progress = createProgress(photos.length, 'photos', json ? process.stderr : process.stdout);
  const embedded: (EmbeddedPhoto | undefined)[] = [];
  const leftOut: string[] = [];
  const next = photos.entries();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const [index, photo] of next) {
        const analysis = await analyser.analyse(await photo.read());
        if (analysis.kind === 'face') {
          const { box, embedding } = analysis.face;
          embedded[index] = { photo, person: photo.person, embedding, box };
        } else {
          leftOut.push(photo.label);
          progress.line(`left out   ${photo.label}  (${analysis.kind})`);
        }
        progress.step();
      }
    }),
  );
  progress.stop();
  return { embedded: embedded.filter((photo) => photo !== undefined), leftOut: leftOut.sort() };
}

async function shown({ photo, box }: EmbeddedPhoto, withThumbnail: boolean, maxPixels: number): Promise<ShownPhoto> {
  const [dx, dy] = [box.w * THUMBNAIL_MARGIN, box.h * THUMBNAIL_MARGIN];
  const area = { x: box.x - dx, y: box.y - dy, w: box.w + 2 * dx, h: box.h + 2 * dy };
  const thumbnail = withThumbnail
    ? await cropToJpeg(await photo.read(), area, THUMBNAIL_SIDE, { maxPixels })
    : undefined;
  return { label: photo.label, thumbnail };
}

/** A table of thresholds, with those that matter among them. */
function rowsFor(thresholds: readonly number[], comparisons: Comparisons): ErrorRates[] {
  const count = Math.round((ROWS.to - ROWS.from) / ROWS.step) + 1;
  const regular = Array.from({ length: count }, (_, row) => Number((ROWS.from + row * ROWS.step).toFixed(3)));
  return [...new Set([...regular, ...thresholds])].sort((a, b) => a - b).map((value) => ratesAt(value, comparisons));
}

function summary({ comparisons, current, proposal, proposed, rows, leftOut }: CalibrationReport): object {
  const { genuine, impostor, people, peopleWithPairs } = comparisons;
  const describe = ({ count, mean, deviation }: typeof genuine) => ({ pairs: count, mean, deviation });
  return {
    people,
    people_with_pairs: peopleWithPairs,
    genuine: describe(genuine),
    impostor: describe(impostor),
    current,
    proposal: { ...proposal, ...proposed },
    thresholds: rows,
    left_out: leftOut,
  };
}

function asText(report: CalibrationReport, file: string): string {
  const { comparisons, current, proposed, rows, leftOut } = report;
  const { genuine, impostor, people } = comparisons;
  const describe = (name: string, { count, mean, deviation }: typeof genuine) =>
    `${name.padEnd(11)} ${`${count}`.padStart(10)} pairs   distance ${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  const table = rows.map(({ threshold, far, frr }) => {
    const notes = [threshold === current.threshold && 'today', threshold === proposed.threshold && 'proposed'];
    const cells = [
      percent(far.value).padStart(10),
      interval(far).padStart(22),
      percent(frr.value).padStart(10),
      interval(frr).padStart(22),
    ];
    return `${threshold.toFixed(3).padStart(9)} ${cells.join(' ')}  ${notes.filter(Boolean).join(', ')}`.trimEnd();
  });
  return `
${people} people${leftOut.length > 0 ? `, ${leftOut.length} photos left out` : ''}
${describe('one person', genuine)}
${describe('two people', impostor)}

threshold ${['FAR', '95 % interval', 'FRR', '95 % interval'].map((head, i) => head.padStart(i % 2 ? 22 : 10)).join(' ')}
${table.join('\n')}

${proposalSentence(report)}
${file} has the plots and the pairs that are hardest to tell; it shows faces, so keep it like the photos.
`;
}
