import type { IdentificationReply, VerificationReply } from '@rollcall/contracts';
import { checkAccess } from '../shared/access.js';
import { createApi } from '../shared/api.js';
import { type CameraTrouble, createCamera } from '../shared/camera.js';
import { byId, show } from '../shared/dom.js';
import { randomId } from '../shared/identifier.js';
import { chooseLanguage, language, speak, text } from '../shared/language.js';
import { photoForm, readPhoto, takePhoto } from '../shared/picture.js';
import { watchConnection } from './connection.js';
import { keepAwake } from './keep-awake.js';
import { createDeviceMemory } from './settings.js';
import { createSettingsDialog } from './settings-dialog.js';
import { createSound } from './sound.js';
import { type Asked, type Happening, next, type Phase, READY } from './state.js';
import { createTicker } from './ticker.js';
import { createTokenDialog } from './token-dialog.js';
import { automaticRetry, refusalVerdict, troubleOf, verdictOf } from './verdict.js';
import { createView } from './view.js';
import { createWedge } from './wedge.js';

/** A check that takes this long is told to. */
const SLOW_MS = 3_000;
/** Nobody leaves their photo on the device by walking away. */
const DISCARD_SECONDS = 60;

const memory = createDeviceMemory(() => window.localStorage, window.location.search);
const api = createApi({ token: memory.token, gate: () => memory.settings().gate || null });
const video = byId<HTMLVideoElement>('video');
const [employee, file] = [byId<HTMLInputElement>('employee'), byId<HTMLInputElement>('file')];
const sound = createSound();
const ticker = createTicker();
const view = createView({
  next: () => happen({ type: 'reset' }),
  retry: () => retry(false),
  signIn: () => tokenDialog.open(),
  discard: () => happen({ type: 'reset' }),
});
const tokenDialog = createTokenDialog(api, memory, () => {
  applySettings();
  retry(false);
});
const camera = createCamera(video, () => showCamera('lost'));

let phase: Phase = READY;
let checks = 0;
let underWay: AbortController | undefined;
let cameraTrouble: CameraTrouble | 'starting' | undefined = 'starting';

function happen(happening: Happening): void {
  const before = phase;
  phase = next(before, happening);
  if (phase === before) return;
  if (phase.name === 'asking' && before.name === 'asking') {
    view.progress(phase.progress, ticker.elapsed() > SLOW_MS);
    return;
  }
  leave(before);
  view.render(phase, memory.settings());
  enter(phase);
}

function leave(before: Phase): void {
  ticker.stop();
  if (before.name !== 'asking' || phase.name !== 'ready') return;
  underWay?.abort();
  // Nobody waits for it any longer.
  if (before.progress) void api.request(`/v1/jobs/${before.progress.jobId}`, { method: 'DELETE' });
}

function enter(entered: Phase): void {
  switch (entered.name) {
    case 'ready':
      employee.value = '';
      file.value = '';
      return;
    case 'aiming':
      return;
    case 'asking':
      ticker.after(SLOW_MS, () => phase.name === 'asking' && view.progress(phase.progress, true));
      void ask(entered.asked);
      return;
    case 'stuck': {
      const { trouble, asked } = entered;
      const seconds = automaticRetry(trouble, asked.repeats);
      if (seconds !== null) ticker.countDown(seconds, view.clock, () => retry(true));
      else ticker.after(DISCARD_SECONDS * 1000, () => happen({ type: 'reset' }));
      if (trouble.needs === 'token') tokenDialog.open('unauthorized');
      return;
    }
    case 'answered':
      if (memory.settings().sound) sound(entered.verdict.tone);
      ticker.countDown(memory.settings().hold, view.clock, () => happen({ type: 'reset' }));
      return;
  }
}

/** Sends the photo, and tells what became of it if somebody still waits for that. */
async function ask({ id, employeeId, photo, key }: Asked): Promise<void> {
  underWay = new AbortController();
  const path = employeeId === null ? '/v1/identifications' : '/v1/verifications';
  const answer = await api.submit<VerificationReply | IdentificationReply>(path, {
    body: photoForm([photo], employeeId === null ? { limit: '1' } : { employee_id: employeeId }),
    key,
    signal: underWay.signal,
    onProgress: (progress) => happen({ type: 'progressed', id, progress }),
  });
  if (answer.kind === 'aborted') return;
  const verdict = answer.kind === 'done' ? verdictOf(answer.body) : refusalVerdict(answer, employeeId);
  if (verdict) {
    happen({ type: 'decided', id, verdict });
  } else if (answer.kind !== 'done') {
    happen({ type: 'failed', id, trouble: troubleOf(answer) });
    connection.refresh();
  }
}

