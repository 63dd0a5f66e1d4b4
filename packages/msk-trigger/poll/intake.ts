import { admits, filterData } from '../config/filters.ts'
import type { Mapping } from '../config/mappings.ts'
import type { PolledMessage } from '../invoke/event.ts'

/** Classification of a fetched record before it is added to a batch. */
export type Entry =
  | { readonly fate: 'deliver'; readonly message: PolledMessage }
  /** Record that no filter accepts, or gap. It is skipped, and only its offset is committed. See rule 39 in `RULES.md`. */
  | { readonly fate: 'skip'; readonly message: PolledMessage }
  /**
   * Record whose schema is missing in the registry, or that does not match its schema. `message` is the unchanged record. See rule
   * 15 in `RULES.md`.
   */
  | {
      readonly fate: 'fail'
      readonly message: PolledMessage
      readonly reason: 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
      readonly why: string
    }

/** Classifies the records of one fetch, in order. Rejects only if a required service is unavailable. */
export type Intake = (
  partition: number,
  messages: readonly PolledMessage[],
) => readonly Entry[] | Promise<readonly Entry[]>

/**
 * Creates the intake of a mapping, which applies the schema registry first and then the filters. Without a registry it is
 * synchronous.
 */
export function makeIntake({ filters, registry }: Pick<Mapping, 'filters' | 'registry'>): Intake {
  if (registry) {
    // Loaded on demand, because most projects use no registry.
    const reader = import('../registry/registry-reader.ts').then(
      ({ RegistryReader }) => new RegistryReader(registry),
    )
    // Avoid an unhandled rejection: the error is handled where the promise is awaited.
    reader.catch(() => {})
    return async (_partition, messages) => {
      const read = await (await reader).read(messages)
      return read.map(message => {
        if (isOversize(message.message)) return deliver(message.message)
        if ('reason' in message) return { fate: 'fail', ...message }
        const data = message.data === undefined ? filterData(message.message.value) : message.data
        return admits(filters, data) ? deliver(message.message) : { fate: 'skip', message: message.message }
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

/**
 * Returns true for a record whose value was omitted. Such a record cannot be decoded or filtered, and its queue marks it as
 * undeliverable.
 */
function isOversize({ oversizeBytes }: PolledMessage): boolean {
  return oversizeBytes !== undefined
}

function deliver(message: PolledMessage): Entry {
  return { fate: message.isGap ? 'skip' : 'deliver', message }
}
