/** Plays a process that parks in a simulation: events fail until a later version of the code, and are redriven, ended, or lost. */
import type { MemoryState } from '../../adapters/memory/memory-state.ts'
import { writeEvent } from '../../cloudevents/writer.ts'
import { type Event, formatEntity } from '../../consumer/event.ts'
import { failureId } from '../../consumer/failure-event.ts'
import type { Parking } from '../../consumer/parking.ts'
import { completeStep, type Emission, type KeyedProcess } from '../../consumer/process.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import { splitState } from '../../pipeline/model/stored-state.ts'
import { Random } from '../../testing/random.ts'
import { FIRST_APPEND_MS } from '../../testing/records.ts'
import { addRedrives } from '../../testing/simulation/redrives.ts'
import { Simulation } from '../../testing/simulation/simulation.ts'
import { addTicks } from '../../testing/simulation/ticks.ts'
import { compareWithUndisturbed, runUndisturbed } from '../../testing/simulation/undisturbed.ts'
import { APPLICATION, topicName } from './application.ts'
import { ComparedGuesses } from './compared-guesses.ts'
import { createConsumer, listTopics } from './simulated.ts'

const TYPE = 'test.signal.v1'
const SUBJECTS = ['a', 'b', 'c']
const [SIGNALS, FAILURES] = [topicName('readings'), topicName('failures')]
const MINUTE_MS = 60_000
/** Number of versions of the code. Each of them decides some events for which the one before has thrown. */
const VERSIONS = 4

export interface Play {
  readonly parking: Parking
  /** What happens to failures, see `addRedrives`. */
  readonly fate: { readonly redriven: number; readonly lost?: number }
  /** True if states and emissions must be the same as for a log without failures: no limit is reached, and no retries end. */
  readonly asIfNothingFailed?: boolean
}

/** Plays a seed. Returns violations of the guarantees, and situations that the schedule has met. */
export async function playListing(seed: number, { parking, fate, asIfNothingFailed }: Play) {
  const random = new Random(seed)
  const topics = listTopics({ readings: 1, events: 1, failures: 1 })
  const settlesInMs = 60 * MINUTE_MS
  const simulation = new Simulation({ seed, startMs: FIRST_APPEND_MS, topics, settlesInMs })
  const { log, store } = simulation
  const idWindowMs = 1e12
  const codes = Array.from({ length: VERSIONS }, (_, version) =>
    createConsumer(listing(version, parking), { idWindowMs }),
  )
  const guesses = new ComparedGuesses()
  const group = simulation.addConsumer({
    ...{ codes: codes as never, topics: [SIGNALS], store: guesses.compare(store) },
    keep: random.chance(0.5) ? guesses.keep : () => undefined,
  })
  const own = group.partitions[0] as (typeof group.partitions)[0]
  addTicks(simulation, APPLICATION, { topic: SIGNALS, partitions: 1, everyMs: MINUTE_MS })
  addRedrives(simulation, APPLICATION, FAILURES, fate)
  let atMs = FIRST_APPEND_MS
  const sent: Event<{ failing: number }>[] = []
  for (const number of Array.from({ length: random.between(10, 40) }).keys()) {
    atMs += random.pick([0, 0, 1, 5, 30]) * 1_000
    // An event that fails is not repeated: if it were given up, its repetition would count as a new event.
    const repeated = random.chance(0.1) && sent.slice(-6).find(({ data }) => data?.failing === 0)
    const event: Event<{ failing: number }> = repeated || {
      ...{ id: `i${number}`, source: '/signals', subject: random.pick(SUBJECTS), type: TYPE },
      time: new Date(atMs - (random.chance(0.1) ? 40_000 : 0)).toISOString(),
      datacontenttype: 'application/json',
      data: { failing: random.chance(0.15) ? random.between(1, VERSIONS - 1) : 0 },
    }
    if (!repeated) sent.push(event)
    simulation.comes(atMs, `${event.id} comes`, () => void log.append(SIGNALS, 0, writeEvent(event)))
  }
  simulation.addSchedule('deployer', 5 * MINUTE_MS, async runMs => {
    if (runMs > atMs) group.deploy()
  })
  simulation.conditions.push(() =>
    own.codeFrom.length < VERSIONS ? 'a version is to be deployed' : undefined,
  )
  simulation.conditions.push(() => {
    const { parkedBytes, timers } = store.copyState(own) as MemoryState
    return parkedBytes > 0 || timers.size > 0 ? 'events are parked, or timers are pending' : undefined
  })
  const undone = await simulation.run()
  const differences = await compareWithUndisturbed(group, log, store)
  const { codeFrom } = own
  const run = await runUndisturbed(log.whole, own, log.all(SIGNALS, 0), { codes, codeFrom })
  const found = [
    ...[...undone, ...guesses.differences, ...differences.map(({ what }) => what)],
    ...(run.state.parkedBytes > 0 ? [`${run.state.parkedBytes} bytes are parked`] : []),
    ...findViolations(run.decisions, sent),
  ]
  if (asIfNothingFailed && found.length === 0) {
    const good = [createConsumer(listing(VERSIONS), { idWindowMs })]
    const other = await runUndisturbed(log.whole, own, log.all(SIGNALS, 0), { codes: good, codeFrom: [0] })
    if (show(run) !== show(other)) found.push('the failures have changed states or emissions')
  }
  const met = run.decisions.flatMap(({ outcome, reason, hold }) => [`${outcome}/${reason}`, `hold ${hold}`])
  return { found, met: [...met, ...[...guesses.outcomes].map(name => `guess ${name}`)], simulation }
}

