import type { BaseIssue } from 'valibot'

export { ConfigError } from '../consumer/author-errors.ts'

/** One line for each issue that valibot found. It begins with the name of the setting. */
export function errorLines(issues: readonly BaseIssue<unknown>[]): string[] {
  return issues.map(({ path = [], expected, message }) => {
    // An unknown key is not a setting, so the line names the document that contains it.
    const named = expected === 'never' ? path.slice(0, -1) : path
    const name = named.map(({ key }) => String(key)).join('.')
    return name ? `${name}: ${message}` : message
  })
}
