/**
 * Reader of all files that people edit. It parses a file, validates it against its schema and by the checks of its kind, and reports
 * all errors at once, of form and of meaning. Pure.
 */
import {
  byPosition,
  type FilePath,
  InvalidFile,
  type LocatedError,
  MAX_ERRORS,
  MORE_ERRORS,
  type PathError,
  showPath,
} from './file-errors.ts'
import { type FileSchema, findFormErrors } from './file-schema.ts'
import { isObject } from './json.ts'
import { type YamlDocument, yamlDocument } from './yaml-document.ts'

export interface EditedFile {
  /** Name of the file in error messages. */
  readonly file: string
  readonly text: string
}

/** Content from which values with errors of form were removed, so that any key can be missing. */
export type Validated<Raw> = Raw extends readonly (infer Element)[]
  ? readonly Validated<Element>[]
  : Raw extends object
    ? { readonly [Key in keyof Raw]?: Validated<Raw[Key]> | undefined }
    : Raw

/**
 * Returns the errors that a schema cannot express. An error about a value that is wrong in form is not reported.
 *
 * @param content content without the values that are wrong in form
 * @param isWrong returns whether a value, or a value within it, is wrong in form
 */
export type FindErrors<Raw> = (
  content: Validated<Raw>,
  isWrong: (...path: FilePath) => boolean,
) => readonly PathError[]

export interface ReadFile<Raw> {
  /** Content, which may only be used if there are no errors. */
  readonly content: Raw
  readonly errors: readonly LocatedError[]
  /** Adds the position in this file to errors. */
  locate(errors: readonly PathError[]): readonly LocatedError[]
  readonly positionOf: YamlDocument['positionOf']
}

/** Reads a file. Text that is not valid YAML has one error, that of its syntax. */
export function readEdited<Raw>(
  schema: FileSchema,
  { file, text }: EditedFile,
  findErrors: FindErrors<Raw>,
): ReadFile<Raw> {
  const yaml = yamlDocument(text)
  if ('message' in yaml) {
    const { message, ...position } = yaml
    const errors = [{ file, ...position, message }]
    return { content: {} as Raw, errors, locate: () => [], positionOf: () => position }
  }
  // A file that is empty or has only comments.
  const { content = {}, positionOf } = yaml
  const locate = (errors: readonly PathError[]) => {
    const toLocated = ({ path, message }: PathError) => {
      const key = showPath(path, content)
      return { file, ...positionOf(path), ...(key === '' ? {} : { key }), message }
    }
    const isLast = (error: PathError) => error === MORE_ERRORS
    const located = errors.filter(error => !isLast(error)).map(toLocated)
    return [...located.sort(byPosition), ...errors.filter(isLast).map(toLocated)]
  }
  const errors = locate(findContentErrors(schema, content, findErrors))
  return { content: content as Raw, errors, locate, positionOf }
}

/**
 * Returns the content of a file.
 *
 * @param what content of the file, such as "the failure policy"
 * @throws InvalidFile with all errors
 */
export function readValid<Raw>(
  schema: FileSchema,
  what: string,
  file: EditedFile,
  findErrors: FindErrors<Raw>,
): ReadFile<Raw> {
  const read = readEdited(schema, file, findErrors)
  if (read.errors.length > 0) throw new InvalidFile(what, read.errors)
  return read
}

/** Returns all errors of content, of form and of meaning, at most one for each value. */
export function findContentErrors<Raw>(
  schema: FileSchema,
  content: unknown,
  findErrors: FindErrors<Raw>,
): readonly PathError[] {
  const ofForm = findFormErrors(schema, content)
  // Of a list of errors that is cut, any value can be wrong.
  if (ofForm.includes(MORE_ERRORS) || ofForm.some(({ path }) => path.length === 0)) return ofForm
  const wrong = collectPaths(ofForm)
  const { sound, toOriginal } = withoutWrong(content, wrong)
  const isWrong = (...path: FilePath) => isWrongAt(wrong, path)
  const ofMeaning = findErrors(sound as Validated<Raw>, (...path) => isWrong(...toOriginal(path)))
    .map(({ path, message }) => ({ path: toOriginal(path), message }))
    .filter(({ path }) => !isWrong(...path))
  const first = Map.groupBy(ofMeaning, ({ path }) => JSON.stringify(path))
  const all = [...ofForm, ...[...first.values()].flatMap(([error]) => error ?? [])]
  return all.length > MAX_ERRORS ? [...all.slice(0, MAX_ERRORS), MORE_ERRORS] : all
}

/** Paths of wrong values by their parts. A value that is wrong itself has no parts. */
interface WrongPaths extends ReadonlyMap<string | number, WrongPaths> {}

function collectPaths(errors: readonly PathError[]): WrongPaths {
  const root = new Map()
  for (const { path } of errors) {
    let paths = root
    for (const part of path) {
      if (!paths.has(part)) paths.set(part, new Map())
      paths = paths.get(part)
    }
  }
  return root
}

function isWrongAt(wrong: WrongPaths, path: FilePath): boolean {
  let paths = wrong
  for (const part of path) {
    const next = paths.get(part)
    if (next === undefined) return false
    if (next.size === 0) return true
    paths = next
  }
  return paths.size > 0
}

/** Removes wrong values. The returned function converts the path of a value that is left to its path in the content. */
function withoutWrong(content: unknown, wrong: WrongPaths) {
  const originals = new Map<unknown, readonly number[]>()
  const copy = (value: unknown, paths: WrongPaths | undefined): unknown => {
    if (paths === undefined) return value
    const isKept = (part: string | number) => paths.get(part)?.size !== 0
    if (Array.isArray(value)) {
      const kept = [...value.keys()].filter(isKept)
      const left = kept.map(index => copy(value[index], paths.get(index)))
      originals.set(left, kept)
      return left
    }
    if (!isObject(value)) return value
    const entries = Object.entries(value).filter(([key]) => isKept(key))
    return Object.fromEntries(entries.map(([key, own]) => [key, copy(own, paths.get(key))]))
  }
  const sound = copy(content, wrong)
  const toOriginal = (path: FilePath): FilePath => {
    let value: unknown = sound
    return path.map(part => {
      const original = originals.get(value)?.[Number(part)] ?? part
      value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[part]
      return original
    })
  }
  return { sound, toOriginal }
}
