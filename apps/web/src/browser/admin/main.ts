import { type Access, checkAccess } from '../shared/access.js';
import { createApi } from '../shared/api.js';
import { byId, show } from '../shared/dom.js';
import { chooseLanguage, language, speak, text } from '../shared/language.js';
import type { Desk, View } from './desk.js';
import { employeeView } from './employee.js';
import { employeesView } from './employees.js';
import { failureWords } from './failures.js';
import { logView } from './log.js';
import { type Route, routeOf } from './route.js';
import { signInView } from './sign-in.js';
import { systemView } from './system.js';

const TOKEN_KEY = 'rollcall.admin.token';
const LANGUAGE_KEY = 'rollcall.admin.language';

const session = {
  token: () => sessionStorage.getItem(TOKEN_KEY),
  save(token: string | null) {
    if (token === null) sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
  },
};
const api = createApi({ token: session.token, gate: () => null });
const place = byId('view');
let view: View | undefined;
let isSignedIn = false;

const desk: Desk = {
  api,
  go(address) {
    window.location.hash = address;
  },
  explain(answer) {
    if (answer.kind === 'refused' && answer.refusal.status === 401) queueMicrotask(() => signIn('unauthorized'));
    return failureWords(answer);
  },
  announce(words) {
    byId('announcer').textContent = words;
  },
};

function put(next: View): void {
  view?.close();
  view = next;
  place.replaceChildren(next.element);
  window.scrollTo(0, 0);
  // Whoever hears the page begins at the new heading.
  (place.querySelector('h1') ?? place).focus();
}

function create(route: Route): View {
  switch (route.name) {
    case 'employees':
      return employeesView(desk);
    case 'employee':
      return employeeView(desk, route.id);
    case 'log':
      return logView(desk);
    case 'system':
      return systemView(desk);
  }
}

function render(): void {
  if (!isSignedIn) return;
  const route = routeOf(window.location.hash);
  const section = route.name === 'employee' ? 'employees' : route.name;
  for (const link of document.querySelectorAll('#sections a')) {
    if (link.getAttribute('href') === `#/${section}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  put(create(route));
}

function enter(): void {
  isSignedIn = true;
  show(byId('sections'), true);
  show(byId('sign-out'), session.token() !== null);
  render();
}

function signIn(why?: Access): void {
  isSignedIn = false;
  show(byId('sections'), false);
  show(byId('sign-out'), false);
  put(signInView(api, session, why, enter));
  byId('token').focus();
}

function speakAs(chosen: ReturnType<typeof language>): void {
  speak(chosen);
  document.title = text('page.admin');
  byId('language').lang = chosen === 'en' ? 'de' : 'en';
}

byId('language').addEventListener('click', () => {
  speakAs(language() === 'en' ? 'de' : 'en');
  localStorage.setItem(LANGUAGE_KEY, language());
  if (isSignedIn) render();
  else signIn();
});
byId('sign-out').addEventListener('click', () => {
  session.save(null);
  signIn();
});
window.addEventListener('hashchange', render);

speakAs(chooseLanguage([localStorage.getItem(LANGUAGE_KEY), ...navigator.languages]));
void checkAccess(api).then((access) => (access === 'open' ? enter() : signIn(access)));
