/** What a reload says. Pure. */

const MAX_NAMED = 3

/** Addition for fields of families that have another type. */
export const RETYPED =
  'another type than before. Records that wait with the former one become dead letters; the history has its values in a column of their own, or in rest: see docs/history.md'
/** Addition for fields of families that have another meaning. */
export const CHANGED =
  'statistics, and what rules remember, begin anew with the next reading. Rows of the database from before have the former meaning: see config/families/README.md'

/** Returns the line about saved files that are in force, with the functions that use them. */
export function describeReload(functions: readonly string[], files: readonly string[]): string {
  const named =
    files.length <= MAX_NAMED ? files.join(', ') : `${files[0]} and ${files.length - 1} more files`
  return `reloaded ${functions.join(', ')}: ${named}`
}

/** Returns which topics are read now, and which are no longer. */
export function describeTopics(before: ReadonlySet<string>, now: ReadonlySet<string>): string {
  const added = [...now].filter(topic => !before.has(topic))
  const gone = [...before].filter(topic => !now.has(topic))
  return [added, gone]
    .map(
      (topics, isGone) =>
        topics.length > 0 && `; ${isGone ? 'no longer reads' : 'reads'} ${topics.join(', ')}`,
    )
    .filter(Boolean)
    .join('')
}
