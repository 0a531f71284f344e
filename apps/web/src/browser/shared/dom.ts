/** The element with this id. @throws {Error} when the page has none, which is a mistake in the page. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as E;
}

type Properties<K extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[K], 'style' | 'dataset' | 'children' | 'attributes' | 'data'>
> & { readonly data?: Readonly<Record<string, string>>; readonly attributes?: Readonly<Record<string, string>> };

/** A new element. Text goes in as text, never as markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties<K> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  const { data = {}, attributes = {}, ...rest } = properties;
  Object.assign(element, rest);
  Object.assign(element.dataset, data);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

/** Shows or hides; what is hidden is hidden from everybody. */
export function show(element: HTMLElement, isShown: boolean): void {
  element.hidden = !isShown;
}
