import { imageTypeOf } from './image-type.js';

/** The images of a form while they arrive. */
export interface ImageBuffer {
  /** Images of at least one byte. */
  readonly count: number;
  /** Bytes of all images. */
  readonly size: number;
  /** Makes room for so many bytes at once, for whoever knows how many there will be. */
  expect(bytes: number): void;
  /** Starts the next image and returns what takes its bytes, which come after those of the images before it. */
  begin(): ImageSink;
  /** The images, each a part of one buffer, which this object then no longer holds. */
  take(): Uint8Array[];
}

export interface ImageSink {
  /** Bytes of this image. */
  readonly size: number;
  append(bytes: Uint8Array): void;
  /** Whether the bytes so far can begin a JPEG, PNG or WebP; with fewer than 12 that is not yet known. */
  seemsSupported(): boolean;
  /** Whether the whole image, if it is not empty, begins as a JPEG, PNG or WebP. */
  isSupported(): boolean;
}

/** Bytes that tell every supported type. */
const SIGNATURE_BYTES = 12;

const FIRST_BUFFER_BYTES = 8192;
const GROWTH = 4;

/**
 * One buffer into which each byte is copied when it arrives. Keeping the chunks themselves would cost hundreds of bytes for
 * each, and whoever sends decides how small they are.
 */
export function createImageBuffer(): ImageBuffer {
  let buffer = Buffer.alloc(0);
  let size = 0;
  let images: { readonly start: number; end: number }[] = [];

  function resize(capacity: number): void {
    // Not zeroed, so that memory is only occupied as bytes arrive; not from the pool, which would outlive the images.
    const larger = Buffer.allocUnsafeSlow(capacity);
    buffer.copy(larger, 0, 0, size);
    buffer = larger;
  }

  return {
    get count() {
      return images.length;
    },
    get size() {
      return size;
    },
    expect(bytes) {
      if (bytes > buffer.length) resize(bytes);
    },
    begin() {
      const image = { start: 0, end: 0 };
      const startsSupported = () => imageTypeOf(buffer.subarray(image.start, image.end)) !== undefined;
      return {
        get size() {
          return image.end - image.start;
        },
        append(bytes) {
          if (bytes.length === 0) return;
          const needed = size + bytes.length;
          if (needed > buffer.length) resize(Math.max(needed, GROWTH * buffer.length, FIRST_BUFFER_BYTES));
          if (image.end === 0) {
            // Not when it begins: the bytes of the image before it may still be under way then.
            image.start = size;
            images.push(image);
          }
          buffer.set(bytes, size);
          size = needed;
          image.end = needed;
        },
        seemsSupported: () => image.end - image.start < SIGNATURE_BYTES || startsSupported(),
        isSupported: () => image.end === image.start || startsSupported(),
      };
    },
    take() {
      const taken = images.map(({ start, end }) => buffer.subarray(start, end));
      buffer = Buffer.alloc(0);
      size = 0;
      images = [];
      return taken;
    },
  };
}
