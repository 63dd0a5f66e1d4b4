/**
 * The state of an entity as a store keeps it: JSON, after a prefix with the version of its shape if that is not 1. JSON never
 * begins with a `v`, so a state without a prefix has version 1. Pure.
 */
import type { KeyedProcess } from '../../consumer/process.ts'

const VERSIONED = /^v(\d+) /

/** @param version of the shape of the state in `json` */
export function storedState(json: string, version: number): string {
  return version === 1 ? json : `v${version} ${json}`
}

/** The parts of a stored state. */
export function partsOfState(stored: string): { readonly version: number; readonly json: string } {
  const [prefix = '', version] = VERSIONED.exec(stored) ?? []
  return { version: version === undefined ? 1 : Number(version), json: stored.slice(prefix.length) }
}

export function versionOf({ version = 1 }: Pick<KeyedProcess<unknown>, 'version'>): number {
  return version
}

/**
 * Reads a stored state. Migrates it if an older version of the code stored it.
 *
 * @throws what `migrate` throws, and an Error if the state cannot be interpreted
 */
export function readState(
  process: Pick<KeyedProcess<unknown>, 'version' | 'migrate'>,
  stored: string,
): unknown {
  const { version, json } = partsOfState(stored)
  const state: unknown = JSON.parse(json)
  if (version === versionOf(process)) return state
  if (version > versionOf(process)) throw new Error(`is older than the state, which has version ${version}`)
  if (!process.migrate) throw new Error(`has no migrate, but a state of version ${version}`)
  const migrated = process.migrate(state, version)
  if (migrated === undefined || migrated instanceof Promise)
    throw new Error(`has migrated a state of version ${version} to nothing that can be one`)
  return migrated
}

/** What is wrong with the version that a process declares; undefined if it is valid. */
export function versionError({ version, migrate }: Partial<KeyedProcess<unknown>>): string | undefined {
  if (version === undefined) return undefined
  if (!Number.isSafeInteger(version) || version < 1)
    return `version ${version}, which is not a whole number from 1 on`
  if (version > 1 && !migrate)
    return `version ${version}, but no migrate: what becomes of the states of older versions?`
  return undefined
}
