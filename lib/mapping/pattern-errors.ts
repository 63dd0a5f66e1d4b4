import type { FilePath, PathError } from '../support/file-errors.ts'
import { linearPattern } from '../support/linear-pattern.ts'

/** Returns errors for a pattern that has not one group, or cannot be matched in linear time. */
export function patternErrors(pattern: string | undefined, path: FilePath): PathError[] {
  if (pattern === undefined) return []
  const at = [...path, 'pattern']
  try {
    const groups = linearPattern(pattern).groupCount()
    return groups === 1
      ? []
      : [{ path: at, message: `must have one group in parentheses, and has ${groups}` }]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [{ path: at, message: `is not a regular expression that RE2 can match: ${error.message}` }]
  }
}
