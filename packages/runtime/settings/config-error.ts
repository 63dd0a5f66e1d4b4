import type { BaseIssue } from 'valibot'

export { ConfigError } from '../consumer/author-errors.ts'

/** Returns one line for each issue that valibot found, beginning with the name of the setting. */
export function errorLines(issues: readonly BaseIssue<unknown>[]): string[] {
  return issues.map(({ path = [], expected, message }) => {
    // An unknown key is not a setting, so the line names the document that contains the key.
    const named = expected === 'never' ? path.slice(0, -1) : path
    const name = named.map(({ key }) => String(key)).join('.')
    return name ? `${name}: ${message}` : message
  })
}
