/** Runs one replay: opens the recordings, determines the time shift and the first item, and publishes the records. */
import type { Config } from '../../lib/app/config.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { bulkPublisherOf } from '../../lib/operations/bulk.ts'
import { OperationFailure } from '../../lib/operations/failure.ts'
import { departing } from '../../lib/operations/replay/departures.ts'
import { historySource } from '../../lib/operations/replay/history-source.ts'
import type { Addressing } from '../../lib/operations/replay/outgoing.ts'
import { type Extent, shiftFor } from '../../lib/operations/replay/shift.ts'
import { type Source, sourceOf } from '../../lib/operations/replay/source.ts'
import { topicOf } from '../../lib/operations/state-keys.ts'
import { defined } from '../../packages/runtime/consumer/defined.ts'
import { CommandConnections } from '../command-connections.ts'
import { configOf, requireTopic } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { requireHistory } from '../history/store.ts'
import { writerFor } from '../serialization.ts'
import { pathIn, type Terminal } from '../terminal.ts'
import { opened, peeked } from './opened.ts'
import { identityOf, type ReplayPlan, tableIn } from './plan.ts'
import { loadPosition, PositionKeeper, type ReplayPosition } from './position.ts'
import { type Keeping, publishPaced } from './run.ts'

/**
 * Runs a replay.
 *
 * @throws CliFailure if not all items were acknowledged; the message explains how to continue
 */
export async function replay(plan: ReplayPlan, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, plan.env)
  try {
    const sources = await Promise.all(plan.files.map(file => opening(file, plan, config, terminal)))
    const keeping = await keepingOf(
      plan,
      config.env,
      sources.map(({ bytes }) => bytes),
      terminal,
    )
    const { done, isComplete } = keeping?.position ?? { done: 0, isComplete: false }
    if (isComplete) {
      terminal.stderr.write(`Everything was already published: remove ${plan.resume} to publish it again.\n`)
      return
    }
    const { items, extent, total, invalid } = await opened(sources, plan, done, terminal, dataReader(config))
    const shiftMs = keeping?.isResumed ? (keeping.position.shiftMs ?? undefined) : shiftOf(plan, extent)
    if (keeping) keeping.position.shiftMs = shiftMs ?? null
    const dataWriter = await writerFor(config, plan.serialization)
    const addressing = { ...addressingOf(plan, config, shiftMs), dataWriter }
    const [first, departures] = await peeked(departing(items, addressing, terminal.stop))
    if (first === undefined) throw new CliFailure(`${plan.files.join(', ')}: there is nothing to publish`)
    const connections = new CommandConnections(config)
    try {
      const publisher = await bulkPublisherOf(connections)
      for (const topic of new Set(first.map(({ record }) => record.topic)))
        await requireTopic(publisher, topic, config)
      const shifted = shiftMs === undefined ? '' : ` --shift ${shiftedStart(extent, shiftMs)}`
      if (shifted)
        terminal.stderr.write(`Moved by ${shiftMs} ms. To publish the same events again, add:${shifted}\n`)
      const { futureToleranceMs } = config
      const run = { plan, terminal, total, shifted, shiftMs, futureToleranceMs, keeping, invalid }
      await connections.writing(() => publishPaced(departures, publisher, run))
    } finally {
      await connections.close()
    }
  } catch (error) {
    // If the user has stopped the replay, ignore the error with which a pending wait was aborted.
    if (!terminal.stop.aborted || error instanceof OperationFailure) throw error
  }
}

async function opening(
  file: string,
  { since: sinceMs, until: untilMs }: ReplayPlan,
  config: Config,
  terminal: Terminal,
): Promise<Source> {
  const table = tableIn(file)
  if (table === undefined) return await sourceOf(file, terminal)
  const store = await requireHistory(config, terminal)
  const source = await historySource(file, store, defined({ table, sinceMs, untilMs }), terminal.stop)
  for (const { topic, partition, fromOffset, toOffset } of source.missing)
    terminal.stderr.write(
      `Missing in the history: offsets ${fromOffset} to ${toOffset} of ${topic}/${partition}.\n`,
    )
  return source
}

async function keepingOf(
  plan: ReplayPlan,
  env: string,
  sizes: readonly (number | null)[],
  terminal: Terminal,
): Promise<Keeping | undefined> {
  if (plan.resume === undefined) return undefined
  const path = pathIn(terminal, plan.resume)
  const own = { options: identityOf(plan, env), sizes: [...sizes] }
  const found = await loadPosition(path, plan.resume, own)
  const position: ReplayPosition = found ?? { ...own, shiftMs: null, done: 0, isComplete: false }
  if (found && !found.isComplete)
    terminal.stderr.write(`Continuing after ${found.done} acknowledged items.\n`)
  return {
    position,
    isResumed: found !== undefined,
    keeper: new PositionKeeper(path, () => performance.now()),
  }
}

function addressingOf(
  { mode, keepPartitions, carryLogTime, topic, keyBy: asked }: ReplayPlan,
  { env, contentMode, keyBy }: Config,
  shiftMs: number | undefined,
): Addressing {
  const strategy = asked ?? keyBy
  return {
    env,
    contentMode,
    keepPartitions,
    carryLogTime,
    ...(topic === undefined ? {} : { topic: topicOf({ topic }, env) }),
    ...(mode === undefined ? {} : { mode }),
    ...(strategy === undefined ? {} : { keyBy: strategy }),
    ...(shiftMs === undefined ? {} : { shiftMs }),
  }
}

function shiftOf({ shift, speed, files, loop }: ReplayPlan, extent: Extent | undefined): number | undefined {
  if (shift === undefined) return undefined
  if (extent === undefined)
    throw new CliFailure(`${files.join(', ')}: no event has a time, so --shift has no effect`)
  const shiftMs = shiftFor(shift, extent, speed, Date.now())
  if (shiftMs !== undefined) return shiftMs
  const why = loop === Number.POSITIVE_INFINITY ? 'an infinite loop has none' : 'a pipe cannot be read twice'
  throw new CliFailure(
    `At a speed above 1, --shift now needs the time of the latest event, but ${why}: ` +
      `specify ${loop > 1 ? 'a number of loops' : 'a file'}, a time instead of "now", or --speed 1.`,
    2,
  )
}

function shiftedStart(extent: Extent | undefined, shiftMs: number): string {
  return new Date((extent?.startMs ?? 0) + shiftMs).toISOString()
}
