import { LANGUAGES, type Language, TEXTS, type TextKey } from './texts.js';

/** What a text's `{name}` stands for. */
export type Values = Readonly<Record<string, string | number>>;

let current: Language = 'en';

/** The language of the page. */
export function language(): Language {
  return current;
}

/** A text in the page's language. */
export function text(key: TextKey, values: Values = {}): string {
  return fill(TEXTS[current][key], values);
}

export function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => `${values[name] ?? whole}`);
}

/** The first language of the list that there are texts in, English if there is none. */
export function chooseLanguage(wanted: readonly (string | null | undefined)[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((known) => known === tag?.toLowerCase().split('-')[0]);
    if (found) return found;
  }
  return 'en';
}

/** Makes the page speak: everything with `data-text`, `data-label` (its accessible name) or `data-placeholder`. */
export function speak(chosen: Language, root: ParentNode & { documentElement?: HTMLElement } = document): void {
  current = chosen;
  document.documentElement.lang = chosen;
  for (const element of root.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = text(element.dataset.text as TextKey);
  }
  for (const element of root.querySelectorAll<HTMLElement>('[data-label]')) {
    element.setAttribute('aria-label', text(element.dataset.label as TextKey));
  }
  for (const element of root.querySelectorAll<HTMLInputElement>('[data-placeholder]')) {
    element.placeholder = text(element.dataset.placeholder as TextKey);
  }
}

/** A number as the language writes it. */
export function number(value: number, decimals = 0): string {
  return value.toLocaleString(current, { maximumFractionDigits: decimals, minimumFractionDigits: decimals });
}

/** A moment as the language writes it. */
export function moment(iso: string): string {
  return new Date(iso).toLocaleString(current, { dateStyle: 'medium', timeStyle: 'medium' });
}
