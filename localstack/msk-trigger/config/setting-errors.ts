import { type BaseIssue, type ObjectEntries, strictObject } from 'valibot'
import { ConfigurationError } from '../support/framework.ts'
import { show } from '../support/values.ts'

/** The message of a value that is not what a setting allows. */
export function must(be: string): (issue: BaseIssue<unknown>) => string {
  return ({ input }) => `must be ${be}, not ${show(input)}`
}

/** The schema of a map with these settings and no others. */
export function settingsMap<const Entries extends ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries).join(', ')
  return strictObject(entries, issue =>
    issue.expected === 'never' ? `is not a setting; known are: ${known}` : must('a map')(issue),
  )
}

/**
 * All that is wrong, a line each.
 *
 * @param nameOf how a person finds the setting, by its path
 */
export function configurationError(
  issues: readonly BaseIssue<unknown>[],
  nameOf: (path: readonly string[]) => string,
): ConfigurationError {
  const lines = issues.map(
    ({ path = [], message }) => `${nameOf(path.map(({ key }) => String(key)))} ${message}`,
  )
  return new ConfigurationError(lines.join('\n'))
}
