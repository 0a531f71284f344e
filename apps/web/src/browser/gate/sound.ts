import type { Verdict } from './verdict.js';

/** Hertz and seconds, one after the other: up for yes, down for no, twice the same for what can be mended. */
const TONES: Readonly<Record<Verdict['tone'], readonly (readonly [hertz: number, seconds: number])[]>> = {
  yes: [
    [660, 0.12],
    [880, 0.22],
  ],
  no: [
    [330, 0.18],
    [220, 0.35],
  ],
  attention: [
    [494, 0.12],
    [494, 0.12],
  ],
};
const VOLUME = 0.25;
/** Without it each tone would click. */
const FADE_SECONDS = 0.02;

/** Plays the sound of an answer, where the device can. */
export function createSound(): (tone: Verdict['tone']) => void {
  let context: AudioContext | undefined;
  return (tone) => {
    context ??= new AudioContext();
    // Browsers hold sound back until somebody has touched the page.
    void context.resume().catch(() => undefined);
    let at = context.currentTime + FADE_SECONDS;
    for (const [hertz, seconds] of TONES[tone]) {
      const [source, gain] = [context.createOscillator(), context.createGain()];
      source.frequency.value = hertz;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(VOLUME, at + FADE_SECONDS);
      gain.gain.setValueAtTime(VOLUME, at + seconds - FADE_SECONDS);
      gain.gain.linearRampToValueAtTime(0, at + seconds);
      source.connect(gain).connect(context.destination);
      source.start(at);
      source.stop(at + seconds);
      at += seconds;
    }
  };
}
