/** Reads the files of families. Functions do not: their bundles contain the content. */
import { readdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { FileError } from '../../support/file-errors.ts'
import { isObject } from '../../support/json.ts'
import { yamlDocument } from '../../support/yaml-document.ts'
import type { RawFamily } from '../family-file.ts'
import { type FamilyFile, readFamilies } from '../parse-family.ts'

const PROJECT = resolve(import.meta.dirname, '..', '..', '..')
const USUAL_FOLDER = 'config/families'

type Environment = Readonly<Record<string, string | undefined>>

/** Folder of the families, and the organisation in the default types of their readings. */
export interface FamiliesPlace {
  readonly folder: string
  readonly org: string
}

/**
 * Returns the place that FAMILIES_DIR and ORG name, by default the project's own folder. The file SLUICE_CONFIG may contain them. It is
 * read here, because modules need the families before the settings are read; other errors in the file are reported then.
 */
export function findFamilies(environment: Environment): FamiliesPlace {
  const { folders, kafka } = readSections(environment.SLUICE_CONFIG?.trim())
  const folder = environment.FAMILIES_DIR?.trim() || folders?.families || USUAL_FOLDER
  const org = environment.ORG?.trim() || kafka?.org || 'sluice'
  return { folder: resolve(PROJECT, folder), org: org === 'none' ? 'sluice' : org }
}

type Sections = Readonly<Partial<Record<string, Readonly<Partial<Record<string, string>>> | null>>>

function readSections(file: string | undefined): Sections {
  try {
    const yaml = file ? yamlDocument(readFileSync(resolve(file), 'utf8')) : undefined
    return yaml && 'content' in yaml && isObject(yaml.content) ? (yaml.content as Sections) : {}
  } catch {
    return {}
  }
}

/** Returns the paths of the files of a folder, sorted by name. @throws FileError if the folder has none or cannot be read */
export function listFamilyFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter(name => /\.ya?ml$/.test(name))
    if (names.length > 0) return names.sort().map(name => join(folder, name))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new FileError(`FAMILIES_DIR: ${toShown(folder)}: ${REASONS[code ?? ''] ?? message}`, {
      cause: error,
    })
  }
  throw new FileError(
    `FAMILIES_DIR: ${toShown(folder)}: the folder has no *.yaml file, so it has no families`,
  )
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'it is a file; name the folder with the families',
  EACCES: 'permission to read the folder is missing',
}

/**
 * Reads the families of a folder, in the order of the file names.
 *
 * @throws FileError if the folder cannot be used, and InvalidFile with all errors of all files
 */
export function loadFamilies({ folder, org }: FamiliesPlace): readonly RawFamily[] {
  const files = listFamilyFiles(folder).map(
    (path): FamilyFile => ({ file: toShown(path), text: readFileSync(path, 'utf8') }),
  )
  return readFamilies(files, org)
}

/** Returns the path within the project, or the whole path outside of it. */
function toShown(path: string): string {
  const within = relative(PROJECT, path)
  return within.startsWith('..') || isAbsolute(within) ? path : within
}
