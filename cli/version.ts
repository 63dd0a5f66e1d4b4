import { readFileSync } from 'node:fs'

/** Returns the version in package.json. */
export function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}
