import type { Property } from './property.js';
import { REQUEST_PROPERTIES } from './request-properties.js';
import { UPLOAD_PROPERTIES } from './upload-properties.js';

/** What holds whatever is sent. */
export const PROPERTIES: readonly Property[] = [...REQUEST_PROPERTIES, ...UPLOAD_PROPERTIES];