/** The same photo again: under its own key, so that it is checked once, unless that key has had its answer. */
function retry(isAutomatic: boolean): void {
  if (phase.name !== 'stuck') return;
  const key = phase.trouble.needsNewKey ? randomId() : phase.asked.key;
  happen({ type: 'retry', key, isAutomatic });
}

/** Begins a check with what the camera shows after `delaySeconds`, or with the photo that is given. */
function begin(employeeId: string | null, source: { delaySeconds: number } | { photo: Blob }): void {
  const id = ++checks;
  if (phase.name === 'aiming' || phase.name === 'asking') {
    view.notice(text('gate.busy'));
  } else if ('photo' in source) {
    happen({ type: 'begin', attempt: { id, employeeId } });
    happen({ type: 'photographed', id, photo: source.photo, key: randomId() });
  } else if (cameraTrouble) {
    view.notice(text('gate.noPicture'));
  } else {
    happen({ type: 'begin', attempt: { id, employeeId } });
    ticker.countDown(source.delaySeconds, view.clock, () => void photograph(id));
  }
}

async function photograph(id: number): Promise<void> {
  const shot = await takePhoto(video).catch(() => undefined);
  if (shot) {
    happen({ type: 'photographed', id, photo: shot.photo, key: randomId() });
  } else {
    happen({ type: 'reset' });
    view.notice(text('gate.noPicture'));
  }
}

/** Who is to be checked, or undefined when somebody has to say so first. */
function wanted(): string | null | undefined {
  if (memory.settings().mode === 'identify') return null;
  const id = employee.value.trim();
  if (id !== '') return id;
  view.notice(text('gate.idMissing'));
  employee.focus();
  return undefined;
}

function showCamera(trouble: CameraTrouble | 'starting' | undefined): void {
  cameraTrouble = trouble;
  view.camera(trouble);
}

async function openCamera(): Promise<void> {
  const { camera: facing } = memory.settings();
  showCamera('starting');
  // As in a mirror, or people move the wrong way.
  video.toggleAttribute('data-mirrored', facing === 'user');
  showCamera(await camera.open(facing));
}

function applySettings(): void {
  const settings = memory.settings();
  speak(settings.language ?? chooseLanguage(navigator.languages));
  document.title = text('page.gate');
  byId('language').lang = language() === 'en' ? 'de' : 'en';
  byId('gate-name').textContent = settings.gate;
  view.camera(cameraTrouble);
  if (phase.name === 'ready') view.render(phase, settings);
  connection.refresh();
}

byId('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const id = wanted();
  if (id !== undefined) begin(id, { delaySeconds: 0 });
});
byId('choose-file').addEventListener('click', () => {
  if (wanted() !== undefined) file.click();
});
file.addEventListener('change', async () => {
  const [chosen] = file.files ?? [];
  const id = wanted();
  if (!chosen || id === undefined) return;
  const shot = await readPhoto(chosen);
  file.value = '';
  if (shot) begin(id, { photo: shot.photo });
  else view.notice(text('gate.fileUnreadable'));
});
byId('camera-again').addEventListener('click', openCamera);
byId('language').addEventListener('click', () => {
  memory.save({ ...memory.settings(), language: language() === 'en' ? 'de' : 'en' });
  applySettings();
});

const wedge = createWedge();
window.addEventListener(
  'keydown',
  (event) => {
    if (document.querySelector('dialog[open]')) return;
    const isCombination = event.ctrlKey || event.altKey || event.metaKey || event.repeat;
    const meaning = wedge({ key: event.key, time: event.timeStamp, isCombination });
    if (meaning.kind === 'other' || (meaning.kind === 'part' && event.target === employee)) return;
    // Else it would press the button that has the focus.
    event.preventDefault();
    event.stopPropagation();
    if (meaning.kind !== 'scan' || memory.settings().mode === 'identify') return;
    if (phase.name !== 'asking' && phase.name !== 'aiming') employee.value = meaning.text;
    begin(meaning.text, { delaySeconds: memory.settings().delay });
  },
  { capture: true },
);

createSettingsDialog(memory, {
  enterToken: () => tokenDialog.open(),
  onChange(before) {
    applySettings();
    if (before.camera !== memory.settings().camera) void openCamera();
  },
});
show(byId('open-settings'), new URLSearchParams(window.location.search).get('settings') !== 'off');
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && cameraTrouble === 'lost') void openCamera();
});

const connection = watchConnection(api);
applySettings();
void openCamera();
keepAwake();
void checkAccess(api).then((access) => {
  if (access === 'unauthorized' || access === 'wrongGate') tokenDialog.open(access);
});
