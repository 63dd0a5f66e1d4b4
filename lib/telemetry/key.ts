/** Record keys of readings, which are determined by a strategy or by a field of the data. Pure. */

/**
 * Strategies for distributing readings over partitions. With `instance`, `type` and `tenant`, all readings of an entity are in one
 * partition, which consumers with state require. `random` is only for consumers without state.
 */
export type NamedStrategy = 'instance' | 'type' | 'tenant' | 'random'

/**
 * Key strategy that uses the value of a data field as the key. The readings of an entity are in one partition only if the value
 * never changes for the entity.
 */
interface KeyField {
  /** Dotted path of the field, such as `place.bed`. Readings without it have the default key of their family. */
  readonly field: string
}

export type KeyStrategy = NamedStrategy | KeyField

const NAMED_STRATEGIES = ['instance', 'type', 'tenant', 'random'] as const satisfies readonly NamedStrategy[]

const FIELD = /^[^\s.]+(\.[^\s.]+)*$/

/**
 * Parses a key strategy: the name of a strategy, or the path of a field. A path may start with `data.`, because a field may have
 * the same name as a strategy.
 *
 * @returns undefined if the text is not a valid strategy
 */
export function keyStrategyNamed(text: string): KeyStrategy | undefined {
  const named = NAMED_STRATEGIES.find(name => name === text)
  if (named !== undefined) return named
  return FIELD.test(text) ? { field: text.replace(/^data\./, '') } : undefined
}
