import { expect, it } from 'vitest';
import { embeddingKey, employeePrefix, isReferencePhoto, photoOfEmbedding } from './keys.js';

const prefix = employeePrefix('7');

it('takes face_* directly inside the folder for reference photos', () => {
  expect(isReferencePhoto(prefix, 'employees/7/face_1.jpg')).toBe(true);
  expect(isReferencePhoto(prefix, 'employees/7/face_front.PNG')).toBe(true);
  expect(isReferencePhoto(prefix, 'employees/7/notes.txt')).toBe(false);
  expect(isReferencePhoto(prefix, 'employees/7/old/face_1.jpg')).toBe(false);
  expect(isReferencePhoto(prefix, 'employees/70/face_1.jpg')).toBe(false);
});

it('finds the photo of an embedding again, and the embedding is no photo', () => {
  const key = embeddingKey('employees/7/face_1.jpg');
  expect(photoOfEmbedding(prefix, key)).toBe('employees/7/face_1.jpg');
  expect(isReferencePhoto(prefix, key)).toBe(false);
  expect(photoOfEmbedding(prefix, 'employees/7/face_1.jpg')).toBeUndefined();
  expect(photoOfEmbedding(employeePrefix('8'), key)).toBeUndefined();
});
