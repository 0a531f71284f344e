import type { ErasureReply } from '@rollcall/contracts';
import { byId } from '../shared/dom.js';
import { text } from '../shared/language.js';

type Erased = ErasureReply['erased'];

export interface Erasure {
  readonly title: string;
  readonly explain: string;
  /** What has to be typed. */
  readonly word: string;
  /** What was erased, or why it was not. */
  readonly erase: () => Promise<Erased | string>;
}

/** Erases when somebody has typed the word; resolves with what was erased, or undefined when they did not want to. */
export function confirmErasure({ title, explain, word, erase }: Erasure): Promise<Erased | undefined> {
  const dialog = byId<HTMLDialogElement>('erase-dialog');
  const [form, input] = [byId<HTMLFormElement>('erase-form'), byId<HTMLInputElement>('erase-word')];
  const [message, go] = [byId('erase-message'), byId<HTMLButtonElement>('erase-go')];
  byId('erase-title').textContent = title;
  byId('erase-explain').textContent = explain;
  byId('erase-label').textContent = text('erase.confirm', { word });
  input.value = '';
  message.textContent = '';
  go.disabled = true;
  dialog.showModal();
  input.focus();

  return new Promise((resolve) => {
    let erased: Erased | undefined;
    input.oninput = () => {
      go.disabled = input.value.trim() !== word;
    };
    byId('erase-cancel').onclick = () => dialog.close();
    form.onsubmit = async (event) => {
      event.preventDefault();
      if (go.disabled) return;
      go.disabled = true;
      message.textContent = text('erase.working');
      const result = await erase();
      if (typeof result === 'string') {
        message.textContent = result;
        go.disabled = false;
        return;
      }
      erased = result;
      dialog.close();
    };
    dialog.onclose = () => resolve(erased);
  });
}
