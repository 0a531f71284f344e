import { z } from 'zod';

const pointSchema = z.tuple([z.number(), z.number()]);

/** A face in the pixels of the photo as it is viewed (EXIF orientation applied). Eyes are the person's own left and right. */
export const facialAreaSchema = z.object({
  x: z.number(),
  y: z.number(),
  w: z.number(),
  h: z.number(),
  left_eye: pointSchema,
  right_eye: pointSchema,
});
export type FacialArea = z.infer<typeof facialAreaSchema>;

/** Five points of a face, in the pixels of the photo as it is viewed; left and right are the person's own. */
export const faceLandmarksSchema = z.object({
  left_eye: pointSchema,
  right_eye: pointSchema,
  nose: pointSchema,
  mouth_left: pointSchema,
  mouth_right: pointSchema,
});
export type FaceLandmarks = z.infer<typeof faceLandmarksSchema>;
