import type { JobProgress } from '../shared/api.js';
import type { CameraTrouble } from '../shared/camera.js';
import { byId, show } from '../shared/dom.js';
import { text } from '../shared/language.js';
import type { Settings } from './settings.js';
import type { Phase } from './state.js';

/** What the two buttons under an answer do. */
export interface ResultActions {
  next(): void;
  retry(): void;
  signIn(): void;
  discard(): void;
}

export interface View {
  render(phase: Phase, settings: Settings): void;
  /** While a check is under way: how it gets on, and whether that takes long. */
  progress(progress: JobProgress | null, isSlow: boolean): void;
  /** The time that is left, from 1 to 0, and in whole seconds. */
  clock(share: number, seconds: number): void;
  camera(trouble: CameraTrouble | 'starting' | undefined): void;
  /** A word to whoever is there. */
  notice(words: string): void;
}

const TYPES_ON_GLASS = '(pointer: coarse)';

export function createView(actions: ResultActions): View {
  const body = document.body;
  const [page, result, clock] = [byId('page'), byId('result'), byId<HTMLProgressElement>('result-clock')];
  const [title, who, detail] = [byId('result-title'), byId('result-id'), byId('result-detail')];
  const [primary, secondary] = [byId<HTMLButtonElement>('result-primary'), byId<HTMLButtonElement>('result-secondary')];
  const [announcer, hint, countdown] = [byId('announcer'), byId('hint'), byId('countdown')];
  const [employee, check] = [byId<HTMLInputElement>('employee'), byId<HTMLButtonElement>('check')];
  let shown: Phase['name'] | undefined;

  function button(element: HTMLButtonElement, words: string | null, act?: () => void): void {
    show(element, words !== null);
    element.textContent = words;
    element.onclick = act ?? null;
  }

  function tell(tone: string, ...[heading, name, more]: readonly string[]): void {
    result.dataset.tone = tone;
    title.textContent = heading ?? '';
    who.textContent = name ?? '';
    detail.textContent = more ?? '';
  }

  function announce(): void {
    announcer.textContent = [title, who, detail]
      .map(({ textContent }) => textContent)
      .filter(Boolean)
      .join('. ');
  }

  /** The page behind cannot be reached while the answer lies over it. */
  function cover(isCovered: boolean): void {
    show(result, isCovered);
    page.inert = isCovered;
  }

  function ready({ mode, digits }: Settings): void {
    cover(false);
    body.dataset.mode = mode;
    show(byId('id-field'), mode === 'verify');
    byId('prompt').textContent = text(`gate.prompt.${mode}`);
    employee.inputMode = digits ? 'numeric' : 'text';
    show(countdown, false);
    check.disabled = false;
    if (shown === 'ready') return;
    hint.textContent = '';
    announcer.textContent = '';
    // On glass the keys on the screen would come up before everybody, and a scanner needs no focus.
    const isGlass = window.matchMedia(TYPES_ON_GLASS).matches;
    if (mode === 'identify') check.focus({ preventScroll: true });
    else if (!isGlass) employee.focus({ preventScroll: true });
    else byId('prompt').focus({ preventScroll: true });
  }

  function aiming(): void {
    cover(false);
    hint.textContent = '';
    byId('prompt').textContent = text('gate.prompt.aim');
    announcer.textContent = text('gate.prompt.aim');
    check.disabled = true;
  }

  return {
    render(phase, settings) {
      body.dataset.phase = phase.name;
      show(clock, phase.name === 'answered');
      switch (phase.name) {
        case 'ready':
          ready(settings);
          break;
        case 'aiming':
          aiming();
          break;
        case 'asking':
          if (shown === 'asking') break;
          tell('busy', text('asking.title'), '', text('asking.detail'));
          button(primary, null);
          button(secondary, text('asking.cancel'), actions.discard);
          cover(true);
          break;
        case 'stuck': {
          const { trouble } = phase;
          tell('attention', text(trouble.title, trouble.values), '', text(trouble.detail, trouble.values));
          if (trouble.needs === 'token') button(primary, text('trouble.signIn'), actions.signIn);
          else button(primary, trouble.canRetry ? text('trouble.retry') : null, actions.retry);
          button(secondary, text('trouble.discard'), actions.discard);
          cover(true);
          announce();
          (primary.hidden ? secondary : primary).focus();
          break;
        }
        case 'answered': {
          const { tone, title: heading, detail: more, values, employeeId } = phase.verdict;
          tell(tone, text(heading, values), employeeId ?? '', more ? text(more, values) : '');
          button(primary, text('verdict.next'), actions.next);
          button(secondary, null);
          cover(true);
          announce();
          primary.focus();
          break;
        }
      }
      shown = phase.name;
    },

    progress(progress, isSlow) {
      if (progress?.isLost) detail.textContent = text('asking.lost');
      else if (progress && progress.position !== null) {
        const { position: count, estimatedSeconds } = progress;
        const seconds = Math.ceil(estimatedSeconds ?? 0);
        const key = count === 0 ? 'asking.next' : seconds > 0 ? 'asking.queuedFor' : 'asking.queued';
        detail.textContent = text(key, { count, seconds });
      } else if (isSlow) detail.textContent = text('asking.slow');
      if (!isSlow) return;
      announce();
      if (!result.contains(document.activeElement)) result.focus();
    },

    clock(share, seconds) {
      clock.value = share;
      if (shown === 'aiming') {
        show(countdown, seconds > 0);
        countdown.textContent = `${seconds}`;
      }
      if (shown === 'stuck') primary.textContent = text('trouble.retryIn', { seconds });
    },

    camera(trouble) {
      const message = byId('no-camera');
      show(message, trouble !== undefined);
      show(byId('outline'), trouble === undefined);
      if (!trouble) return;
      const isTrouble = trouble !== 'starting';
      byId('camera-title').textContent = text(`camera.${trouble}`);
      byId('camera-detail').textContent = isTrouble ? text(`camera.${trouble}.detail`) : '';
      show(byId('camera-again'), isTrouble && trouble !== 'insecure');
      if (isTrouble) announcer.textContent = `${text(`camera.${trouble}`)}. ${text(`camera.${trouble}.detail`)}`;
    },

    notice(words) {
      hint.textContent = words;
      announcer.textContent = words;
      if (shown === 'asking') detail.textContent = words;
    },
  };
}
