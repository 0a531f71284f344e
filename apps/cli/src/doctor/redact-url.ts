/** The URL without user and password. Up to the last @, for a password may have one. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z+]+:\/\/).*@/, '$1');
}
