/** Record keys of readings, by a strategy of the family or by a field of the data. Pure. */

/**
 * How readings are spread over the partitions. `instance`, `type` and `tenant` keep an entity in one partition, as
 * consumers with state require; `random` is only for consumers without state.
 */
export type NamedStrategy = 'instance' | 'type' | 'tenant' | 'random'

/** The value of a field, by its path in the data. It keeps an entity in one partition only where it follows from the entity. */
interface KeyField {
  /** A dotted path, such as `location.site`. */
  readonly field: string
  /** Readings without the field have the key of their family. Otherwise, they have none, and `keyOf` throws. */
  readonly isOptional?: true
}

export type KeyStrategy = NamedStrategy | KeyField

export const NAMED_STRATEGIES = [
  'instance',
  'type',
  'tenant',
  'random',
] as const satisfies readonly NamedStrategy[]

/** The data has no such field, or the field is not a text, a number or a truth value. The message names the field alone. */
export class KeyFieldMissing extends Error {
  override readonly name = 'KeyFieldMissing'

  constructor(field: string) {
    super(`the data has no text, number or truth value in "${field}" that could be the record key`)
  }
}

const FIELD = /^[^\s.]+(\.[^\s.]+)*$/

/**
 * Returns the strategy of a text: one of the names, or the path of a field. `data.` before the path is allowed, because a field
 * may have the name of a strategy.
 *
 * @returns undefined if the text is neither
 */
export function keyStrategyNamed(text: string): KeyStrategy | undefined {
  const named = NAMED_STRATEGIES.find(name => name === text)
  if (named !== undefined) return named
  return FIELD.test(text) ? { field: text.replace(/^data\./, '') } : undefined
}

/** Returns the text of a field as a record key; undefined if it is missing, empty or cannot be a key. */
export function fieldKey(data: unknown, field: string): string | undefined {
  let found = data
  for (const step of field.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as Record<string, unknown>)[step]
  }
  const isKey = typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
  return isKey && found !== '' ? String(found) : undefined
}
