import { describe, expect, it } from 'vitest';
import { applyAffine } from './affine.js';
import { cropView, detectionToPhoto, photoView, type QuarterTurns } from './view.js';

const TURNS: QuarterTurns[] = [0, 1, 2, 3];

describe('photoView', () => {
  it.each(TURNS)('shows the whole photo after %d quarter turns', (turns) => {
    const view = photoView(640, 480, 320, turns);
    expect([view.width, view.height]).toEqual(turns % 2 === 0 ? [320, 256] : [256, 320]);
    // The first view pixel covers two by two photo pixels in one corner, whose centre lies between them.
    const corner = applyAffine(view.toPhoto, [0, 0]);
    expect(corner).toEqual(
      {
        0: [0.5, 0.5],
        1: [0.5, 478.5],
        2: [638.5, 478.5],
        3: [638.5, 0.5],
      }[turns],
    );
  });

  it('turns clockwise: the left edge of the photo becomes the top edge', () => {
    const view = photoView(320, 320, 320, 1);
    expect(applyAffine(view.toPhoto, [0, 0])).toEqual([0, 319]);
    expect(applyAffine(view.toPhoto, [319, 0])).toEqual([0, 0]);
    expect(applyAffine(view.toPhoto, [0, 319])).toEqual([319, 319]);
  });

  it('never enlarges and pads to multiples of 32', () => {
    const view = photoView(100, 33, 320, 0);
    expect([view.width, view.height]).toEqual([128, 64]);
    expect(applyAffine(view.toPhoto, [99, 32])).toEqual([99, 32]);
  });
});

describe('cropView', () => {
  it.each(TURNS)('has its centre in the middle after %d quarter turns', (turns) => {
    const view = cropView([40, 70], 0.5, 320, turns);
    const [x, y] = applyAffine(view.toPhoto, [159.5, 159.5]);
    expect(x).toBeCloseTo(40, 9);
    expect(y).toBeCloseTo(70, 9);
  });
});

describe('detectionToPhoto', () => {
  it.each(TURNS)('maps the box to an upright one after %d quarter turns', (turns) => {
    const view = photoView(640, 480, 320, turns);
    const detection = {
      box: { x: 10, y: 20, w: 30, h: 40 },
      landmarks: [
        [10, 20],
        [40, 20],
        [25, 40],
        [12, 60],
        [40, 60],
      ] as const,
      score: 0.9,
    };
    const { box, landmarks } = detectionToPhoto(view, detection);
    expect([box.w, box.h]).toEqual(turns % 2 === 0 ? [60, 80] : [80, 60]);
    // The landmark in the detection's top left corner is a corner of the box in the photo.
    expect([box.x, box.x + box.w]).toContain(landmarks[0][0]);
    expect([box.y, box.y + box.h]).toContain(landmarks[0][1]);
  });
});
