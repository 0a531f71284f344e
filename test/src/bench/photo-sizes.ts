import { join } from 'node:path';
import { temporaryFolder } from '../support/rollcall.js';
import type { BarePipeline } from './bare.js';
import { makePhonePhoto, makePhotos } from './photos.js';
import type { PhotoSizeReport } from './report.js';
import { median } from './statistics.js';

/** A 12-megapixel phone photo beside a 640×480 one, in turns. */
export async function comparePhotoSizes(bare: BarePipeline, rounds: number, seconds: number): Promise<PhotoSizeReport> {
  const folder = temporaryFolder();
  await makePhotos(folder.path);
  const small = join(folder.path, '640x480.jpg');
  const large = await makePhonePhoto(folder.path);
  const costs: { small: number; large: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const { cpuMs: smallMs } = await bare.measure(seconds, { photos: [small] });
    const { cpuMs: largeMs } = await bare.measure(seconds, { photos: [large.path] });
    costs.push({ small: smallMs, large: largeMs });
  }
  folder.remove();
  return {
    smallCpuMs: median(costs.map((cost) => cost.small)),
    largeCpuMs: median(costs.map((cost) => cost.large)),
    largeBytes: large.bytes,
    ratio: median(costs.map((cost) => cost.large / cost.small)),
  };
}
