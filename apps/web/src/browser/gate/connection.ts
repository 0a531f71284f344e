import type { Api } from '../shared/api.js';
import { byId } from '../shared/dom.js';
import { text } from '../shared/language.js';

type State = 'ready' | 'offline' | 'unreachable' | 'notReady';

const LOOK_EVERY_MS = 20_000;
const LOOK_AGAIN_MS = 3_000;
const TIMEOUT_MS = 8_000;

/** Shows whether checks are possible before somebody tries in vain. */
export function watchConnection(api: Pick<Api, 'request'>): { refresh(): void } {
  const element = byId('connection');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let state: State | undefined;

  function render(): void {
    if (!state) return;
    element.dataset.state = state;
    const words = text(`connection.${state}`);
    // A live region is read out when it is written to.
    if (element.textContent !== words) element.textContent = words;
  }

  async function look(): Promise<void> {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') {
      state = await ask();
      render();
    }
    clearTimeout(timer);
    timer = setTimeout(look, state === 'ready' ? LOOK_EVERY_MS : LOOK_AGAIN_MS);
  }

  async function ask(): Promise<State> {
    if (!navigator.onLine) return 'offline';
    const answer = await api.request('/readyz', { timeoutMs: TIMEOUT_MS });
    if (answer.kind === 'done') return 'ready';
    if (answer.kind === 'refused') return 'notReady';
    return answer.kind === 'unreachable' && answer.cause === 'offline' ? 'offline' : 'unreachable';
  }

  for (const event of ['online', 'offline'] as const) window.addEventListener(event, look);
  document.addEventListener('visibilitychange', look);
  void look();
  return {
    refresh() {
      render();
      void look();
    },
  };
}
