import { eventually } from '../eventually.ts'
import type { Rehearsal } from '../rehearsal.ts'

/** Function whose records wait in Kafka until a part of history is complete, which takes minutes. */
const WAITS = 'archiver'

/** Waits until every consumer has decided, published and committed all that there is, and nothing new comes of it. */
export async function atRest({ view, mappings }: Pick<Rehearsal, 'view' | 'mappings'>): Promise<void> {
  const prompt = mappings.filter(({ functionKey }) => functionKey !== WAITS)
  const open = async () => {
    const counts = await Promise.all(
      prompt.map(async mapping => {
        const [waiting, uncommitted] = await Promise.all([view.waiting(mapping), view.uncommitted(mapping)])
        return [mapping.functionKey, waiting + uncommitted] as const
      }),
    )
    return counts.filter(([, count]) => count > 0)
  }
  // Events of one consumer still have to be read by another one.
  let quiet = 0
  await eventually(
    'every consumer has come to the end of its topic:',
    async () => {
      quiet = (await open()).length === 0 ? quiet + 1 : 0
      return quiet >= 3 || undefined
    },
    async () => JSON.stringify(Object.fromEntries(await open())),
  )
}
