import type { Affine } from './affine.js';
import type { ChannelOrder, RgbImage } from './image.js';
import { RESAMPLE_WASM } from './image-resample-wasm.js';

/** As much of the interface as is needed here; the types of Node's version lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What image-resample.wat exports; addresses in bytes. */
interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  halve(from: number, stride: number, to: number, width: number, height: number): void;
  sample(
    rows: number,
    height: number,
    columns: number,
    width: number,
    bytes: number,
    blended: number,
    red: number,
    green: number,
    blue: number,
  ): void;
}

const kernels = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(RESAMPLE_WASM, 'base64')))
  .exports as Kernels;

/** Kernels read and write whole vectors. */
const SLACK = 64;
const PAGE = 65_536;

/** Half the width and height of an image of at least 2×2, each pixel the mean of 2×2. An odd last row or column is dropped. */
export function halve(image: RgbImage): RgbImage {
  const width = image.width >> 1;
  const height = image.height >> 1;
  if (width < 1 || height < 1) throw new RangeError('an image of less than 2×2 cannot be halved');
  const length = width * height * 3;
  const [from, to] = layOut(image.data.length, length) as [number, number];
  bytesAt(from, image.data.length).set(image.data);
  kernels.halve(from, image.width * 3, to, width, height);
  return { width, height, data: bytesAt(to, length).slice() };
}

/**
 * Samples `width`×`height` pixels into `out` as three float planes, bilinearly; what lies outside the image is black.
 *
 * @param map maps a pixel of the output to a place in the image; its rows are rows of the image: map[1] and map[3] are 0.
 */
export function sampleAxisAligned(
  image: RgbImage,
  [scaleX, , offsetX, , scaleY, offsetY]: Affine,
  width: number,
  height: number,
  order: ChannelOrder,
  out: Float32Array,
): void {
  const [firstColumn, lastColumn] = range(scaleX, offsetX, width, image.width);
  const [firstRow, lastRow] = range(scaleY, offsetY, height, image.height);
  if (!(firstColumn <= lastColumn && firstRow <= lastRow)) {
    out.fill(0);
    return;
  }
  const stride = image.width * 3;
  const source = image.data.subarray(firstRow * stride, (lastRow + 1) * stride);
  const bytes = (lastColumn - firstColumn + 1) * 3;
  const [pixels, rows, columns, blended, planes] = layOut(
    source.length,
    height * 16,
    width * 8,
    (bytes + 6) * 4,
    out.byteLength,
  ) as [number, number, number, number, number];
  bytesAt(pixels, source.length).set(source);

  const rowAddresses = new Int32Array(kernels.memory.buffer, rows, height * 4);
  const rowWeights = new Float32Array(kernels.memory.buffer, rows, height * 4);
  const rowAddress = (row: number) =>
    pixels + (Math.min(Math.max(row, firstRow), lastRow) - firstRow) * stride + firstColumn * 3;
  for (let y = 0; y < height; y++) {
    const at = scaleY * y + offsetY;
    const upper = Math.floor(at);
    rowAddresses[4 * y] = rowAddress(upper);
    rowAddresses[4 * y + 1] = rowAddress(upper + 1);
    // A row outside the image counts as black: its weight is 0 and its address that of any row inside.
    rowWeights[4 * y + 2] = upper >= 0 && upper < image.height ? 1 - (at - upper) : 0;
    rowWeights[4 * y + 3] = upper >= -1 && upper < image.height - 1 ? at - upper : 0;
  }

  new Float32Array(kernels.memory.buffer, blended, 3).fill(0);
  const columnAddresses = new Int32Array(kernels.memory.buffer, columns, width * 2);
  const columnWeights = new Float32Array(kernels.memory.buffer, columns, width * 2);
  for (let x = 0; x < width; x++) {
    const at = scaleX * x + offsetX;
    const left = Math.floor(at);
    const isInside = left >= -1 && left < image.width;
    columnAddresses[2 * x] = blended + (isInside ? (left - firstColumn + 1) * 12 : 0);
    columnWeights[2 * x + 1] = isInside ? at - left : 0;
  }

  const [first, green, last] = [planes, planes + width * height * 4, planes + width * height * 8];
  const [red, blue] = order === 'rgb' ? [first, last] : [last, first];
  kernels.sample(rows, height, columns, width, bytes, blended, red, green, blue);
  out.set(new Float32Array(kernels.memory.buffer, planes, out.length));
}

/** The first and last row or column of an image of `size` that `count` samples at `scale` · i + `offset` need. */
function range(scale: number, offset: number, count: number, size: number): [first: number, last: number] {
  const end = scale * (count - 1) + offset;
  return [Math.max(0, Math.floor(Math.min(offset, end))), Math.min(size - 1, Math.floor(Math.max(offset, end)) + 1)];
}

/** Addresses of buffers of these many bytes, one behind the other; the memory grows to hold them. */
function layOut(...lengths: number[]): number[] {
  let end = 0;
  const addresses = lengths.map((length) => {
    const address = end;
    end = Math.ceil((end + length + SLACK) / 16) * 16;
    return address;
  });
  const missing = end - kernels.memory.buffer.byteLength;
  if (missing > 0) kernels.memory.grow(Math.ceil(missing / PAGE));
  return addresses;
}

/** A view that the next growth of the memory ends. */
function bytesAt(address: number, length: number): Uint8Array {
  return new Uint8Array(kernels.memory.buffer, address, length);
}
