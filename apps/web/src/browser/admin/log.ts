import type { AuditReply } from '@rollcall/contracts';
import { make } from '../shared/dom.js';
import { moment, number, text } from '../shared/language.js';
import type { TextKey } from '../shared/texts.js';
import type { Desk, View } from './desk.js';

type Entry = AuditReply['entries'][number];

const LIMIT = 100;
const LIVE_MS = 5_000;
const KINDS = ['verify', 'identify', 'enroll', 'erase', 'access', 'all'] as const;
const COLUMNS = ['time', 'action', 'employee', 'outcome', 'distance', 'gate', 'token'] as const;

/** The newest entries of the audit log, verifications first of all. */
export function logView(desk: Desk): View {
  const kind = make('select', { id: 'log-kind' });
  kind.append(...KINDS.map((value) => make('option', { value, textContent: text(`log.kind.${value}`) })));
  const employee = make('input', { id: 'log-employee', type: 'search', autocomplete: 'off', maxLength: 64 });
  const live = make('input', { id: 'log-live', type: 'checkbox', checked: true });
  const refresh = make('button', { type: 'button', textContent: text('log.refresh') });
  const status = make('p', { className: 'soft', attributes: { role: 'status' } });
  const rows = make('tbody');
  let turn = 0;

  async function load(): Promise<void> {
    const own = ++turn;
    const query = new URLSearchParams({ limit: `${LIMIT}` });
    if (kind.value !== 'all') query.set('action', kind.value);
    if (employee.value.trim() !== '') query.set('employee', employee.value.trim());
    const answer = await desk.api.request<AuditReply>(`/v1/audit?${query}`);
    if (own !== turn) return;
    if (answer.kind === 'done') {
      // That a job was accepted tells nothing once its end is known.
      const entries = answer.body.entries.filter(({ outcome }) => kind.value === 'all' || outcome !== 'accepted');
      rows.replaceChildren(...entries.map(row));
      status.textContent = entries.length === 0 ? text('log.none') : '';
    } else {
      status.textContent = desk.explain(answer);
    }
  }

  const timer = setInterval(() => {
    if (live.checked && document.visibilityState === 'visible') void load();
  }, LIVE_MS);
  for (const element of [kind, employee]) element.addEventListener('change', () => void load());
  refresh.addEventListener('click', () => void load());
  status.textContent = text('admin.loading');
  void load();

  const field = (label: TextKey, input: HTMLElement) =>
    make('div', { className: 'field' }, make('label', { htmlFor: input.id, textContent: text(label) }), input);
  return {
    element: make(
      'section',
      {},
      make('h1', { textContent: text('log.title'), tabIndex: -1 }),
      make(
        'div',
        { className: 'toolbar' },
        field('log.kind', kind),
        field('log.employee', employee),
        make(
          'div',
          { className: 'actions' },
          make(
            'div',
            { className: 'field inline' },
            live,
            make('label', { htmlFor: live.id, textContent: text('log.live') }),
          ),
          refresh,
        ),
      ),
      status,
      make(
        'div',
        { className: 'card table', tabIndex: 0, attributes: { role: 'region', 'aria-label': text('log.table') } },
        make(
          'table',
          {},
          make(
            'thead',
            {},
            make('tr', {}, ...COLUMNS.map((name) => make('th', { scope: 'col', textContent: text(`log.${name}`) }))),
          ),
          rows,
        ),
      ),
    ),
    close() {
      turn++;
      clearInterval(timer);
    },
  };
}

function row(entry: Entry): HTMLTableRowElement {
  const outcome = make('span', { className: 'outcome', data: { kind: kindOf(entry) }, textContent: entry.outcome });
  const cells: Readonly<Record<(typeof COLUMNS)[number], string | Node>> = {
    time: moment(entry.time),
    action: entry.action,
    employee: entry.employee ?? '–',
    outcome,
    distance: entry.distance === null ? '–' : number(entry.distance, 3),
    gate: entry.gate ?? '–',
    token: entry.token ?? '–',
  };
  return make(
    'tr',
    {},
    ...COLUMNS.map((name) => make('td', { className: name === 'distance' ? 'number' : '' }, cells[name])),
  );
}

const GOOD = ['verified', 'identified', 'matched', 'added', 'done', 'unchanged'];

function kindOf({ outcome }: Entry): string {
  if (outcome === 'accepted') return 'open';
  return GOOD.includes(outcome) ? 'good' : 'bad';
}
