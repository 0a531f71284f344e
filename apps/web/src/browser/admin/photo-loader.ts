import type { EmployeeReply } from '@rollcall/contracts';
import type { Api } from '../shared/api.js';

/** Photos need the token, so an image cannot load them by itself. */
export interface PhotoLoader {
  /** Loads the photo when the image comes into sight. */
  load(image: HTMLImageElement, path: string): void;
  /** Loads the employee's first photo when the image comes into sight. */
  loadFirst(image: HTMLImageElement, employeeId: string): void;
  /** Stops, and gives the photos back. */
  close(): void;
}

/** Requests at a time: the gates come first. */
const AT_ONCE = 4;

export function createPhotoLoader(api: Pick<Api, 'photo' | 'request'>): PhotoLoader {
  const abort = new AbortController();
  const { signal } = abort;
  const urls: string[] = [];
  const waiting: (() => Promise<void>)[] = [];
  const wanted = new Map<Element, () => Promise<void>>();
  let running = 0;

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const job = wanted.get(target);
      if (!isIntersecting || !job) continue;
      wanted.delete(target);
      observer.unobserve(target);
      waiting.push(job);
    }
    runNext();
  });

  function runNext(): void {
    while (running < AT_ONCE && !signal.aborted) {
      const job = waiting.shift();
      if (!job) return;
      running++;
      void job().finally(() => {
        running--;
        runNext();
      });
    }
  }

  async function fill(image: HTMLImageElement, path: string): Promise<void> {
    const answer = await api.photo(path, signal);
    if (answer.kind !== 'done' || signal.aborted) return;
    const url = URL.createObjectURL(answer.body);
    urls.push(url);
    image.src = url;
  }

  function whenSeen(image: HTMLImageElement, job: () => Promise<void>): void {
    wanted.set(image, job);
    observer.observe(image);
  }

  return {
    load: (image, path) => whenSeen(image, () => fill(image, path)),
    loadFirst: (image, employeeId) =>
      whenSeen(image, async () => {
        const answer = await api.request<EmployeeReply>(`/v1/employees/${encodeURIComponent(employeeId)}`, { signal });
        const [first] = answer.kind === 'done' ? answer.body.faces : [];
        if (first) await fill(image, first.photo_url);
      }),
    close() {
      abort.abort();
      observer.disconnect();
      for (const url of urls) URL.revokeObjectURL(url);
    },
  };
}
