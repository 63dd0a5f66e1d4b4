/** Subjects of the schema registry and their versions. */
import { isRegistryError, type RegistrySubjects, type SchemaVersion } from '@sluice/schema-registry'
import { SUBJECT_STRATEGIES, schemaSubject } from '../../../lib/app/packaged-schemas.ts'
import { SERIALIZED_TYPES } from '../../../lib/app/serializing.ts'
import { EVENT_FORMATS, type EventFormat } from '../../../lib/event-types.ts'
import { promiseOf } from '../../../lib/queries/compatibility-rules.ts'
import { textFilter } from '../../../lib/text-match.ts'
import { registered } from '../../../packages/runtime/adapters/registry/data-writer.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'

interface ShippedSubject {
  /** Type of the events that the schema describes. */
  readonly type: string
  readonly format: EventFormat
}

export interface ListedSubject {
  readonly subject: string
  /** Event type and format of a schema that is part of Sluice; null for other schemas. */
  readonly shipped: ShippedSubject | null
}

export interface SubjectAnswer extends ListedSubject {
  /** Compatibility rule for the next version, such as BACKWARD, and its description; null if unknown. */
  readonly rule: { readonly name: string; readonly promise: string | null } | null
  readonly versions: readonly number[]
  /** The requested version; by default the latest. */
  readonly shown: SchemaVersion
}

const MAX_SUBJECTS = 2_000

/** Lists the subjects whose names contain the text, up to a limit. `registry` is the URL of the registry without credentials. */
export async function listedSubjects({ config }: ConsoleEnvironment, find: string) {
  const matching = (await ask(config, subjects => subjects.list())).filter(textFilter(find))
  const shipped = shippedSubjects(config.env)
  const subjects = matching.slice(0, MAX_SUBJECTS).map(subject => listed(subject, shipped))
  return { registry: config.registry?.url ?? '', subjects, more: matching.length - subjects.length }
}

/**
 * Returns one subject.
 *
 * @param version number of the version; by default, the latest
 * @throws ProblemError for an unknown subject or version
 */
export async function oneSubject(
  { config }: ConsoleEnvironment,
  name: string,
  version: number | undefined,
): Promise<SubjectAnswer> {
  const found = await ask(config, subjects => versionOf(subjects, name, version))
  return { ...listed(name, shippedSubjects(config.env)), ...found }
}

/** Returns the subjects of Sluice's own schemas by name, under each naming strategy. Pure. */
function shippedSubjects(env: string): ReadonlyMap<string, ShippedSubject> {
  return new Map(
    SERIALIZED_TYPES.flatMap(({ type }) =>
      EVENT_FORMATS.flatMap(format =>
        SUBJECT_STRATEGIES.map(
          strategy => [schemaSubject(type, format, env, strategy), { type, format }] as const,
        ),
      ),
    ),
  )
}

/**
 * Reads a version of a subject. Requests are sent one at a time, because some registries answer concurrent requests with errors.
 */
async function versionOf(subjects: RegistrySubjects, name: string, wanted: number | undefined) {
  const versions = await subjects.versions(name)
  const shown = await subjects.version(name, wanted ?? 'latest')
  if (!shown)
    throw new ProblemError(
      'not-found',
      wanted === undefined || versions.length === 0
        ? `The schema registry has no subject ${name}.`
        : `${name} has no version ${wanted}. Its versions are ${versions.join(', ')}.`,
    )
  const rule = await subjects.rule(name)
  return { rule: ruleCalled(rule), versions, shown }
}

function ruleCalled(name: string | undefined): SubjectAnswer['rule'] {
  return name === undefined ? null : { name, promise: promiseOf(name) ?? null }
}

function listed(subject: string, shipped: ReadonlyMap<string, ShippedSubject>): ListedSubject {
  return { subject, shipped: shipped.get(subject) ?? null }
}

/** Queries the registry. @throws ProblemError if it is not configured, does not respond, or rejects the request */
async function ask<T>(
  { registry }: ConsoleEnvironment['config'],
  question: (subjects: RegistrySubjects) => Promise<T>,
): Promise<T> {
  if (!registry)
    throw new ProblemError('not-found', 'No schema registry is configured. Set SCHEMA_REGISTRY_URL.')
  try {
    return await question(await registered(registry))
  } catch (error) {
    const { message } = error as Error
    if (isRegistryError(error, 'unavailable')) throw new ProblemError('unavailable', sentence(message))
    if (isRegistryError(error, 'refused')) throw new ProblemError('refused', sentence(message))
    throw error
  }
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
