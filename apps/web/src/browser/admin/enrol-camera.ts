import { createCamera } from '../shared/camera.js';
import { make, show } from '../shared/dom.js';
import { adviceKey } from '../shared/findings.js';
import { text } from '../shared/language.js';
import { takePhoto } from '../shared/picture.js';
import type { Desk, View } from './desk.js';
import { type Look, watchQuality } from './live-quality.js';
import { measureList } from './measures.js';

const SVG = 'http://www.w3.org/2000/svg';
const MAX_ADVICE = 3;

/** The camera, with what its picture lacks while one looks. @param onPhoto somebody took this one */
export function enrolCamera(desk: Desk, onPhoto: (photo: Blob) => void, onStop: () => void): View {
  const video = make('video', { muted: true, playsInline: true, attributes: { 'aria-hidden': 'true' } });
  const frame = document.createElementNS(SVG, 'svg');
  const box = document.createElementNS(SVG, 'rect');
  frame.setAttribute('aria-hidden', 'true');
  frame.append(box);
  const judgement = make('p', { className: 'judgement', attributes: { role: 'status' } });
  const advice = make('ul', { className: 'advice' });
  const measures = make('dl', { className: 'measures' });
  const details = make('details', {}, make('summary', { textContent: text('live.measures') }), measures);
  const take = make('button', {
    type: 'button',
    className: 'primary',
    textContent: text('enrol.take'),
    disabled: true,
  });
  const stop = make('button', { type: 'button', textContent: text('enrol.stop') });
  const watching = new AbortController();
  const camera = createCamera(video, () => trouble(text('camera.lost')));
  judgement.textContent = text('camera.starting');

  function trouble(words: string): void {
    judgement.textContent = words;
    delete judgement.dataset.fit;
    advice.replaceChildren();
    take.disabled = true;
  }

  function tell({ shot, answer }: Look): void {
    if (answer.kind !== 'done') {
      box.removeAttribute('width');
      judgement.textContent = answer.kind === 'refused' ? desk.explain(answer) : text('live.unavailable');
      delete judgement.dataset.fit;
      advice.replaceChildren();
      return;
    }
    const { fit, face, quality, refusals, warnings } = answer.body;
    const verdict = fit ? (warnings.length > 0 ? 'warned' : 'fit') : 'unfit';
    const words = text(`live.${verdict}`);
    // Read out when it changes, not every second.
    if (judgement.textContent !== words) judgement.textContent = words;
    judgement.dataset.fit = verdict;
    const keys = [...new Set([...refusals, ...warnings].map(adviceKey))].slice(0, MAX_ADVICE);
    advice.replaceChildren(...keys.map((key) => make('li', { textContent: text(key) })));
    measures.replaceChildren(...(quality ? measureList({ quality, refusals, warnings }) : []));
    show(details, quality !== null);
    frame.setAttribute('viewBox', `0 0 ${shot.width} ${shot.height}`);
    for (const [name, value] of Object.entries({ x: face?.x, y: face?.y, width: face?.w, height: face?.h })) {
      box.setAttribute(name, `${value ?? 0}`);
    }
    box.setAttribute('rx', '12');
    box.setAttribute('data-fit', verdict);
  }

  async function begin(): Promise<void> {
    const failed = await camera.open('user');
    if (watching.signal.aborted) return camera.close();
    if (failed) return trouble(`${text(`camera.${failed}`)}. ${text(`camera.${failed}.detail`)}`);
    judgement.textContent = text('live.waiting');
    take.disabled = false;
    take.focus();
    await watchQuality(desk.api, video, watching.signal, tell);
  }

  take.addEventListener('click', async () => {
    const shot = await takePhoto(video).catch(() => undefined);
    if (shot) onPhoto(shot.photo);
  });
  stop.addEventListener('click', onStop);
  show(details, false);
  void begin();
  return {
    element: make(
      'div',
      { className: 'enrol-camera' },
      make('div', { className: 'viewfinder' }, video, frame),
      make(
        'div',
        { className: 'stack' },
        make('h3', { textContent: text('live.title') }),
        judgement,
        advice,
        details,
        make('div', { className: 'actions' }, take, stop),
      ),
    ),
    close() {
      watching.abort();
      camera.close();
    },
  };
}
