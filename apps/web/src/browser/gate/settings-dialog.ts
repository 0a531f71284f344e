import { byId, show } from '../shared/dom.js';
import { text } from '../shared/language.js';
import { type DeviceMemory, readSettings, type Settings } from './settings.js';

const FIELDS = ['mode', 'camera', 'language', 'delay', 'hold', 'gate'] as const;
const FLAGS = ['sound', 'digits'] as const;

/** @param enterToken asks for another token */
export function createSettingsDialog(
  memory: DeviceMemory,
  { onChange, enterToken }: { onChange: (before: Settings) => void; enterToken: () => void },
): void {
  const dialog = byId<HTMLDialogElement>('settings-dialog');
  const field = (name: string) => byId<HTMLInputElement>(`setting-${name}`);

  function renderToken(): void {
    const isPresent = memory.token() !== null;
    byId('token-state').textContent = text(isPresent ? 'settings.token.present' : 'settings.token.absent');
    show(byId('token-forget'), isPresent);
  }

  byId('open-settings').addEventListener('click', () => {
    const settings = memory.settings();
    for (const name of FIELDS) field(name).value = `${settings[name] ?? 'auto'}`;
    for (const name of FLAGS) field(name).checked = settings[name];
    renderToken();
    dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    const before = memory.settings();
    const given = {
      ...Object.fromEntries(FIELDS.map((name) => [name, field(name).value])),
      ...Object.fromEntries(FLAGS.map((name) => [name, field(name).checked])),
    };
    memory.save(readSettings(given, before));
    onChange(before);
  });
  byId('token-enter').addEventListener('click', () => {
    dialog.close();
    enterToken();
  });
  byId('token-forget').addEventListener('click', () => {
    memory.saveToken(null);
    renderToken();
    byId('token-enter').focus();
  });
}
