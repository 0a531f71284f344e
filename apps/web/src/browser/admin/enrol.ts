import type { EnrolledPhoto, EnrolmentReply, QualityFinding } from '@rollcall/contracts';
import { make, show } from '../shared/dom.js';
import { adviceKey, reasonKey } from '../shared/findings.js';
import { randomId } from '../shared/identifier.js';
import { text } from '../shared/language.js';
import { photoForm } from '../shared/picture.js';
import type { Desk, View } from './desk.js';
import { enrolCamera } from './enrol-camera.js';
import { measured } from './measures.js';

/** As many as the service takes at once. */
const MAX_PHOTOS = 10;

/** New photos of an employee, by camera or from files, with what became of each. */
export function enrolPanel(desk: Desk, employeeId: string, onAdded: () => void): View {
  const path = `/v1/employees/${encodeURIComponent(employeeId)}/faces`;
  const status = make('p', { attributes: { role: 'status' } });
  const results = make('ul', { className: 'results' });
  const place = make('div');
  const useCamera = make('button', { type: 'button', className: 'primary', textContent: text('enrol.camera') });
  const chooseFiles = make('button', { type: 'button', textContent: text('enrol.files') });
  const files = make('input', {
    type: 'file',
    accept: 'image/jpeg,image/png,image/webp',
    multiple: true,
    hidden: true,
  });
  files.id = 'enrol-files';
  let camera: View | undefined;
  let urls: string[] = [];

  function forgetPictures(): void {
    for (const url of urls) URL.revokeObjectURL(url);
    urls = [];
  }

  function stopCamera(): void {
    camera?.close();
    camera = undefined;
    place.replaceChildren();
    show(useCamera, true);
  }

  async function enrol(photos: readonly Blob[], isForced = false): Promise<void> {
    status.className = 'soft';
    status.textContent = text('enrol.working');
    const answer = await desk.api.submit<EnrolmentReply>(isForced ? `${path}?force=true` : path, {
      body: photoForm(photos),
      key: randomId(),
    });
    const told = answer.kind === 'refused' ? answer.refusal.photos : answer.kind === 'done' ? answer.body.photos : null;
    if (!told) {
      status.className = 'error';
      status.textContent = answer.kind === 'done' ? '' : desk.explain(answer);
      return;
    }
    forgetPictures();
    results.replaceChildren(...told.map((photo, index) => result(photo, photos[index] as Blob, index)));
    status.textContent = told
      .map((photo, index) => `${text('enrol.result', { count: index + 1 })}: ${headline(photo)}`)
      .join('. ');
    status.className = 'unseen';
    if (told.some(({ status: became }) => became !== 'refused')) onAdded();
  }

  function result(photo: EnrolledPhoto, bytes: Blob, index: number): HTMLLIElement {
    const url = URL.createObjectURL(bytes);
    urls.push(url);
    const findings = [...photo.refusals, ...photo.warnings].map((finding) =>
      make('li', { textContent: words(finding) }),
    );
    const told = make(
      'div',
      {},
      make('h3', { textContent: `${text('enrol.result', { count: index + 1 })}: ${headline(photo)}` }),
      make('ul', {}, ...findings),
    );
    if (canBeForced(photo)) {
      const force = make('button', { type: 'button', className: 'danger', textContent: text('enrol.force') });
      force.addEventListener('click', () => void enrol([bytes], true));
      told.append(
        make('p', { className: 'small', textContent: text('enrol.force.explain', { id: employeeId }) }),
        force,
      );
    }
    return make('li', { data: { status: photo.status } }, make('img', { src: url, alt: '' }), told);
  }

  useCamera.addEventListener('click', () => {
    camera = enrolCamera(desk, (photo) => void enrol([photo]), stopCamera);
    place.replaceChildren(camera.element);
    show(useCamera, false);
  });
  chooseFiles.addEventListener('click', () => files.click());
  files.addEventListener('change', async () => {
    const chosen = [...(files.files ?? [])];
    files.value = '';
    if (chosen.length === 0) return;
    // As they are: a reference photo should lose nothing.
    await enrol(chosen.slice(0, MAX_PHOTOS));
    if (chosen.length > MAX_PHOTOS) desk.announce(text('enrol.tooMany'));
  });

  return {
    element: make(
      'section',
      { className: 'card stack', tabIndex: -1 },
      make('h2', { textContent: text('enrol.title') }),
      make('div', { className: 'actions' }, useCamera, chooseFiles, files),
      place,
      status,
      results,
    ),
    close() {
      camera?.close();
      forgetPictures();
    },
  };
}

/** Whether the only thing against the photo is that it does not resemble the others, which somebody may know better. */
function canBeForced({ refusals }: EnrolledPhoto): boolean {
  return refusals.length > 0 && refusals.every(({ reason }) => reason === 'DIFFERENT_PERSON');
}

function headline({ status, face }: EnrolledPhoto): string {
  return text(`enrol.${status}`, { face: face ?? '' });
}

/** The reason, the measure with its limit, and what to do. */
function words(finding: QualityFinding): string {
  const { measure, value, limit, employee_id: id = '' } = finding;
  const [is, should] = [measured(measure, value), measured(measure, limit)];
  const figures = is !== null && should !== null ? ` (${text('enrol.value', { value: is, limit: should })})` : '';
  return `${text(reasonKey(finding), { id })}${figures}. ${text(adviceKey(finding))}`;
}
