import type { EmployeesReply } from '@rollcall/contracts';
import { make, show } from '../shared/dom.js';
import { text } from '../shared/language.js';
import type { Desk, View } from './desk.js';
import { createPhotoLoader, type PhotoLoader } from './photo-loader.js';

const PAGE = 24;
/** Searching waits until somebody has stopped typing. */
const TYPING_MS = 250;

/** Everybody who is enrolled, a page at a time. */
export function employeesView(desk: Desk): View {
  const search = make('input', { id: 'search', type: 'search', autocomplete: 'off', maxLength: 64 });
  const newId = make('input', { id: 'new-id', autocomplete: 'off', maxLength: 64, required: true });
  const list = make('ul', { className: 'people' });
  const status = make('p', { className: 'soft', attributes: { role: 'status' } });
  const first = make('button', { type: 'button', textContent: text('employees.first') });
  const next = make('button', { type: 'button', textContent: text('employees.next') });
  let photos: PhotoLoader | undefined;
  let typing: ReturnType<typeof setTimeout> | undefined;
  let cursor: string | null = null;
  let turn = 0;

  async function load(after: string | null): Promise<void> {
    const own = ++turn;
    const query = new URLSearchParams({ limit: `${PAGE}` });
    if (search.value.trim() !== '') query.set('prefix', search.value.trim());
    if (after !== null) query.set('cursor', after);
    status.textContent = text('admin.loading');
    const answer = await desk.api.request<EmployeesReply>(`/v1/employees?${query}`);
    if (own !== turn) return;
    photos?.close();
    photos = createPhotoLoader(desk.api);
    const { employees, next_cursor } =
      answer.kind === 'done' ? answer.body : ({ employees: [], next_cursor: null } as EmployeesReply);
    list.replaceChildren(...employees.map(({ employee_id }) => entry(employee_id, photos as PhotoLoader)));
    cursor = next_cursor;
    show(next, cursor !== null);
    show(first, after !== null);
    if (answer.kind !== 'done') status.textContent = desk.explain(answer);
    else if (employees.length > 0) status.textContent = text('employees.count', { count: employees.length });
    else status.textContent = text(search.value.trim() === '' ? 'employees.none' : 'employees.noneFound');
  }

  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => void load(null), TYPING_MS);
  });
  next.addEventListener('click', () => void load(cursor));
  first.addEventListener('click', () => void load(null));
  const enrol = make(
    'form',
    { noValidate: true },
    make(
      'div',
      { className: 'field' },
      make('label', { htmlFor: 'new-id', textContent: text('employees.new') }),
      newId,
    ),
    make('button', { className: 'primary', textContent: text('employees.new.go') }),
  );
  enrol.addEventListener('submit', (event) => {
    event.preventDefault();
    if (enrol.reportValidity()) desk.go(addressOf(newId.value.trim()));
  });
  newId.placeholder = text('employees.new.id');

  void load(null);
  return {
    element: make(
      'section',
      {},
      make('h1', { textContent: text('admin.employees'), tabIndex: -1 }),
      make(
        'div',
        { className: 'toolbar' },
        make(
          'div',
          { className: 'field' },
          make('label', { htmlFor: 'search', textContent: text('employees.search') }),
          search,
        ),
        enrol,
      ),
      make('div', { className: 'stack' }, status, list, make('div', { className: 'actions' }, first, next)),
    ),
    close() {
      turn++;
      clearTimeout(typing);
      photos?.close();
    },
  };
}

/** Where an employee's view is. */
export function addressOf(employeeId: string): string {
  return `#/employees/${encodeURIComponent(employeeId)}`;
}

function entry(employeeId: string, photos: PhotoLoader): HTMLLIElement {
  const image = make('img', { className: 'portrait', alt: '' });
  photos.loadFirst(image, employeeId);
  const label = text('employees.open', { id: employeeId });
  const link = make('a', { href: addressOf(employeeId) }, image, make('span', { textContent: employeeId }));
  link.setAttribute('aria-label', label);
  return make('li', {}, link);
}
