import type { Answer, Api } from '../shared/api.js';

/** What the views share. */
export interface Desk {
  readonly api: Api;
  /** Shows the view of an address such as `#/log`. */
  go(address: string): void;
  /** What to say of an answer that is no result. A token that is no longer valid leads back to the sign-in. */
  explain(answer: Unsuccessful): string;
  /** Tells it to those who hear the page. */
  announce(words: string): void;
}

export type Unsuccessful = Exclude<Answer<unknown>, { kind: 'done' }>;

/** A part of the page. */
export interface View {
  readonly element: HTMLElement;
  /** Ends whatever goes on, and gives back pictures and cameras. */
  close(): void;
}
