import type { AssessmentReply } from '@rollcall/contracts';
import { type Answer, type Api, sleep } from '../shared/api.js';
import { randomId } from '../shared/identifier.js';
import { photoForm, type Shot, takePhoto } from '../shared/picture.js';

/** From the beginning of one look to the beginning of the next. */
const EVERY_MS = 1_000;
const MAX_PAUSE_SECONDS = 10;

export interface Look {
  readonly shot: Pick<Shot, 'width' | 'height'>;
  readonly answer: Answer<AssessmentReply>;
}

/** Asks about once a second whether what the camera shows would be a good reference, one look at a time, until it is aborted. */
export async function watchQuality(
  api: Pick<Api, 'submit'>,
  video: HTMLVideoElement,
  signal: AbortSignal,
  tell: (look: Look) => void,
): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    let pauseMs = 0;
    const shot = document.visibilityState === 'visible' ? await takePhoto(video).catch(() => undefined) : undefined;
    if (shot && !signal.aborted) {
      const body = photoForm([shot.photo]);
      const answer = await api.submit<AssessmentReply>('/v1/assessments', { body, key: randomId(), signal });
      if (signal.aborted) return;
      tell({ shot, answer });
      if (answer.kind === 'refused') pauseMs = 1000 * Math.min(answer.retryAfterSeconds ?? 1, MAX_PAUSE_SECONDS);
    }
    await sleep(Math.max(pauseMs, EVERY_MS - (performance.now() - began)), signal);
  }
}
