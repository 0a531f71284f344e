import { type Access, checkAccess } from '../shared/access.js';
import type { Api } from '../shared/api.js';
import { byId } from '../shared/dom.js';
import { text } from '../shared/language.js';
import type { DeviceMemory } from './settings.js';

export interface TokenDialog {
  /** @param why what the service said of the token that is there */
  open(why?: Access): void;
}

/** Asks for this device's access token, and keeps it only when the service takes it. */
export function createTokenDialog(
  api: Pick<Api, 'request'>,
  memory: DeviceMemory,
  onSignedIn: () => void,
): TokenDialog {
  const dialog = byId<HTMLDialogElement>('token-dialog');
  const [form, message] = [byId<HTMLFormElement>('token-form'), byId('token-message')];
  const [token, gate] = [byId<HTMLInputElement>('token'), byId<HTMLInputElement>('token-gate')];

  async function signIn(): Promise<void> {
    const before = { token: memory.token(), settings: memory.settings() };
    message.textContent = text('token.checking');
    memory.saveToken(token.value.trim());
    memory.save({ ...before.settings, gate: gate.value.trim() });
    const access = await checkAccess(api);
    if (access === 'open') {
      dialog.close();
      onSignedIn();
      return;
    }
    memory.saveToken(before.token);
    memory.save(before.settings);
    message.textContent = wordsFor(access);
    (access === 'wrongGate' ? gate : token).focus();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (form.reportValidity()) void signIn();
  });
  byId('token-cancel').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    token.value = '';
  });

  return {
    open(why) {
      if (dialog.open) return;
      token.value = '';
      gate.value = memory.settings().gate;
      message.textContent = why && memory.token() !== null ? wordsFor(why) : '';
      dialog.showModal();
      (why === 'wrongGate' ? gate : token).focus();
    },
  };
}

function wordsFor(access: Access): string {
  if (access === 'unauthorized') return text('token.wrong');
  return access === 'wrongGate' ? text('token.wrongGate') : text('token.unreachable');
}
