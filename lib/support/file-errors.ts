/** Errors in files that users edit: their positions and messages. Pure. */
import type { SchemaViolation } from '../schemas/compiled.js'

/** Path to a value: keys and list indexes, outermost first. */
export type FilePath = readonly (string | number)[]

export interface PathError {
  readonly path: FilePath
  readonly message: string
}

/** Error with its position in the file. Lines and columns start at 1. */
export interface LocatedError {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Part of the file that contains the key, such as the name of a rule. */
  readonly part?: string
  readonly key?: string
  readonly message: string
}

/** Error for a file that cannot be used. The message contains the file and the reason. */
export class FileError extends Error {
  override readonly name: string = 'FileError'
}

/** Returns the reason why a file cannot be read, without its path. */
export function describeReadError({ code }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`
}

/** Error for a file with invalid content. The message lists every error on a separate line. */
export class InvalidFile extends FileError {
  override readonly name = 'InvalidFile'
  readonly errors: readonly LocatedError[]

  constructor(heading: string, errors: readonly LocatedError[]) {
    super([heading, ...errors.map(error => `  ${errorLine(error)}`)].join('\n'))
    this.errors = errors
  }
}

/**
 * Maximum number of errors that are reported for one file. Describing each error takes time, and users correct the first errors
 * first.
 */
export const MAX_ERRORS = 100

/** Final error in the list for a file that has more than `MAX_ERRORS` errors. */
export const MORE_ERRORS: PathError = {
  path: [],
  message: 'has more errors than are listed: correct these first',
}

/** Line and column, counted from 1 as in editors. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Formats an error as one line, such as `config/mappings/device.yaml:12:5  fields.temp: must be …`. */
export function errorLine(error: LocatedError, part = error.part): string {
  const { file, line, column, key, message } = error
  const what = [part, key].filter(name => name !== undefined).join('.')
  return `${file}:${line}:${column}  ${what === '' ? '' : `${what}: `}${message}`
}

/** Adds positions to errors, and sorts the errors by position. The whole path is used as the key of an error. */
export function locateErrors(
  errors: readonly PathError[],
  file: string,
  findPosition: (path: FilePath) => Position,
): readonly LocatedError[] {
  return errors
    .map(({ path, message }) => ({
      file,
      ...findPosition(path),
      ...(path.length === 0 ? {} : { key: path.join('.') }),
      message,
    }))
    .sort(byPosition)
}

/** Compares the positions of two errors of one file. */
export function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column
}

/** Describes schema violations. Only the first violation of each path is included, up to `MAX_ERRORS`. */
export function describeErrors<T extends SchemaViolation>(
  violations: readonly T[],
  describe: (violation: T) => PathError,
): readonly PathError[] {
  const errors = firstOfEach(violations.slice(0, MAX_ERRORS).map(describe))
  return violations.length > MAX_ERRORS ? [...errors, MORE_ERRORS] : errors
}

/** Returns the first error of each path. */
export function firstOfEach<T extends PathError>(errors: readonly T[]): readonly T[] {
  const byPlace = Map.groupBy(errors, ({ path }) => JSON.stringify(path))
  return [...byPlace.values()].flatMap(([first]) => first ?? [])
}

/** Returns the errors without those of values that enclose others: the inner ones explain them. `MORE_ERRORS` is kept. */
export function keepInnermost(errors: readonly PathError[]): readonly PathError[] {
  const isWithin = (inner: FilePath, outer: FilePath) =>
    inner.length > outer.length && outer.every((part, index) => inner[index] === part)
  return errors.filter(
    error => error === MORE_ERRORS || !errors.some(({ path }) => isWithin(path, error.path)),
  )
}

/**
 * Converts a JSON Pointer to a path.
 *
 * @param content document to which the pointer refers; it shows which parts of the path are list indexes
 */
export function parseJsonPointer(
  pointer: SchemaViolation['instancePath'],
  content: unknown,
): (string | number)[] {
  const path: (string | number)[] = []
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(valueAt(path, content)) ? Number(name) : name)
  }
  return path
}

/** Returns the value at a path; undefined if it is missing. */
export function valueAt(path: FilePath, content: unknown): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part],
    content,
  )
}
