import { isRegistryError } from '@sluice/schema-registry'
import { createRegistrySubjects } from '#runtime/operating/registry'
import { Unavailable } from '#runtime/pipeline'
import { textFilter } from '../../lib/support/text-match.ts'
import { column } from './column.ts'
import { textField } from './field.ts'
import { question } from './question.ts'

/** Time for which versions are requested, in milliseconds. Each subject requires a request. */
const MAX_MS = 5_000

export const SUBJECTS = question({
  title: 'Subjects',
  about: 'List the subjects of the schema registry, with their versions.',
  more: `
Example:
  sluice subjects list --subject reading`,
  ofCluster: true,
  filter: { subject: textField('part of the name of a subject', 'reading') },
  async read({ config: { registry } }, { subject: find = '' }, { most, withinMs = MAX_MS }) {
    if (!registry) return { rows: [], notes: ['No schema registry is configured: set SCHEMA_REGISTRY_URL.'] }
    const asked = await createRegistrySubjects(registry)
    const matching = (await asked.list().catch(explain)).filter(textFilter(find))
    const late = AbortSignal.timeout(withinMs)
    const isLate = new Promise<null>(resolve => late.addEventListener('abort', () => resolve(null)))
    const rows: { readonly subject: string; readonly versions: readonly number[] | null }[] = []
    // Requests are sent one at a time, because some registries answer many concurrent requests with errors.
    for (const subject of matching.slice(0, most)) {
      const versions = late.aborted ? null : Promise.race([asked.versions(subject).catch(() => null), isLate])
      rows.push({ subject, versions: await versions })
    }
    return {
      rows,
      more: matching.length - rows.length,
      notes: [`Schemas of the registry at ${registry.url}.`],
    }
  },
}).shownAs({
  key: 'subject',
  columns: [
    column('subject', { terminal: { least: 20 } }),
    column('versions', { type: 'numbers', none: 'not known' }),
  ],
  empty: 'The registry has no schemas. `sluice schemas register` registers those of Sluice.',
  page: { sharedMs: 60_000 },
})

function explain(error: unknown): never {
  if (!isRegistryError(error)) throw error
  const { message } = error
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}`
  throw new Unavailable('registry-unavailable', sentence, { cause: error })
}
