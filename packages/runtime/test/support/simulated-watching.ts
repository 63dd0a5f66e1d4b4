/** Plays the process of `watching.ts` in a simulation, over the logs of `watched-log.ts`. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import { splitState } from '../../pipeline/model/stored-state.ts'
import { Random } from '../../testing/random.ts'
import type { Fault } from '../../testing/simulation/chance.ts'
import { Simulation } from '../../testing/simulation/simulation.ts'
import { compareWithUndisturbed } from '../../testing/simulation/undisturbed.ts'
import { ComparedGuesses } from './compared-guesses.ts'
import { TOPIC } from './records.ts'
import { createConsumer, listOutcomes, listTopics } from './simulated.ts'
import { WATCHED_ID_WINDOW_MS, watchedLog } from './watched-log.ts'
import { WATCHING } from './watching.ts'

const PARKING = { forMs: 600_000 }
/** Probability that a record marks a failure as ended, for processes with parking. */
const ENDED = 0.05
/** Maximum number of new entities. It is low, so that some are rejected until others are dropped or time has passed. */
const MAX_NEW = 3
/** Time for all records after the last fault: the circuit breaker defers them for 15 minutes. */
const SETTLES_IN_MS = 60 * 60_000

export type PlayedWatching = Awaited<ReturnType<typeof playWatching>>

/** Plays a seed: with or without parking, kept states, states that are passed on as values, and a deployment. */
export async function playWatching(seed: number, faults?: readonly Fault[]) {
  const [parks, keeps, passesValues] = [1, 2, 4].map(bit => (seed & bit) === 0)
  const random = new Random(seed)
  const records = watchedLog(random, random.between(20, 70), parks ? ENDED : 0)
  const startMs = records[0]?.timestampMs ?? 0
  const topics = listTopics({ readings: 1, events: 1, failures: 1 })
  const simulation = new Simulation({
    ...{ seed, startMs, topics, settlesInMs: SETTLES_IN_MS },
    ...(faults && { faults }),
  })
  const createCode = (process: object, passed = false) =>
    createConsumer(
      { ...process, ...(parks && { parking: PARKING }), ...(passed && { neverChangesState: true }) },
      // If entities were rejected, hardly any would be held for a retry.
      { idWindowMs: WATCHED_ID_WINDOW_MS, ...(!parks && { newEntities: MAX_NEW }) },
    )
  const [before, after] = [WATCHING.before, WATCHING.after].map(code => createCode(code, passesValues))
  const guesses = new ComparedGuesses()
  const met = new Set<string>()
  const group = simulation.addConsumer({
    codes: [before, after] as never,
    ...{ topics: [TOPIC], keep: keeps ? guesses.keep : () => undefined },
    store: guesses.compare(simulation.store),
    report(report) {
      for (const name of listOutcomes(report)) met.add(name)
    },
  })
  const append = (record: LogRecord) => {
    // The log has the gaps of its generator, so that redrives name the offsets of their failures.
    const { log } = simulation
    log.gap = () => record.offset - log.endOffset(TOPIC, 0)
    log.append(TOPIC, 0, record)
    log.gap = () => 0
  }
  // Where the first records have expired, the context is found ahead in the log, so that all of it must have come.
  if (records[0]?.offset !== 0)
    for (const record of records) {
      simulation.nowMs = record.timestampMs
      append(record)
    }
  else
    for (const record of records)
      simulation.comes(record.timestampMs, `record ${record.offset} comes`, () => append(record))
  if (random.chance(0.5))
    simulation.comes(random.pick(records).timestampMs, 'a deployment', () => group.deploy())
  const undone = await simulation.run()
  // In the undisturbed run, each step parses its state.
  const codes = [createCode(WATCHING.before), createCode(WATCHING.after)] as const
  const differences = await compareWithUndisturbed({ ...group, codes }, simulation.log, simulation.store)
  for (const outcome of guesses.outcomes) met.add(`guess ${outcome}`)
  for (const name of listRemembered(simulation)) met.add(name)
  const found = [
    ...undone,
    ...differences.map(({ kind, what }) => `${kind}: ${what}`),
    ...guesses.differences,
  ]
  return { simulation, group, met, found, isNew: met.has('new code') }
}

/** Returns situations that the state of the end shows. */
function listRemembered({ store }: Simulation): readonly string[] {
  const { failures, states } = store.copyState({ consumer: 'watching', topic: TOPIC, partition: 0 }) as {
    readonly failures: ReadonlyMap<string, RememberedFailure>
    readonly states: ReadonlyMap<string, string>
  }
  const all = [...failures.values()]
  const facts: readonly (readonly [string, boolean])[] = [
    ['a second attempt', all.some(({ attempt, isOpen }) => isOpen && attempt > 1)],
    ['a redrive that succeeds', all.some(({ isOpen }) => !isOpen)],
    ['new code', [...states.values()].some(stored => splitState(stored).json.includes('"version":2'))],
  ]
  return facts.flatMap(([name, isMet]) => (isMet ? [name] : []))
}
