import { custom, type ObjectEntries, pipe, type StrictObjectIssue, strictObject } from 'valibot'
import { isObject } from '../../json.ts'

/** Returns the schema of a JSON object that must not have any other keys. */
export function document<const Entries extends ObjectEntries>(entries: Entries) {
  const known = Object.keys(entries).join(', ')
  return pipe(
    // Valibot accepts an array as an object, so it is rejected first.
    custom<object>(isObject, 'must be an object'),
    strictObject(entries, issue => `${unknownKeys(issue, entries)}; known are ${known}`),
  )
}

/** Returns the names of all unknown keys, separated by commas. Valibot itself reports only the first one. */
function unknownKeys({ path }: StrictObjectIssue, entries: ObjectEntries): string {
  const keys = Object.keys((path?.[0]?.input ?? {}) as object).filter(key => !Object.hasOwn(entries, key))
  const names = keys.map(key => JSON.stringify(key)).join(', ')
  return `${names} ${keys.length === 1 ? 'is' : 'are'} not known`
}
