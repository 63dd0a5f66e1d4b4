import type { Message } from './event.ts'
import { admits, filterData } from './filters.ts'
import type { Mapping } from './mappings.ts'

/** What becomes of a fetched record, before it is in any batch. */
export type Entry =
  | { readonly fate: 'deliver'; readonly message: Message }
  /** No filter admits it: its offset is passed, and nothing else happens. Rule 39. */
  | { readonly fate: 'discard'; readonly message: Message }
  /** The registry does not know its schema, or it does not keep to it. The message is as it was fetched. Rule 15. */
  | {
      readonly fate: 'fail'
      readonly message: Message
      readonly reason: 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
      readonly why: string
    }

/** Looks at the records of one fetch, in order. It rejects only while something that it must ask is away. */
export type Intake = (
  partition: number,
  messages: readonly Message[],
) => readonly Entry[] | Promise<readonly Entry[]>

/** The intake of a mapping: its schema registry first, then its filters. Without a registry it never waits. */
export function makeIntake({
  filters,
  registry,
  open,
}: Pick<Mapping, 'filters' | 'registry' | 'open'>): Intake {
  if (registry) {
    // Loaded late, so that a project without a registry has nothing of it.
    const reader = import('./registry/reader.ts').then(
      ({ RegistryReader }) => new RegistryReader(registry, open),
    )
    // Reported where it is awaited.
    reader.catch(() => {})
    return async (_partition, messages) => {
      const read = await (await reader).read(messages)
      return read.map(one => {
        if ('reason' in one) return { fate: 'fail', ...one }
        const data = one.data === undefined ? filterData(one.message.value) : one.data
        return { fate: admits(filters, data) ? 'deliver' : 'discard', message: one.message }
      })
    }
  }
  if (filters.length === 0) return (_partition, messages) => messages.map(deliver)
  return (_partition, messages) =>
    messages.map(message =>
      admits(filters, filterData(message.value)) ? deliver(message) : { fate: 'discard', message },
    )
}

function deliver(message: Message): Entry {
  return { fate: 'deliver', message }
}
