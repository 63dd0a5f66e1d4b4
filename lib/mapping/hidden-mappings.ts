/** Finds mappings that get no record, because one without a condition stands before them. Pure. */
import type { Mapping } from './mapping.ts'

/**
 * Returns a warning for each mapping that takes what others after it would take, each once. A mapping without a condition takes every
 * record that has its required fields, except CloudEvents.
 *
 * @param lists mappings of each input, in the order in which they are tried
 */
export function describeHiddenMappings(lists: Iterable<readonly Mapping[]>): string[] {
  const warnings = [...lists].flatMap(mappings => {
    const first = mappings.findIndex(({ takesAllAt }) => takesAllAt !== undefined)
    const { name, takesAllAt } = mappings[first] ?? {}
    const hidden = mappings.slice(first + 1).filter(({ eventType }) => eventType === undefined)
    if (takesAllAt === undefined || hidden.length === 0) return []
    return [
      `${takesAllAt}  ${name} has no condition, so records with its required fields never reach the mappings after it: ` +
        `${hidden.map(mapping => mapping.name).join(', ')}. Add \`when\`, or name it last in \`mappings\` of the input.`,
    ]
  })
  return [...new Set(warnings)]
}
