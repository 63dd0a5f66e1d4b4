/** Subjects of the schema registry. */
import { isRegistryError } from '@sluice/schema-registry'
import { createRegistrySubjects } from '#runtime/adapters/registry/data-writer.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'

export interface ListedSubject {
  readonly subject: string
  /** Numbers of the versions; null if the registry did not report them in time. */
  readonly versions: readonly number[] | null
}

/** Time for which versions are requested, in milliseconds. Each subject requires a request. */
const MAX_MS = 5_000

/**
 * Returns all subjects with their versions. `registry` is its URL without credentials, or null if none is configured.
 *
 * @throws ProblemError if the registry does not list its subjects
 */
export async function listSubjects(
  { config: { registry } }: Pick<ConsoleEnvironment, 'config'>,
  maxMs = MAX_MS,
) {
  if (!registry) return { registry: null, subjects: [] }
  const asked = await createRegistrySubjects(registry)
  const names = await asked.list().catch(explain)
  const late = AbortSignal.timeout(maxMs)
  const isLate = new Promise<null>(resolve => late.addEventListener('abort', () => resolve(null)))
  const subjects: ListedSubject[] = []
  // Requests are sent one at a time, because some registries answer many concurrent requests with errors.
  for (const subject of names) {
    const versions = late.aborted ? null : Promise.race([asked.versions(subject).catch(() => null), isLate])
    subjects.push({ subject, versions: await versions })
  }
  return { registry: registry.url, subjects }
}

function explain(error: unknown): never {
  if (!isRegistryError(error)) throw error
  const { message } = error
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`
  throw new ProblemError(error.code === 'refused' ? 'refused' : 'unavailable', sentence)
}
