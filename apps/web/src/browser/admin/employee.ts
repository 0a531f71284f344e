import type { EmployeeReply, ErasureReply } from '@rollcall/contracts';
import { make, show } from '../shared/dom.js';
import { moment, number, text } from '../shared/language.js';
import type { Desk, View } from './desk.js';
import { enrolPanel } from './enrol.js';
import { confirmErasure } from './erase-dialog.js';
import { createPhotoLoader, type PhotoLoader } from './photo-loader.js';

/** One employee: the photos, new ones, and erasure. Also of one who is not known yet. */
export function employeeView(desk: Desk, id: string): View {
  const path = `/v1/employees/${encodeURIComponent(id)}`;
  const photos = make('ul', { className: 'photos' });
  const status = make('p', { className: 'soft', attributes: { role: 'status' } });
  const danger = make('section', { className: 'card stack danger-zone', hidden: true });
  const eraseAll = make('button', { type: 'button', className: 'danger', textContent: text('employee.erase') });
  let loader: PhotoLoader | undefined;
  let isClosed = false;

  async function load(): Promise<void> {
    const answer = await desk.api.request<EmployeeReply>(path);
    if (isClosed) return;
    const isUnknown = answer.kind === 'refused' && answer.refusal.code === 'employee_not_found';
    if (answer.kind !== 'done' && !isUnknown) {
      status.textContent = desk.explain(answer);
      return;
    }
    const faces = answer.kind === 'done' ? answer.body.faces : [];
    loader?.close();
    loader = createPhotoLoader(desk.api);
    photos.replaceChildren(...faces.map((face) => entry(face, loader as PhotoLoader)));
    status.textContent = faces.length === 0 ? text('employee.noPhotos') : '';
    show(danger, answer.kind === 'done');
  }

  async function erase(what: string): Promise<ErasureReply['erased'] | string> {
    const answer = await desk.api.request<ErasureReply>(what, { method: 'DELETE' });
    return answer.kind === 'done' ? answer.body.erased : desk.explain(answer);
  }

  function entry({ face, bytes, modified_at, photo_url, embedded }: EmployeeReply['faces'][number], from: PhotoLoader) {
    const image = make('img', { className: 'portrait', alt: text('employee.photo', { face, id }) });
    from.load(image, photo_url);
    const button = make('button', { type: 'button', className: 'danger', textContent: text('employee.erasePhoto') });
    button.setAttribute('aria-label', `${text('employee.erasePhoto')}: ${face}`);
    button.addEventListener('click', async () => {
      const erased = await confirmErasure({
        title: text('erase.photo.title'),
        explain: text('erase.photo.explain', { face, id }),
        word: face,
        erase: () => erase(photo_url),
      });
      if (!erased) return;
      tellErased(erased);
      await load();
      panel.element.focus();
    });
    const state = text(embedded ? 'employee.embedded' : 'employee.notEmbedded');
    return make(
      'li',
      {},
      image,
      make(
        'div',
        { className: 'about' },
        make('h3', { textContent: face }),
        make('p', { className: 'soft small', textContent: `${moment(modified_at)} · ${number(bytes / 1024)} KB` }),
        make('p', { className: 'soft small', textContent: state }),
        button,
      ),
    );
  }

  function tellErased({ photos: gone, jobs, uploads }: ErasureReply['erased']): void {
    desk.announce(text('erase.done', { photos: gone, jobs, uploads }));
  }

  eraseAll.addEventListener('click', async () => {
    const erased = await confirmErasure({
      title: text('erase.employee.title', { id }),
      explain: text('erase.employee.explain', { id }),
      word: id,
      erase: () => erase(path),
    });
    if (!erased) return;
    tellErased(erased);
    desk.go('#/employees');
  });
  danger.append(
    make('h2', { textContent: text('employee.erase') }),
    make('p', { textContent: text('employee.erase.explain') }),
    make('div', { className: 'actions' }, eraseAll),
  );

  const panel = enrolPanel(desk, id, () => void load());
  status.textContent = text('admin.loading');
  void load();
  return {
    element: make(
      'section',
      { className: 'stack' },
      make(
        'div',
        {},
        make('a', { href: '#/employees', textContent: `← ${text('admin.back')}` }),
        make('h1', { textContent: id, tabIndex: -1 }),
      ),
      make(
        'section',
        { className: 'card stack' },
        make('h2', { textContent: text('employee.photos') }),
        status,
        photos,
      ),
      panel.element,
      danger,
    ),
    close() {
      isClosed = true;
      loader?.close();
      panel.close();
    },
  };
}
