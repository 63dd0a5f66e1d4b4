/** The packages of this repository, as their `package.json` describes them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from '@sluice/test-kit/program'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Reads a `package.json`. @param folder path relative to the project, `''` for the project itself */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(PROJECT, folder, 'package.json'), 'utf8'))
}

const PACKAGES = readdirSync(join(PROJECT, 'packages')).map(name => readManifest(join('packages', name)))

/** Names of the packages that are published. */
export const PUBLISHED = PACKAGES.filter(manifest => !manifest.private).map(({ name }) => name)
/** Names of the packages that others include. */
export const INCLUDED = PACKAGES.filter(manifest => manifest.private).map(({ name }) => name)
