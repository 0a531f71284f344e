import { type Access, checkAccess } from '../shared/access.js';
import type { Api } from '../shared/api.js';
import { make } from '../shared/dom.js';
import { text } from '../shared/language.js';
import type { View } from './desk.js';

export interface Session {
  token(): string | null;
  save(token: string | null): void;
}

/** @param onSignedIn the session has a token that the service takes */
export function signInView(
  api: Pick<Api, 'request'>,
  session: Session,
  why: Access | undefined,
  onSignedIn: () => void,
): View {
  const message = make('p', { className: 'error', attributes: { role: 'alert' } });
  const token = make('input', { id: 'token', type: 'password', autocomplete: 'off', required: true });
  if (why === 'unreachable') message.textContent = text('token.unreachable');
  else if (session.token() !== null) message.textContent = text('token.wrong');

  const form = make(
    'form',
    { className: 'card fields sign-in', noValidate: true },
    make('h1', { textContent: text('admin.title'), tabIndex: -1 }),
    make('p', { className: 'soft', textContent: text('token.explain.admin') }),
    make('div', { className: 'field' }, make('label', { htmlFor: 'token', textContent: text('token.label') }), token),
    message,
    make('div', { className: 'actions' }, make('button', { className: 'primary', textContent: text('admin.signIn') })),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    const before = session.token();
    session.save(token.value.trim());
    message.textContent = text('token.checking');
    const access = await checkAccess(api);
    if (access === 'open') {
      onSignedIn();
      return;
    }
    session.save(before);
    message.textContent = text(access === 'unreachable' ? 'token.unreachable' : 'token.wrong');
    token.focus();
  });
  return { element: form, close: () => undefined };
}
