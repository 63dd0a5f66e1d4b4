/**
 * Setting for the folder of the families, and the families in it. In a bundle,
 * `infra/packaging/bundle-plugins/embed-families.ts` replaces this module by one with the content of the files, so that functions
 * need neither the files nor a parser.
 */
import { setting, slice, text } from '#runtime/settings'
import { loadFamilies } from '../../telemetry/adapters/family-files.ts'
import { Families } from '../../telemetry/families.ts'
import { ORG } from './names.ts'

const FAMILIES_DIR = setting('folders.families', text(/\S/, 'a folder'), {
  description:
    'The folder with the [families of readings](../config/families/README.md), relative to the project. Functions are built with its content.',
  default: 'config/families',
  setBy: 'machine',
})

/** Folder of the families. */
export const FAMILY_FILES = slice('Families of readings', { FAMILIES_DIR })

/** Families of a program. Reading this slice reads their files. @throws FileError with all errors of all files */
export const FAMILIES = slice('Families of readings', { FAMILIES_DIR, ORG }, read => ({
  families: new Families(loadFamilies(read.FAMILIES_DIR, read.ORG || undefined)),
}))