/** Returns states and emissions by entity, without the positions of the records that caused them. */
function show({ state, events }: Awaited<ReturnType<typeof runUndisturbed>>): string {
  const seen = events.filter(({ type }) => type === 'test.seen.v1')
  return JSON.stringify(
    SUBJECTS.map(subject => [
      splitState(state.states.get(`/signals ${subject}`) ?? '').json,
      seen.filter(event => event.subject === subject).map(({ extensions, ...event }) => event),
    ]),
  )
}

/** Each event is applied once and in the order of its entity, unless it was given up; and nothing stays parked. */
function findViolations(decisions: readonly Decision[], sent: readonly Event[]): readonly string[] {
  const found: string[] = []
  const parked = new Set<number>()
  const numbers = new Map(sent.map(({ id }, number) => [id, number]))
  for (const { outcome, offset } of decisions) {
    if (outcome === 'parked') parked.add(offset)
    else if (outcome.startsWith('parked-') && !parked.delete(offset)) found.push(`${offset} was not parked`)
  }
  if (parked.size > 0) found.push(`${[...parked].join(', ')} are still parked`)
  const failures = decisions.filter(({ failure, event }) => failure && event?.type === TYPE)
  const failed = new Set(failures.map(({ event }) => event?.id))
  const names = decisions.map(({ event }) => (event?.data as { failure?: string } | undefined)?.failure)
  const nameFailure = ({ offset }: Decision) => failureId('listing', { topic: SIGNALS, partition: 0, offset })
  const ended = new Set(
    failures.filter(one => names.includes(nameFailure(one))).map(({ event }) => event?.id),
  )
  const applied = decisions.filter(
    ({ outcome, event }) => event?.type === TYPE && (outcome === 'applied' || outcome === 'parked-applied'),
  )
  const ids = applied.map(({ event }) => event?.id as string)
  if (new Set(ids).size < ids.length) found.push('an event was applied twice')
  for (const { id } of sent) if (!ids.includes(id) && !failed.has(id)) found.push(`${id} is lost`)
  for (const [entity, own] of Map.groupBy(applied, ({ event }) => formatEntity(event as Event))) {
    // Beyond a limit, and after the end of its failure, a failed event may be late. All others must be in order.
    const isBound = decisions.some(
      ({ event, timer, hold }) =>
        (hold === 'full' || hold === 'time') && (timer?.entity ?? (event && formatEntity(event))) === entity,
    )
    const order = own
      .filter(({ event }) => !ended.has(event?.id) && !(isBound && failed.has(event?.id)))
      .map(({ event }) => numbers.get(event?.id as string) as number)
    if (order.some((number, index) => number < (order[index - 1] ?? -1)))
      found.push(`${entity} is out of order`)
  }
  return found
}

interface Listed {
  readonly seen: readonly string[]
}

/** Lists the events and timers of an entity. Throws at the events that this version of the code cannot decide. */
function listing(version: number, parking?: Parking): KeyedProcess<Listed, { readonly failing: number }> {
  const emission = (name: string, entity: string, seen: readonly string[]): Emission => ({
    ...({ name, to: 'events', key: entity, type: 'test.seen.v1', source: '/listing' } as const),
    ...{ subject: entity.slice(entity.indexOf(' ') + 1), data: { seen } },
  })
  return {
    name: 'listing',
    accepts: [TYPE],
    ...(parking && { parking }),
    awaitsLog: name => name === 'silent',
    onEvent(state, { id, timeMs, entity, data }) {
      if ((data?.failing ?? 0) > version) throw new Error('a bug that a later version mends')
      const seen = [...(state?.seen ?? []), id].slice(-6)
      const soon = id.endsWith('3') ? [{ name: 'soon', dueMs: timeMs + 20_000 }] : []
      const timers = [{ name: 'silent', dueMs: timeMs + 150_000 }, ...soon]
      return completeStep('listed', { seen }, [emission('seen', entity, seen)], timers)
    },
    onTimer({ seen: before }, { name, dueMs, entity }) {
      const seen = [...before, `${name} ${dueMs - FIRST_APPEND_MS}`].slice(-6)
      return completeStep(name, { seen }, [emission(name, entity, seen)])
    },
  }
}
