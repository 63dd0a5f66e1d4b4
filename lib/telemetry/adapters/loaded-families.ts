/**
 * Families of this process. In a bundle, `infra/packaging/esbuild-plugins.cjs` replaces this module by the content of the files, so that
 * functions need neither the files nor a parser.
 */
import process from 'node:process'
import { FileError } from '../../support/file-errors.ts'
import type { RawFamily } from '../family-file.ts'
import { findFamilies, loadFamilies } from './family-files.ts'

/**
 * Error in the files; undefined if they are valid. Every program checks it before it does anything else (`scripts/run-main.ts`), so an
 * invalid file ends it with a message instead of a stack trace of the first module that needs the families.
 */
export let familiesError: FileError | undefined

export const loadedFamilies: readonly RawFamily[] = load()

function load(): readonly RawFamily[] {
  try {
    return loadFamilies(findFamilies(process.env))
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    familiesError = error
    return []
  }
}
