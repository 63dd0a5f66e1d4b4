/** Errors in files that users edit: their positions and messages. Pure. */
import { count } from './count.ts'
import { isObject } from './json.ts'

/** Path to a value: keys and list indexes, outermost first. */
export type FilePath = readonly (string | number)[]

export interface PathError {
  readonly path: FilePath
  readonly message: string
}

/** Line and column, counted from 1 as in editors. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Error with its position in the file. */
export interface LocatedError extends Position {
  readonly file: string
  /** Path of the value in words, such as `HIGH_TEMP.fireAbove`; absent if the error concerns the file as a whole. */
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

/** Returns the reason why a folder cannot be read. @param content what the folder has, such as "the families" */
export function describeFolderError({ code, message }: NodeJS.ErrnoException, content: string): string {
  if (code === 'ENOENT') return 'the folder does not exist'
  if (code === 'ENOTDIR') return `it is a file; name the folder with ${content}`
  return code === 'EACCES' ? 'permission to read the folder is missing' : message
}

/** Error for files with invalid content. The message lists every error on a separate line. */
export class InvalidFile extends FileError {
  override readonly name = 'InvalidFile'
  readonly errors: readonly LocatedError[]

  /** @param what content of the files, such as "the alert rules" */
  constructor(what: string, errors: readonly LocatedError[]) {
    super(
      [`${count(errors.length, 'error')} in ${what}:`, ...errors.map(error => `  ${errorLine(error)}`)].join(
        '\n',
      ),
    )
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

/** Formats an error as one line, such as `config/mappings/device.yaml:12:5  fields.temp: must be …`. */
export function errorLine({ file, line, column, key, message }: LocatedError): string {
  return `${file}:${line}:${column}  ${key === undefined ? '' : `${key}: `}${message}`
}

/** Compares the positions of two errors of one file. */
export function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column
}

/**
 * Returns a path in words. The place of an element in a list is shown by the name of the element, if it has one, because people
 * name rules and routes, but do not count them.
 *
 * @param content document to which the path refers
 */
export function showPath(path: FilePath, content: unknown): string {
  const shown: (string | number)[] = []
  for (const [index, part] of path.entries()) {
    const element = typeof part === 'number' ? valueAt(path.slice(0, index + 1), content) : undefined
    const name = isObject(element) ? (element.name ?? element.topic) : undefined
    if (typeof name === 'string' && name !== '') shown.splice(-1, 1, name)
    else shown.push(part)
  }
  return shown.join('.')
}

/** Returns the value at a path; undefined if it is missing. */
export function valueAt(path: FilePath, content: unknown): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part],
    content,
  )
}
