import { type BaseIssue, custom, type ObjectEntries, pipe, safeParse, strictObject, transform } from 'valibot'
import { ConfigurationError } from '../support/framework.ts'
import { isObject, isWholeNumber, kindOf, show } from '../support/values.ts'

/** The message of a value that is not what a setting allows. */
export function must(be: string): (issue: BaseIssue<unknown>) => string {
  return ({ input }) => `must be ${be}, not ${show(input)}`
}

/** Reports a value that may be or contain a secret: the message has its kind only. */
export function mustBe(be: string): (issue: BaseIssue<unknown>) => string {
  return ({ input }) => `must be ${be}, not ${kindOf(input)}`
}

/** The schema of a map with these settings and no others. */
export function settingsMap<const Entries extends ObjectEntries>(
  entries: Entries,
  otherwise = must('a map'),
) {
  const known = Object.keys(entries).join(', ')
  return strictObject(entries, issue => {
    if (issue.expected === 'never') return `is not a setting; known are: ${known}`
    return missing(entries, issue) ?? otherwise(issue)
  })
}

/** The same for settings of which some are secrets. A setting without a value is treated as not set, as in the rest. */
export function hiddenMap<const Entries extends ObjectEntries>(entries: Entries) {
  return pipe(
    custom<object>(isObject, mustBe('a map')),
    transform(withoutNull),
    settingsMap(entries, mustBe('a map')),
  )
}

/** Removes null values: a YAML key without a value is null. */
export function withoutNull(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null))
}

/** The message about a setting that is missing: the same as about one that is wrong. */
function missing(entries: ObjectEntries, { path }: BaseIssue<unknown>): string | undefined {
  const entry = entries[String(path?.[0].key)]
  return entry && safeParse(entry, undefined).issues?.[0].message
}

export function wholeNumber(least: number, most: number, unit = 'a whole number') {
  return custom<number>(value => isWholeNumber(value, least, most), must(`${unit} from ${least} to ${most}`))
}

/** Reads every item. @throws ConfigurationError with the messages of all items that cannot be read */
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

/** Everything that is wrong, a line each. @param nameOf how a person finds the setting, by its path */
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
