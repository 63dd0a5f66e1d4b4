import { admits, filterData } from '../config/filters.ts'
import type { Mapping } from '../config/mappings.ts'
import type { Message } from '../invoke/event.ts'

/** Fate of a fetched record before it is in a batch. */
export type Entry =
  | { readonly fate: 'deliver'; readonly message: Message }
  /** No filter admits it: it is skipped, and only its offset is committed. Rule 39. */
  | { readonly fate: 'skip'; readonly message: Message }
  /** The registry does not know its schema, or it does not match the schema. `message` is as it was fetched. Rule 15. */
  | {
      readonly fate: 'fail'
      readonly message: Message
      readonly reason: 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
      readonly why: string
    }

/** Classifies the records of one fetch, in order. Rejects only if a service that it needs is unavailable. */
export type Intake = (
  partition: number,
  messages: readonly Message[],
) => readonly Entry[] | Promise<readonly Entry[]>

/** Creates the intake of a mapping: its schema registry first, then its filters. Without a registry it is synchronous. */
export function makeIntake({
  filters,
  registry,
  open,
}: Pick<Mapping, 'filters' | 'registry' | 'open'>): Intake {
  if (registry) {
    // Loaded on demand: a project without a registry needs none of it.
    const reader = import('../registry/reader.ts').then(
      ({ RegistryReader }) => new RegistryReader(registry, open),
    )
    // Handled where it is awaited.
    reader.catch(() => {})
    return async (_partition, messages) => {
      const read = await (await reader).read(messages)
      return read.map(one => {
        if (isOversize(one.message)) return deliver(one.message)
        if ('reason' in one) return { fate: 'fail', ...one }
        const data = one.data === undefined ? filterData(one.message.value) : one.data
        return { fate: admits(filters, data) ? 'deliver' : 'skip', message: one.message }
      })
    }
  }
  if (filters.length === 0) return (_partition, messages) => messages.map(deliver)
  return (_partition, messages) =>
    messages.map(message =>
      isOversize(message) || admits(filters, filterData(message.value))
        ? deliver(message)
        : { fate: 'skip', message },
    )
}

/** A record whose value was omitted cannot be decoded or filtered. Its queue marks it as undeliverable, with a condition of its own. */
function isOversize({ oversizeBytes }: Message): boolean {
  return oversizeBytes !== undefined
}

function deliver(message: Message): Entry {
  return { fate: 'deliver', message }
}
