import { type BaseIssue, custom, type ObjectEntries, safeParse, strictObject } from 'valibot'
import { ConfigurationError } from '../support/framework.ts'
import { isWholeNumber, show } from '../support/values.ts'

/** The message of a value that is not what a setting allows. */
export function must(be: string): (issue: BaseIssue<unknown>) => string {
  return ({ input }) => `must be ${be}, not ${show(input)}`
}

/** The schema of a map with these settings and no others. */
export function settingsMap<const Entries extends ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries).join(', ')
  return strictObject(entries, issue => {
    if (issue.expected === 'never') return `is not a setting; known are: ${known}`
    return missing(entries, issue) ?? must('a map')(issue)
  })
}

/** The message about a setting that is missing: the same as about one that is wrong. */
function missing(entries: ObjectEntries, { path }: BaseIssue<unknown>): string | undefined {
  const entry = entries[String(path?.[0].key)]
  return entry && safeParse(entry, undefined).issues?.[0].message
}

/** A whole number between two bounds. */
export function wholeNumber(least: number, most: number, unit = 'a whole number') {
  return custom<number>(value => isWholeNumber(value, least, most), must(`${unit} from ${least} to ${most}`))
}

/**
 * Reads every item.
 *
 * @throws ConfigurationError with the messages of all items that cannot be read
 */
export function readEach<Item, Value>(items: Iterable<Item>, read: (item: Item) => Value): Value[] {
  const values: Value[] = []
  const messages: string[] = []
  for (const item of items) {
    try {
      values.push(read(item))
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      messages.push(error.message)
    }
  }
  if (messages.length > 0) throw new ConfigurationError(messages.join('\n'))
  return values
}

/**
 * Everything that is wrong, a line each.
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
  // A value can break several parts of one requirement.
  return new ConfigurationError([...new Set(lines)].join('\n'))
}
