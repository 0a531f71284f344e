/** The longest side of a photo that is sent: more would not make it recognised better, only slower. */
export const MAX_SIDE = 1280;
const JPEG_QUALITY = 0.9;

/** Width and height with the longest side at most `limit`. */
export function fitWithin(width: number, height: number, limit = MAX_SIDE): { width: number; height: number } {
  const scale = Math.min(1, limit / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A photo to send, and how large it is. */
export interface Shot {
  readonly photo: Blob;
  readonly width: number;
  readonly height: number;
}

/** What the camera shows at this moment; undefined before its first picture. */
export async function takePhoto(video: HTMLVideoElement): Promise<Shot | undefined> {
  if (video.videoWidth === 0) return undefined;
  return toJpeg(video, video.videoWidth, video.videoHeight);
}

/** A photo from a file, turned upright; undefined when the browser cannot read it. */
export async function readPhoto(file: Blob): Promise<Shot | undefined> {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
    try {
      return await toJpeg(bitmap, bitmap.width, bitmap.height);
    } finally {
      bitmap.close();
    }
  } catch {
    return undefined;
  }
}

async function toJpeg(source: CanvasImageSource, fullWidth: number, fullHeight: number): Promise<Shot> {
  const { width, height } = fitWithin(fullWidth, fullHeight);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  try {
    canvas.getContext('2d')?.drawImage(source, 0, 0, width, height);
    const photo = await new Promise<Blob>((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no JPEG'))), 'image/jpeg', JPEG_QUALITY);
    });
    return { photo, width, height };
  } finally {
    // Its pixels are a face; they go now, not when somebody collects garbage.
    [canvas.width, canvas.height] = [0, 0];
  }
}

/** The form that carries photos. */
export function photoForm(photos: readonly Blob[], fields: Readonly<Record<string, string>> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  for (const photo of photos) form.append('image', photo, 'photo.jpg');
  return form;
}
