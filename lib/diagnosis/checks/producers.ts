/** Checks the producers of a topic by its newest batches. Pure. */
import type { TopicFacts } from '../facts.ts'
import { createFinding, type Finding, unknown, wrong } from '../finding.ts'

/** Default delivery timeout of Kafka clients, in milliseconds. A client may send a record several times within this time. */
const DELIVERY_TIMEOUT_MS = 120_000

/**
 * Checks that repeats of a record are recognised.
 *
 * @param idWindowMs time for which consumers recognise a repeated event id, in log time
 */
export function checkProducers({ topic, found }: TopicFacts, idWindowMs: number): Finding[] {
  if ('unseen' in found || found.seen === undefined) return []
  return [createFinding('producers', 'idempotence', topic, checkIdempotence(found.seen.newest, idWindowMs))]
}

function checkIdempotence(newest: NonNullable<Seen<TopicFacts['found']>>['newest'], idWindowMs: number) {
  if ('unseen' in newest) return unknown(newest.unseen, 'This check needs permission to read the topic.')
  const batches = newest.seen.flatMap(one => one.batches)
  const without = batches.filter(({ isIdempotent }) => !isIdempotent).length
  if (without === 0) return `all of the newest ${batches.length} batches come from idempotent producers`
  const says = `${without} of the newest ${batches.length} batches come from producers that are not idempotent`
  if (idWindowMs >= DELIVERY_TIMEOUT_MS) return `${says}. A second event with the same id is dropped`
  return wrong(
    `${says}. Consumers recognise a repeated id for only ${idWindowMs / 1000} s`,
    'Set enable.idempotence=true in the producers, or raise ID_WINDOW_SECONDS to 120 or more.',
  )
}

type Seen<Fact> = Fact extends { readonly seen: infer Value } ? Value : never
