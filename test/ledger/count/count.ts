/**
 * The independent count: processes the input in Kafka with a single-threaded reference, and compares the result with the
 * states and emissions of the consumers. It shares no code with them.
 */
import { KafkaLog } from '../kafka/log.ts'
import { compareConsumer, type Observe, type PartitionReference } from './consumer.ts'
import { Emissions } from './emissions.ts'
import { isMapped } from './event.ts'
import { type Acknowledged, type Foreign, Input } from './input.ts'
import { Mapped, readIdentity } from './mapped.ts'
import { PartitionStateReader } from './partition-states.ts'
import { Receiving } from './receiving.ts'
import { Reference } from './reference.ts'
import { Violations } from './violations.ts'

/** Servers and topics of a run. */
export interface Places {
  readonly brokers: readonly string[]
  readonly redisUrl: string
  readonly readings: string
  /** The topic of another application. */
  readonly input: string
  readonly events: string
  readonly failures: string
}

interface Copies {
  readonly distinct: number
  readonly repeats: number
}

interface Figures {
  readonly records: number
  readonly ticks: number
  /** Records of the other producer. */
  readonly foreign: number
  /** Copies of records that were sent again because the first acknowledgement was lost. */
  readonly unacknowledged: number
  /** The outcomes of `counting`, by `outcome/reason`. */
  readonly tally: ReadonlyMap<string, number>
  readonly states: number
  readonly emissions: Copies
  readonly received: number
  /** The readings of the input. */
  readonly mapped: Copies
  /** The outcomes of `intake`, by `outcome/reason`. */
  readonly taken: ReadonlyMap<string, number>
  readonly failures: Copies
}

export interface Count {
  readonly figures: Figures
  readonly violations: Violations
}

/**
 * @param others the records of another producer, if there is one
 * @param say reports the progress
 */
export async function count(
  places: Places,
  acknowledged: Acknowledged,
  others: Foreign | undefined,
  say: (what: string) => void,
): Promise<Count> {
  const { brokers, redisUrl, readings, events, failures } = places
  const log = new KafkaLog(brokers)
  const stateKeys = new PartitionStateReader(redisUrl)
  const violations = new Violations()
  const input = new Input(acknowledged, others)
  const [emissions, failureRecords] = [new Emissions(violations), new Emissions(violations)]
  const mapped = new Emissions(violations, 'readings')
  const through = (consumer: string, topic: string, reference: () => PartitionReference, observe: Observe) =>
    compareConsumer({ log, stateKeys, violations, say }, { consumer, topic, reference, observe })
  try {
    const reference = () =>
      new Reference(
        readings,
        emission => emissions.emission(emission),
        failure => failureRecords.failure(failure),
      )
    const inputLog = { topic: places.input, identity: await readIdentity(log, readings) }
    const intake = await through(
      'intake',
      places.input,
      () => new Mapped(inputLog, { readings: mapped, failures: failureRecords }),
      record => input.inputRecord(record),
    )
    const counting = await through('counting', readings, reference, record => {
      if (isMapped(record)) mapped.published(record)
      else input.record(record)
    })
    input.end(violations)
    mapped.end()
    const receiving = await through(
      'receiving',
      events,
      () => new Receiving(),
      record => emissions.published(record),
    )
    emissions.end()
    for (const [partition, end] of (await log.ends(failures)).entries())
      for await (const record of log.records(failures, partition, end)) failureRecords.published(record)
    failureRecords.end()
    compareCodes(failureRecords.codes, counting.foreignFailures, violations)
    const figures = {
      ...input.figures,
      ...counting,
      emissions: emissions.figures,
      received: receiving.tally.get('applied/received') ?? 0,
      mapped: mapped.figures,
      taken: intake.tally,
      failures: failureRecords.figures,
    }
    return { figures, violations }
  } finally {
    stateKeys.close()
    await log.close()
  }
}

/** Checks that each failed record of another producer has one published failure. */
function compareCodes(
  published: ReadonlyMap<string, number>,
  counted: ReadonlyMap<string, number>,
  violations: Violations,
): void {
  for (const code of new Set([...published.keys(), ...counted.keys()])) {
    const [has, should] = [published.get(code) ?? 0, counted.get(code) ?? 0]
    if (has !== should)
      violations.add(
        'failures of other producers that differ from the counters',
        `${code}: ${has}, not ${should}`,
      )
  }
}
