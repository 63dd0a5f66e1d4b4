/** How long the functions of serverless.yml may run. */
import { readFileSync } from 'node:fs'
import { yamlContent } from '../lib/yaml-document.ts'

interface Entries {
  readonly provider?: { readonly timeout?: number }
  readonly functions?: Readonly<Record<string, { readonly timeout?: number }>>
}

/** The framework's own default, in seconds. */
const DEFAULT_SECONDS = 6

/** Milliseconds, by the name of the function. */
export function functionTimeouts(
  file: URL = new URL('../serverless.yml', import.meta.url),
): ReadonlyMap<string, number> {
  const { provider, functions = {} } = yamlContent(readFileSync(file, 'utf8'), file.pathname) as Entries
  const usual = provider?.timeout ?? DEFAULT_SECONDS
  return new Map(Object.entries(functions).map(([name, { timeout }]) => [name, (timeout ?? usual) * 1000]))
}
