/**
 * The independent count: what Kafka has of the input goes through a reference in one thread, and what that says is held
 * against what the consumers remember and what they published. It shares no code with them.
 */
import { KafkaLog } from '../kafka/log.ts'
import type { KafkaRecord } from '../kafka/records.ts'
import { DeadLetters, Receiving, Routing } from './downstream.ts'
import { Emissions } from './emissions.ts'
import { compareSlot } from './holdings.ts'
import { type Acknowledged, Input } from './input.ts'
import { Reference } from './reference.ts'
import { Slots } from './slots.ts'
import { Violations } from './violations.ts'

/** Where the parts of one run are. */
export interface Places {
  readonly brokers: readonly string[]
  readonly redisUrl: string
  readonly readings: string
  readonly events: string
  readonly failures: string
  readonly dlq: string
}

interface Copies {
  readonly distinct: number
  readonly repeats: number
}

interface Figures {
  readonly records: number
  readonly ticks: number
  /** Copies of a record whose first acknowledgement was lost. */
  readonly unacknowledged: number
  /** Of `counting`, by `outcome/reason`. */
  readonly tally: ReadonlyMap<string, number>
  readonly states: number
  readonly emissions: Copies
  readonly received: number
  readonly failures: Copies
  readonly deadLetters: number
}

export interface Count {
  readonly figures: Figures
  readonly violations: Violations
}

/** @param say told what is being counted */
export async function count(
  { brokers, redisUrl, readings, events, failures, dlq }: Places,
  acknowledged: Acknowledged,
  say: (what: string) => void,
): Promise<Count> {
  const log = new KafkaLog(brokers)
  const slots = new Slots(redisUrl)
  const violations = new Violations()
  const [input, deadLetters] = [new Input(acknowledged), new DeadLetters(violations)]
  const [emissions, letters] = [new Emissions(violations), new Emissions(violations)]
  const through = (consumer: string, topic: string, reference: () => Kept, see: See) =>
    compareConsumer({ log, slots, violations, say }, { consumer, topic, reference, see })
  try {
    const reference = () =>
      new Reference(
        readings,
        emission => emissions.emission(emission),
        letter => letters.letter(letter),
      )
    const counting = await through('counting', readings, reference, record => input.record(record))
    input.end(violations)
    const receiving = await through(
      'receiving',
      events,
      () => new Receiving(),
      record => emissions.published(record),
    )
    emissions.end()
    await through(
      'dlq-router',
      failures,
      () => new Routing(deadLetters),
      record => letters.published(record),
    )
    letters.end()
    for await (const record of allOf(log, dlq)) deadLetters.published(record)
    deadLetters.end()
    const figures = {
      ...input.figures,
      ...counting,
      emissions: emissions.figures,
      received: receiving.tally.get('applied/received') ?? 0,
      failures: letters.figures,
      deadLetters: deadLetters.count,
    }
    return { figures, violations }
  } finally {
    slots.close()
    await log.close()
  }
}

/** What the reference has of a partition. */
interface Kept {
  readonly tally: ReadonlyMap<string, number>
  readonly states: ReadonlyMap<string, object>
  readonly timers: ReadonlyMap<string, readonly object[]>
  apply(record: KafkaRecord): void
}

type See = (record: KafkaRecord) => void

interface Sight {
  readonly log: KafkaLog
  readonly slots: Slots
  readonly violations: Violations
  readonly say: (what: string) => void
}

interface Consumer {
  readonly consumer: string
  readonly topic: string
  /** One for each partition. */
  readonly reference: () => Kept
  readonly see: See
}

/** All partitions of a consumer's topic, each through its reference, which is then held against the slot. */
async function compareConsumer(
  { log, slots, violations, say }: Sight,
  { consumer, topic, reference, see }: Consumer,
): Promise<{ readonly tally: ReadonlyMap<string, number>; readonly states: number }> {
  const ends = await log.ends(topic)
  say(`counting what ${consumer} did: ${ends.reduce((sum, end) => sum + end, 0)} records`)
  const tally = new Map<string, number>()
  let states = 0
  for (const [partition, end] of ends.entries()) {
    const slot = { consumer, topic, partition }
    const held = await slots.contents(slot)
    const kept = reference()
    for await (const record of log.records(topic, partition, end)) {
      see(record)
      // What was never decided is lost, and nothing can have come of it.
      if (record.offset <= held.mark) kept.apply(record)
    }
    compareSlot(slot, held, { end, kept }, violations)
    for (const [how, count] of held.tally) tally.set(how, (tally.get(how) ?? 0) + count)
    states += held.states.size
  }
  return { tally, states }
}

async function* allOf(log: KafkaLog, topic: string): AsyncGenerator<KafkaRecord> {
  for (const [partition, end] of (await log.ends(topic)).entries()) yield* log.records(topic, partition, end)
}
