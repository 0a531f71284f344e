import type { Comparisons, Pair } from './compare-all.js';
import { drawDistributions, drawRates, type Marker, percent } from './plot.js';
import type { ErrorRates, Proposal, Rate } from './rates.js';

/** A photo of a pair, as the page shows it. */
export interface ShownPhoto {
  readonly label: string;
  /** JPEG; undefined leaves the picture out. */
  readonly thumbnail: Uint8Array | undefined;
}

export interface CalibrationReport {
  readonly comparisons: Comparisons;
  /** MATCH_DISTANCE_THRESHOLD. */
  readonly current: ErrorRates;
  readonly proposal: Proposal;
  /** What the proposed threshold would have done. */
  readonly proposed: ErrorRates;
  readonly rows: readonly ErrorRates[];
  readonly genuinePairs: readonly Pair<ShownPhoto>[];
  readonly impostorPairs: readonly Pair<ShownPhoto>[];
  /** Labels of photos without a face that could be compared. */
  readonly leftOut: readonly string[];
}

/** One file without anything from elsewhere. It shows faces, so it must be kept like the photos. */
export function renderReport(report: CalibrationReport): string {
  const { comparisons, current, proposed, rows, genuinePairs, impostorPairs, leftOut } = report;
  const { genuine, impostor, people } = comparisons;
  const markers: Marker[] = [
    { threshold: current.threshold, label: 'today' },
    { threshold: proposed.threshold, label: 'proposed' },
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Calibration of the match threshold</title>
<style>${STYLE}</style>
<main>
<h1>Calibration of the match threshold</h1>
<p class="warning">This page shows faces. Keep it like the photos themselves, and delete it when its purpose has ended.</p>
<p>${people} people, ${genuine.count.toLocaleString('en')} pairs of one person, ${impostor.count.toLocaleString('en')} pairs of two.</p>
<p class="proposal">${escapeHtml(proposalSentence(report))}</p>
${drawDistributions(comparisons, markers)}
<p class="legend"><span class="genuine"></span> one person <span class="impostor"></span> two people</p>
${drawRates(comparisons, markers)}
<p class="legend"><span class="far"></span> FAR: strangers that would be accepted <span class="frr"></span> FRR: owners that would be refused; the band is the 95 % interval</p>
<h2>By threshold</h2>
<table><thead><tr><th>threshold<th>FAR<th>95 % interval<th>FRR<th>95 % interval</tr></thead><tbody>
${rows.map((row) => drawRow(row, current, proposed)).join('\n')}
</tbody></table>
<p>For the intervals each person counts once for the FRR, and each two people once for the FAR, however many photos there are: photos of
the same people are not independent.</p>
<h2>Photos of one person that are farthest apart</h2>
<p>Is it one person? Which photo is bad? A reference like that makes its owner fail.</p>
${drawPairs(genuinePairs, current.threshold)}
<h2>Photos of two people that are nearest to each other</h2>
<p>Are they two people? The same person under two ids, or somebody else in the background, looks like this.</p>
${drawPairs(impostorPairs, current.threshold)}
${leftOut.length > 0 ? `<h2>Left out</h2><p>No face was found in:</p><ul>${leftOut.map((label) => `<li>${escapeHtml(label)}</li>`).join('')}</ul>` : ''}
</main>
</html>
`;
}

/** The proposal, with what it is worth. */
export function proposalSentence({ proposal, proposed, current, comparisons }: CalibrationReport): string {
  const { threshold, wantedFar, basis, shown } = proposal;
  const how =
    basis === 'observed' ? 'as counted' : 'by the shape of the distribution, which is stricter than the count';
  const until = proposed.threshold > current.threshold ? ` Until then stay with ${current.threshold}.` : '';
  const worth = shown
    ? 'The photos show that rate.'
    : `${comparisons.people} people are too few to show that rate (what they show: at most ${percent(proposed.far.high)}); add people, or choose a larger one.${until}`;
  return `For a FAR of ${percent(wantedFar)}: MATCH_DISTANCE_THRESHOLD=${threshold}, ${how}; it would refuse ${percent(proposed.frr.value)} of the pairs of one person. ${worth}`;
}

export function interval({ low, high }: Rate): string {
  return `${percent(low)} to ${percent(high)}`;
}

function drawRow(row: ErrorRates, current: ErrorRates, proposed: ErrorRates): string {
  const notes = [row.threshold === current.threshold && 'today', row.threshold === proposed.threshold && 'proposed'];
  const note = notes.filter(Boolean).join(', ');
  return `<tr${note && ' class="marked"'}><td>${row.threshold.toFixed(3)} ${note}<td>${percent(row.far.value)}<td>${interval(row.far)}<td>${percent(row.frr.value)}<td>${interval(row.frr)}</tr>`;
}

function drawPairs(pairs: readonly Pair<ShownPhoto>[], threshold: number): string {
  if (pairs.length === 0) return '<p>There are none.</p>';
  const items = pairs.map(
    ({ one, other, distance }) =>
      `<li><div>${drawPhoto(one)}${drawPhoto(other)}</div><p><b>${distance.toFixed(3)}</b> ${distance <= threshold ? 'matches' : 'does not match'}</p></li>`,
  );
  return `<ul class="pairs">${items.join('\n')}</ul>`;
}

function drawPhoto({ label, thumbnail }: ShownPhoto): string {
  const picture = thumbnail
    ? `<img alt="" src="data:image/jpeg;base64,${Buffer.from(thumbnail).toString('base64')}">`
    : '<div class="none"></div>';
  return `<figure>${picture}<figcaption>${escapeHtml(label)}</figcaption></figure>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `
:root { --page: #fff; --text: #1f2328; --grid: #d9dee4; --one: #0072b2; --two: #c24f00; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #e6edf3; --grid: #2d333b; --one: #56b4e9; --two: #ff9d4d; } }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 900px; margin: 0 auto; padding: 24px; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--text); } svg .title { font-size: 15px; font-weight: 600; }
.grid { stroke: var(--grid); } line.marker { stroke: var(--text); stroke-dasharray: 5 4; } text.marker { font-weight: 600; }
rect.genuine, .band.frr, .legend .genuine, .legend .frr { fill: var(--one); background: var(--one); }
rect.impostor, .band.far, .legend .impostor, .legend .far { fill: var(--two); background: var(--two); }
rect { opacity: .65; } .band { opacity: .18; } .curve { fill: none; stroke-width: 2; } .curve.frr { stroke: var(--one); } .curve.far { stroke: var(--two); }
.legend span { display: inline-block; width: 12px; height: 12px; margin-left: 16px; }
.warning { border-left: 4px solid var(--two); padding-left: 12px; } .proposal { font-size: 18px; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--grid); } .marked { font-weight: 600; }
.pairs { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 16px; }
.pairs div { display: flex; gap: 8px; } .pairs p { margin: 4px 0; } figure { margin: 0; width: 120px; } figcaption { font-size: 12px; overflow-wrap: anywhere; }
img, .none { width: 120px; height: 120px; object-fit: cover; background: var(--grid); border-radius: 6px; }
`;
