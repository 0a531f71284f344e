import { setTimeout as sleep } from 'node:timers/promises';
import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import { connectToPrivateRedis } from '../bench/watch.js';
import { photo } from '../support/client.js';
import { startSystem, temporaryFolder } from '../support/rollcall.js';
import { choose, createDeeds } from './deeds.js';
import { type Patient, takeSigns, type VitalSigns } from './signs.js';
import { SWEEP_EVENTS } from './tolerances.js';

export interface SoakOptions {
  readonly seconds: number;
  readonly clients: number;
  /** Hears of the signs now and then, while there is load. */
  readonly onSigns?: (signs: VitalSigns, atSeconds: number) => void;
}

/** How often something was done since the warm-up, and what went wrong. */
export interface DeedCount {
  readonly name: string;
  ok: number;
  busy: number;
  readonly wrong: string[];
}

export interface SoakReport {
  /** After the warm-up. */
  readonly start: VitalSigns;
  readonly end: VitalSigns;
  /** Under load. */
  readonly history: readonly VitalSigns[];
  readonly deeds: readonly DeedCount[];
  /** Lines of the log that tell of something that must not happen. */
  readonly alarms: readonly string[];
}

const EMPLOYEE = '1001';
/** Of the time, until caches, pools and compiled code are there. */
const WARM_UP_SHARE = 0.25;
const LOOKS = 30;
/** So short that results come and go many times. They are swept this often too. */
const RESULT_TTL_SECONDS = 5;
const SETTLING_TIMEOUT_MS = 30_000;
/** After the last request clients and servers still hold connections that they have no use for. */
const IDLE_CONNECTIONS_MS = 5_000;
const MAX_EXAMPLES = 20;

/** A system of its own under a mixed load, examined after the warm-up and at the end. */
export async function soak({ seconds, clients, onSigns = () => undefined }: SoakOptions): Promise<SoakReport> {
  const folder = temporaryFolder();
  const settings = { DATA_DIR: folder.path, RESULT_TTL_SECONDS: `${RESULT_TTL_SECONDS}` };
  const config = loadConfig(settings);
  const store = createBlobStore(config);
  const [reference, right, wrong] = await Promise.all(
    ['person_a_1.jpg', 'person_a_2.jpg', 'person_b_2.jpg'].map(photo),
  );
  if (!reference || !right || !wrong) throw new Error('a fixture is missing');
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, reference);
  const system = await startSystem('start', settings);
  const redis = connectToPrivateRedis(config.dataDir);
  const patient: Patient = { pid: system.pid, redis, store, config };
  const deeds = createDeeds({ url: system.url, employeeId: EMPLOYEE, right, wrong });
  const history: VitalSigns[] = [];

  async function load(forSeconds: number, counts: readonly DeedCount[]): Promise<void> {
    const until = performance.now() + 1000 * forSeconds;
    const client = async () => {
      while (performance.now() < until) {
        const deed = choose(deeds);
        const outcome = await deed.run().catch((error: unknown) => `${error}`);
        const count = counts.find(({ name }) => name === deed.name);
        if (!count) continue;
        if (outcome === 'ok') count.ok++;
        else if (outcome === 'busy') count.busy++;
        else if (count.wrong.length < MAX_EXAMPLES) count.wrong.push(outcome);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** Resolves when nothing is left to be done and to be forgotten, or when that takes too long, which the signs tell. */
  async function settle(): Promise<void> {
    const deadline = performance.now() + SETTLING_TIMEOUT_MS;
    await sleep(IDLE_CONNECTIONS_MS);
    while (performance.now() < deadline) {
      const { jobKeys, uploads, events } = await takeSigns(patient);
      if (jobKeys + uploads === 0 && events <= SWEEP_EVENTS) return;
      await sleep(500);
    }
  }

  try {
    const warmUp = seconds * WARM_UP_SHARE;
    await load(warmUp, []);
    await settle();
    const start = await takeSigns(patient);
    const counts = deeds.map(({ name }): DeedCount => ({ name, ok: 0, busy: 0, wrong: [] }));
    const beganAt = performance.now();
    const look = async () => {
      const signs = await takeSigns(patient);
      history.push(signs);
      onSigns(signs, (performance.now() - beganAt) / 1000);
    };
    const timer = setInterval(look, (1000 * (seconds - warmUp)) / LOOKS);
    await load(seconds - warmUp, counts);
    clearInterval(timer);
    await settle();
    const end = await takeSigns(patient);
    const alarms = system
      .output()
      .split('\n')
      .filter((line) => /process died|unexpected error|Warning:|unhandled/i.test(line));
    return { start, end, history, deeds: counts, alarms };
  } finally {
    redis.disconnect();
    await system.stop();
    store.close();
    folder.remove();
  }
}
