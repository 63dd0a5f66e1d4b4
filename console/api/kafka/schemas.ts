/** The subjects of the schema registry, their versions, and what has changed from one to the next. */
import { isRegistryError, type RegistrySubjects, type SchemaVersion } from '@sluice/schema-registry'
import { Hono } from 'hono'
import { integer, maxLength, minLength, minValue, object, optional, pipe, string, toNumber } from 'valibot'
import { promiseOf } from '../../../lib/queries/compatibility-rules.ts'
import { readable } from '../../../lib/queries/readable-schema.ts'
import { type DiffLine, diffOf } from '../../../lib/queries/text-diff.ts'
import { registered } from '../../../packages/runtime/adapters/registry/data-writer.ts'
import type { ConsoleHono } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../problem.ts'
import { queryOf } from '../query.ts'
import { isFound } from './layouts.ts'
import { type ShippedSubject, shippedSubjects } from './shipped-subjects.ts'

export interface SubjectsAnswer {
  /** Its address, without credentials. */
  readonly registry: string
  readonly subjects: readonly ListedSubject[]
  /** How many others match that are not listed, because the list has an upper bound. */
  readonly more: number
}

export interface ListedSubject {
  readonly subject: string
  /** Whose schema it is, where it is one that ships with Sluice. */
  readonly shipped: ShippedSubject | null
}

export interface SubjectAnswer extends ListedSubject {
  /** The rule for the next version, such as BACKWARD, and what it promises; null if it is not known. */
  readonly rule: { readonly name: string; readonly promise: string | null } | null
  readonly versions: readonly number[]
  /** The version that was asked for, or the last one. */
  readonly shown: SchemaVersion
  /** The version before it; null if it is the first. */
  readonly before: number | null
  /** From that one to the one that is shown; null if they are too long to compare. */
  readonly changes: readonly DiffLine[] | null
}

const MOST_SUBJECTS = 2_000
/** Comparing takes time and memory with the product of the lines. */
const MOST_LINES = 2_000

const FOUND = object({ find: optional(pipe(string(), maxLength(1_000, 'is too long')), '') })
const VERSION = pipe(
  string(),
  toNumber('give the number of a version'),
  integer('give the number of a version'),
  minValue(1, 'versions begin with 1'),
)
const ONE = object({
  name: pipe(optional(string(), ''), minLength(1, 'name a subject'), maxLength(1_000, 'is too long')),
  version: optional(VERSION),
})

export function schemaRoutes({ config }: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  const ask = <T>(question: (subjects: RegistrySubjects) => Promise<T>) => {
    if (config.registry) return answered(registered(config.registry), question)
    throw new ProblemError('not-found', 'No schema registry is configured: set SCHEMA_REGISTRY_URL.')
  }
  routes.get('/', async context => {
    const { find } = queryOf(FOUND, context)
    const matching = (await ask(subjects => subjects.list())).filter(subject => isFound(subject, find))
    const shipped = shippedSubjects(config.env)
    const subjects = matching.slice(0, MOST_SUBJECTS).map(subject => listed(subject, shipped))
    const registry = config.registry?.url ?? ''
    return context.json({
      registry,
      subjects,
      more: matching.length - subjects.length,
    } satisfies SubjectsAnswer)
  })
  routes.get('/one', async context => {
    const { name, version } = queryOf(ONE, context)
    const { earlier, ...found } = await ask(subjects => versionOf(subjects, name, version))
    const changes = changesBetween(earlier, found.shown.text)
    const one = listed(name, shippedSubjects(config.env))
    return context.json({ ...one, ...found, changes } satisfies SubjectAnswer)
  })
  return routes
}

/** One question after another: some registries answer many at once with errors. */
async function versionOf(subjects: RegistrySubjects, name: string, wanted: number | undefined) {
  const versions = await subjects.versions(name)
  const shown = await subjects.version(name, wanted ?? 'latest')
  if (!shown)
    throw new ProblemError(
      'not-found',
      wanted === undefined || versions.length === 0
        ? `The schema registry has no subject ${name}.`
        : `${name} has no version ${wanted}; it has ${versions.join(', ')}.`,
    )
  const before = versions.filter(version => version < shown.version).at(-1) ?? null
  const earlier = before === null ? undefined : await subjects.version(name, before)
  const rule = await subjects.rule(name)
  return { rule: ruleCalled(rule), versions, shown, before, earlier: earlier?.text ?? null }
}

function ruleCalled(name: string | undefined): SubjectAnswer['rule'] {
  return name === undefined ? null : { name, promise: promiseOf(name) ?? null }
}

/** @param earlier null: there is none */
function changesBetween(earlier: string | null, text: string): readonly DiffLine[] | null {
  if (earlier === null) return []
  const [before, now] = [readable(earlier), readable(text)]
  if (Math.max(before.split('\n').length, now.split('\n').length) > MOST_LINES) return null
  return diffOf(before, now)
}

function listed(subject: string, shipped: ReadonlyMap<string, ShippedSubject>): ListedSubject {
  return { subject, shipped: shipped.get(subject) ?? null }
}

/** @throws ProblemError if the registry does not answer, or refuses */
async function answered<T>(
  connecting: Promise<RegistrySubjects>,
  question: (subjects: RegistrySubjects) => Promise<T>,
): Promise<T> {
  try {
    return await question(await connecting)
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
