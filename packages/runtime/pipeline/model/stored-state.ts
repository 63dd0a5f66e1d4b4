/**
 * Serialised state of an entity: JSON after the offset of its first record (`@` and base 36), and after the format version (`v`) if
 * that is not 1. Neither character can begin a JSON text. The state of a held entity is preceded by its hold, on a separate line,
 * and may be missing. Pure.
 */
import { unexpectedFailure } from '../../consumer/failure-codes.ts'
import type { KeyedProcess } from '../../consumer/process.ts'
import { PartitionStopped } from '../errors.ts'

const HELD = 'held '

/** State of an entity while a chunk is applied: as the store has it, or as a step has returned it. */
export type EntityState = string | StepState

/**
 * State that a step has returned, as a plain copy of which JSON loses nothing. The next step receives the same object. Its stored form is written only
 * where it is needed: for the commit, and near a limit.
 */
export class StepState {
  readonly value: unknown
  /** Offset of the first record of which the state contains anything; undefined if unknown. */
  readonly since: number | undefined
  readonly #version: number
  readonly #jsonLength: number
  #json: string | undefined

  /**
   * @param jsonLength upper bound for the length of its JSON
   * @param json its JSON, if it is already written
   */
  constructor(value: unknown, version: number, jsonLength: number, since?: number, json?: string) {
    this.value = value
    this.since = since
    this.#version = version
    this.#jsonLength = jsonLength
    this.#json = json
  }

  /** Upper bound for the length of the stored form. */
  get length(): number {
    return this.#jsonLength + MAX_PREFIX_LENGTH
  }

  /** The stored form. */
  get text(): string {
    this.#json ??= JSON.stringify(this.value)
    return withSince(formatState(this.#json, this.#version), this.since)
  }

  beginningAt(since: number | undefined): StepState {
    return new StepState(this.value, this.#version, this.#jsonLength, since, this.#json)
  }
}

/** Maximum length of offset and version before the JSON. */
const MAX_PREFIX_LENGTH = 32

/** Returns the state as the store has it. */
export function toText(state: EntityState): string {
  return typeof state === 'string' ? state : state.text
}

export function formatState(json: string, version: number): string {
  return version === 1 ? json : `v${version} ${json}`
}

/** Adds the offset of the first record of which the state contains anything; undefined if unknown. */
export function withSince(stored: string, since: number | undefined): string {
  return since === undefined ? stored : `@${since.toString(36)} ${stored}`
}

/** Returns the state as one that contains nothing from before this offset; undefined if unknown. */
export function beginAt(state: EntityState, since: number | undefined): EntityState {
  return typeof state === 'string' ? withSince(state, since) : state.beginningAt(since)
}

/** Returns the offset of the first record of which the state contains anything; undefined if unknown. */
export function getSince(state: EntityState): number | undefined {
  return typeof state === 'string' ? splitState(state).since : state.since
}

export function withHold(state: string | null, hold: string | undefined): string | null {
  return hold === undefined ? state : `${HELD}${hold}\n${state ?? ''}`
}

/** Splits a stored value into the hold (as JSON) and the state. Either may be absent. */
export function splitHold(stored: string): { readonly hold?: string; readonly state?: string } {
  if (!stored.startsWith(HELD)) return { state: stored }
  // Serialised JSON contains no line breaks.
  const end = stored.indexOf('\n')
  const state = stored.slice(end + 1)
  return { hold: stored.slice(HELD.length, end), ...(state === '' ? {} : { state }) }
}

/** Parts of a stored state without a hold. */
export interface StateParts {
  /** Offset of the first record of which the state contains anything; undefined if unknown. */
  readonly since: number | undefined
  readonly version: number
  readonly json: string
}

export function splitState(stored: string): StateParts {
  let at = 0
  let since: number | undefined
  if (stored.startsWith('@')) {
    at = stored.indexOf(' ') + 1
    since = Number.parseInt(stored.slice(1, at), 36)
  }
  if (!stored.startsWith('v', at)) return { since, version: 1, json: at === 0 ? stored : stored.slice(at) }
  const end = stored.indexOf(' ', at)
  return { since, version: Number(stored.slice(at + 1, end)), json: stored.slice(end + 1) }
}

/** Returns the state as JSON without its hold; undefined if the entity has none. */
export function stateJson(stored: string | undefined): string | undefined {
  const state = stored === undefined ? undefined : splitHold(stored).state
  return state === undefined ? undefined : splitState(state).json
}

export function getVersion({ version = 1 }: Pick<KeyedProcess<unknown>, 'version'>): number {
  return version
}

const MAX_NAME_LENGTH = 200

/**
 * Returns an error if this code must not use a state: a later version has stored it, or `migrate` throws. Returns undefined if the
 * state can be read.
 */
export function checkReadable(
  process: Pick<KeyedProcess<unknown>, 'name' | 'version' | 'migrate'>,
  entity: string,
  stored: string,
): PartitionStopped | undefined {
  const { version } = splitState(stored)
  const own = getVersion(process)
  if (version === own) return undefined
  const named = entity.slice(0, MAX_NAME_LENGTH)
  if (version > own)
    return new PartitionStopped(
      'state-newer-than-code',
      `the state of ${named} was stored by a later version of ${process.name} than this one (version ${own}), and is not changed: deploy that ` +
        'code again',
    )
  try {
    readState(process, stored)
    return undefined
  } catch (error) {
    const { name } = error as Error
    // The message of the error may quote the state, so only its location is reported.
    const { place = 'without a place' } = unexpectedFailure(error)
    return new PartitionStopped(
      'state-not-migrated',
      `migrate of ${process.name} cannot convert the state of ${named}, which version ${version} has stored and which is not changed: deploy a ` +
        `migrate that can read it, or version ${version} of the code again (${name} ${place})`,
    )
  }
}

/**
 * Reads a stored state. A state from an older version is migrated.
 *
 * @throws Error if the state cannot be read; errors of `migrate` are passed on
 */
export function readState(
  process: Pick<KeyedProcess<unknown>, 'version' | 'migrate'>,
  stored: string,
): unknown {
  const { version, json } = splitState(stored)
  const state: unknown = JSON.parse(json)
  if (version === getVersion(process)) return state
  if (version > getVersion(process)) throw new Error(`is older than the state, which has version ${version}`)
  if (!process.migrate) throw new Error(`has no migrate, but a state of version ${version}`)
  const migrated = process.migrate(state, version)
  if (migrated === undefined || migrated instanceof Promise)
    throw new Error(`has migrated a state of version ${version} to an invalid one`)
  return migrated
}

/** Returns an error message for an invalid version, undefined for a valid one. */
export function versionError({ version, migrate }: Partial<KeyedProcess<unknown>>): string | undefined {
  if (version === undefined) return undefined
  if (!Number.isSafeInteger(version) || version < 1)
    return `version is ${version}: it must be a positive integer`
  if (version > 1 && !migrate)
    return `version is ${version}, but there is no migrate: define it for the states of older versions`
  return undefined
}
