/** The configuration cannot be used. `message` has one line per wrong variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
