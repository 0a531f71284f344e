import { describe, expect, it } from 'vitest';
import { createDeviceMemory, DEFAULT_SETTINGS, readSettings } from './settings.js';

/** A Storage that forgets with the test. */
function memoryStorage(): Storage {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  } as Storage;
}

describe('settings', () => {
  it('are read from an address', () => {
    const given = { mode: 'identify', gate: 'north-1', language: 'de', sound: 'on', hold: '5', delay: '0' };
    expect(readSettings(given)).toEqual({ ...DEFAULT_SETTINGS, ...given, sound: true, hold: 5, delay: 0 });
  });

  it('ignore what makes no sense', () => {
    const given = { mode: 'all', gate: 'no <gate>', language: 'xx', sound: 'loud', hold: '900', delay: 'x', camera: 7 };
    expect(readSettings(given)).toEqual(DEFAULT_SETTINGS);
    expect(readSettings({ hold: '' })).toEqual(DEFAULT_SETTINGS);
  });

  it('keep what is not mentioned, and can go back to the device’s language', () => {
    const base = readSettings({ language: 'de', gate: 'north' });
    expect(readSettings({ mode: 'identify' }, base)).toEqual({ ...base, mode: 'identify' });
    expect(readSettings({ language: 'auto' }, base).language).toBeNull();
  });

  it('are remembered by the device, and the address goes before', () => {
    const storage = memoryStorage();
    createDeviceMemory(() => storage, '').save({ ...DEFAULT_SETTINGS, gate: 'north', hold: 7 });
    expect(createDeviceMemory(() => storage, '?gate=south').settings()).toMatchObject({ gate: 'south', hold: 7 });
  });

  it('and the token last for a visit where nothing may be stored', () => {
    const forbidden = () => {
      throw new Error('denied');
    };
    const memory = createDeviceMemory(forbidden, '');
    memory.saveToken('rc_a_b');
    memory.save({ ...DEFAULT_SETTINGS, gate: 'north' });
    expect([memory.token(), memory.settings().gate]).toEqual(['rc_a_b', 'north']);
  });

  it('survive a storage that somebody else has written to', () => {
    const storage = memoryStorage();
    storage.setItem('rollcall.gate.settings', '{broken');
    expect(createDeviceMemory(() => storage, '').settings()).toEqual(DEFAULT_SETTINGS);
  });
});
