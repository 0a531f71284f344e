import type { StatusReply } from '@rollcall/contracts';
import { make } from '../shared/dom.js';
import { number, text } from '../shared/language.js';
import type { TextKey } from '../shared/texts.js';
import type { Desk, View } from './desk.js';
import { duration } from './duration.js';

const EVERY_MS = 3_000;

/** Queue, workers, and what Rollcall rests on, as they are now. */
export function systemView(desk: Desk): View {
  const status = make('p', { className: 'soft', attributes: { role: 'status' } });
  const asOf = make('p', { className: 'soft small' });
  const content = make('div', { className: 'stack' });
  let isClosed = false;
  let isAsking = false;

  async function load(): Promise<void> {
    if (isAsking || document.visibilityState !== 'visible') return;
    isAsking = true;
    const answer = await desk.api.request<StatusReply>('/v1/status');
    isAsking = false;
    if (isClosed) return;
    if (answer.kind !== 'done') {
      status.textContent = desk.explain(answer);
      return;
    }
    status.textContent = '';
    asOf.textContent = text('system.updated', { time: new Date().toLocaleTimeString() });
    content.replaceChildren(...render(answer.body));
  }

  const timer = setInterval(() => void load(), EVERY_MS);
  status.textContent = text('admin.loading');
  void load();
  return {
    element: make(
      'section',
      { className: 'stack' },
      make('h1', { textContent: text('system.title'), tabIndex: -1 }),
      status,
      content,
      asOf,
    ),
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

function render(state: StatusReply): HTMLElement[] {
  const { queue, workers } = state;
  const seconds = (value: number | null) => (value === null ? '–' : duration(value));
  const figure = (name: TextKey, value: string) =>
    make('div', {}, make('dt', { textContent: text(name) }), make('dd', { textContent: value }));
  return [
    queue === null
      ? make('p', { className: 'error', textContent: text('system.noQueue') })
      : make(
          'dl',
          { className: 'figures' },
          figure('system.waiting', number(queue.waiting)),
          figure('system.background', number(queue.background)),
          figure('system.active', number(queue.active)),
          figure('system.delayed', number(queue.delayed)),
          figure('system.oldest', seconds(queue.oldest_waiting_seconds)),
          figure('system.wait', seconds(queue.estimated_wait_seconds)),
          figure('system.rate', queue.jobs_per_second === null ? '–' : number(queue.jobs_per_second, 1)),
          figure('system.limit', number(queue.max_waiting)),
        ),
    make(
      'section',
      { className: 'card stack' },
      make('h2', { textContent: text('system.workers') }),
      workersOf(workers),
    ),
    make(
      'section',
      { className: 'card stack' },
      make('h2', { textContent: text('system.parts') }),
      make('ul', { className: 'workers' }, part('system.redis', state.redis), part('system.store', state.store)),
      make('p', {
        className: 'soft small',
        textContent: [
          `${text('system.version')} ${state.version}`,
          `${text('system.uptime')} ${duration(state.uptime_seconds)}`,
          `${text('system.threshold')} ${number(state.match_distance_threshold, 3)}`,
        ].join(' · '),
      }),
    ),
  ];
}

function workersOf(workers: StatusReply['workers']): HTMLElement {
  if (workers.length === 0) return make('p', { className: 'error', textContent: text('system.noWorkers') });
  const items = workers.map(({ name, connected_seconds: seconds }) =>
    make(
      'li',
      {},
      make('strong', { textContent: name }),
      make('span', { className: 'soft', textContent: text('system.connected', { duration: duration(seconds) }) }),
    ),
  );
  return make('ul', { className: 'workers' }, ...items);
}

function part(name: TextKey, { ok, detail }: { readonly ok: boolean; readonly detail: string }): HTMLElement {
  const words = text(ok ? 'system.ok' : 'system.broken');
  return make(
    'li',
    {},
    make('strong', { textContent: text(name) }),
    make(
      'span',
      {},
      make('span', { className: 'outcome', data: { kind: ok ? 'good' : 'bad' }, textContent: words }),
      ` ${detail}`,
    ),
  );
}
