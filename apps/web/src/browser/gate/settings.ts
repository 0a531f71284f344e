import type { Facing } from '../shared/camera.js';
import { LANGUAGES, type Language } from '../shared/texts.js';

export interface Settings {
  /** With the employee's id, or to find out who it is. */
  readonly mode: 'verify' | 'identify';
  readonly camera: Facing;
  /** Null: as the browser prefers. */
  readonly language: Language | null;
  /** Seconds in which a person looks up from the scanner. */
  readonly delay: number;
  /** Seconds for which an answer is shown. */
  readonly hold: number;
  readonly sound: boolean;
  /** Whether ids have digits only. */
  readonly digits: boolean;
  /** Name of the gate, or empty. */
  readonly gate: string;
}

export const DEFAULT_SETTINGS: Settings = {
  mode: 'verify',
  camera: 'user',
  language: null,
  delay: 1,
  hold: 3,
  sound: false,
  digits: false,
  gate: '',
};

const GATE = /^[A-Za-z0-9._-]{0,64}$/;

/**
 * Settings from anything: from what this device has stored, or from a form. What is missing or makes no sense stays as it is
 * in `base`.
 */
export function readSettings(given: Readonly<Record<string, unknown>>, base: Settings = DEFAULT_SETTINGS): Settings {
  const oneOf = <T extends string>(value: unknown, known: readonly T[], fallback: T) =>
    known.find((option) => option === value) ?? fallback;
  const seconds = (value: unknown, least: number, most: number, fallback: number) => {
    const wanted = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof wanted === 'number' && wanted >= least && wanted <= most ? wanted : fallback;
  };
  const flag = (value: unknown, fallback: boolean) => {
    if (value === 'on' || value === 'true' || value === true) return true;
    return value === 'off' || value === 'false' || value === false ? false : fallback;
  };
  const { language, gate } = given;
  return {
    mode: oneOf(given.mode, ['verify', 'identify'], base.mode),
    camera: oneOf(given.camera, ['user', 'environment'], base.camera),
    language: LANGUAGES.find((known) => known === language) ?? (language === 'auto' ? null : base.language),
    delay: seconds(given.delay, 0, 5, base.delay),
    hold: seconds(given.hold, 1, 30, base.hold),
    sound: flag(given.sound, base.sound),
    digits: flag(given.digits, base.digits),
    gate: typeof gate === 'string' && GATE.test(gate) ? gate : base.gate,
  };
}

const SETTINGS_KEY = 'rollcall.gate.settings';
const TOKEN_KEY = 'rollcall.gate.token';

/** What this device remembers of itself. A browser that forbids it forgets at the next start. */
export interface DeviceMemory {
  settings(): Settings;
  save(settings: Settings): void;
  token(): string | null;
  saveToken(token: string | null): void;
}

/** @param query of the page's address, which goes before what is stored: `?mode=identify&gate=north` */
export function createDeviceMemory(storage: () => Storage, query: string): DeviceMemory {
  const fromAddress = Object.fromEntries(new URLSearchParams(query));
  let [settings, token] = [readSettings(fromAddress, readSettings(stored())), read(TOKEN_KEY)];

  function stored(): Record<string, unknown> {
    try {
      return JSON.parse(read(SETTINGS_KEY) ?? '{}') as Record<string, unknown>;
    } catch {
      return {};
    }
  }

  function read(key: string): string | null {
    try {
      return storage().getItem(key);
    } catch {
      return null;
    }
  }

  function write(key: string, value: string | null): void {
    try {
      if (value === null) storage().removeItem(key);
      else storage().setItem(key, value);
    } catch {
      // It is remembered until the page is closed.
    }
  }

  return {
    settings: () => settings,
    save(changed) {
      settings = changed;
      write(SETTINGS_KEY, JSON.stringify(changed));
    },
    token: () => token,
    saveToken(changed) {
      token = changed;
      write(TOKEN_KEY, changed);
    },
  };
}
