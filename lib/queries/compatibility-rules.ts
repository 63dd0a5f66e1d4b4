/** Describes the compatibility modes by which a schema registry checks new schema versions. Pure. */

/** Guarantee that each compatibility mode provides. Source: Confluent's documentation, "Schema Evolution and Compatibility". */
const RULES: Readonly<Record<string, string>> = {
  NONE: 'nothing is checked',
  BACKWARD: 'the new schema reads data of the last version',
  BACKWARD_TRANSITIVE: 'the new schema reads data of every version',
  FORWARD: 'the last version reads data of the new schema',
  FORWARD_TRANSITIVE: 'every version reads data of the new schema',
  FULL: 'the new schema and the last version read data of each other',
  FULL_TRANSITIVE: 'the new schema and every version read data of each other',
}

/** Returns the guarantee of a compatibility mode; undefined for an unknown mode. */
export function promiseOf(rule: string): string | undefined {
  return Object.hasOwn(RULES, rule) ? RULES[rule] : undefined
}
