/** Reads the files of families. Functions do not: their bundles contain the content. */
import { readdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { describeFolderError, FileError } from '../../support/file-errors.ts'
import { readText } from '../../support/text-reader.ts'
import type { RawFamily } from '../family-file.ts'
import { readFamilies } from '../parse-family.ts'

const PROJECT = resolve(import.meta.dirname, '..', '..', '..')

/**
 * Returns the paths of the files of a folder, sorted by name.
 *
 * @param given path of the folder, relative to the project
 * @throws FileError if the folder has no files or cannot be read
 */
export function listFamilyFiles(given: string): string[] {
  const folder = resolve(PROJECT, given)
  try {
    const names = readdirSync(folder).filter(name => /\.ya?ml$/.test(name))
    if (names.length > 0) return names.sort().map(name => join(folder, name))
  } catch (error) {
    const reason = describeFolderError(error as NodeJS.ErrnoException, 'the families')
    throw new FileError(`FAMILIES_DIR: ${toShown(folder)}: ${reason}`, { cause: error })
  }
  throw new FileError(
    `FAMILIES_DIR: ${toShown(folder)}: the folder has no *.yaml file, so it has no families`,
  )
}

/**
 * Reads the families of a folder, in the order of the file names.
 *
 * @param folder path, relative to the project
 * @param org organisation in the default types of their readings
 * @throws FileError if the folder cannot be used, and InvalidFile with all errors of all files
 */
export function loadFamilies(folder: string, org = 'sluice'): readonly RawFamily[] {
  const files = listFamilyFiles(folder).map(path => ({
    file: toShown(path),
    text: readText(readFileSync(path), toShown(path)),
  }))
  return readFamilies(files, org)
}

/** Returns the path within the project, or the whole path outside of it. */
function toShown(path: string): string {
  const within = relative(PROJECT, path)
  return within.startsWith('..') || isAbsolute(within) ? path : within
}
