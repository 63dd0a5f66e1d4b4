/** Record keys of readings, by a strategy of the family or by a field of the data. Pure. */

/**
 * Strategies for distributing readings over partitions. `instance`, `type` and `tenant` keep an entity in one
 * partition, as consumers with state require; `random` is only for consumers without state.
 */
export type NamedStrategy = 'instance' | 'type' | 'tenant' | 'random'

/**
 * Key strategy that uses the value of a field of the data. An entity stays in one partition only if the value
 * is constant for the entity.
 */
interface KeyField {
  /** Dotted path of the field, such as `location.site`. */
  readonly field: string
  /** Set if readings without the field have the key of their family. Otherwise `keyOf` throws for them. */
  readonly isOptional?: true
}

export type KeyStrategy = NamedStrategy | KeyField

export const NAMED_STRATEGIES = [
  'instance',
  'type',
  'tenant',
  'random',
] as const satisfies readonly NamedStrategy[]

/**
 * Error for data without the key field, or with a value that is not a text, a number or a boolean. The
 * message contains only the name of the field.
 */
export class KeyFieldMissing extends Error {
  override readonly name = 'KeyFieldMissing'

  constructor(field: string) {
    super(`the data has no text, number or truth value in "${field}" for the record key`)
  }
}

const FIELD = /^[^\s.]+(\.[^\s.]+)*$/

/**
 * Parses a key strategy: one of the names, or the path of a field. The prefix `data.` is allowed, because a
 * field may have the name of a strategy.
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
