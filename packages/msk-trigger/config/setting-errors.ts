import { type BaseIssue, custom, type ObjectEntries, pipe, safeParse, strictObject, transform } from 'valibot'
import { describeType, isObject, isWholeNumber, show } from '../support/config-values.ts'
import { ConfigurationError } from '../support/serverless.ts'

/** Returns a function that builds the error message for an invalid value. */
export function mustBe(be: string): (issue: BaseIssue<unknown>) => string {
  return ({ input }) => `must be ${be}, not ${show(input)}`
}

/** Returns a function like `mustBe` for values that may be or contain a secret. The message shows only the type of the value. */
export function hiddenMustBe(be: string): (issue: BaseIssue<unknown>) => string {
  return ({ input }) => `must be ${be}, not ${describeType(input)}`
}

/** Returns the schema of a map that may contain only these settings. */
export function settingsMap<const Entries extends ObjectEntries>(
  entries: Entries,
  otherwise = mustBe('a map'),
) {
  const settingNames = Object.keys(entries).join(', ')
  return strictObject(entries, issue => {
    if (issue.expected === 'never') return `is not a setting; known are: ${settingNames}`
    return describeMissing(entries, issue) ?? otherwise(issue)
  })
}

/** Returns a schema like `settingsMap`, for settings that include secrets. A setting whose value is null counts as not set. */
export function hiddenMap<const Entries extends ObjectEntries>(entries: Entries) {
  return pipe(
    custom<object>(isObject, hiddenMustBe('a map')),
    transform(withoutNull),
    settingsMap(entries, hiddenMustBe('a map')),
  )
}

/** Removes null values, because a YAML key without a value is null. */
export function withoutNull(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null))
}

/** Returns the message for a missing setting, which is the same as for an invalid value. */
function describeMissing(entries: ObjectEntries, { path }: BaseIssue<unknown>): string | undefined {
  const entry = entries[String(path?.[0].key)]
  return entry && safeParse(entry, undefined).issues?.[0].message
}

export function wholeNumber(least: number, most: number, unit = 'a whole number') {
  return custom<number>(
    value => isWholeNumber(value, least, most),
    mustBe(`${unit} from ${least} to ${most}`),
  )
}

/** Reads every item. @throws ConfigurationError with the messages about all invalid items */
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
 * Builds an error with one line per issue.
 *
 * @param formatName function that returns the name of a setting, as users write it, by its path
 */
export function configurationError(
  issues: readonly BaseIssue<unknown>[],
  formatName: (path: readonly string[]) => string,
): ConfigurationError {
  const lines = issues.map(
    ({ path = [], message }) => `${formatName(path.map(({ key }) => String(key)))} ${message}`,
  )
  // A value can violate several parts of one requirement, so remove duplicate lines.
  return new ConfigurationError([...new Set(lines)].join('\n'))
}
