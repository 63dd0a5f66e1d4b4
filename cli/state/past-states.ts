/** Shows earlier states for `sluice state entity --at`, computed from the log. */

import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import { omitUndefined } from '#runtime/consumer/index.ts'
import { isHolderName, splitHold, splitState } from '#runtime/pipeline/model/index.ts'
import {
  computeBeginning,
  computePastStates,
  type Doubt,
  listEntities,
  type PastStates,
  type PastStep,
} from '#runtime/pipeline/verifying/index.ts'
import { either, type Kind, mapKind, wholeNumber } from '#runtime/settings/index.ts'
import type { LivePartition } from '../../lib/operations/recomputing/deployed-code.ts'
import { type Job, prepareJob } from '../../lib/operations/recomputing/job.ts'
import type { StateSelection } from '../../lib/operations/state-keys.ts'
import { type EntityState, readEntityState } from '../../lib/queries/states/entities.ts'
import type { Environment } from '../../lib/questions/environment.ts'
import { preferExact } from '../../lib/tables/table.ts'
import { TIME_OR_AGO } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { formatTable } from '../output/table.ts'
import { createProject, toComparisonFailure } from '../recomputation/project.ts'
import type { Terminal } from '../terminal.ts'
import { formatEntities } from './entity-text.ts'

/** Position in the log: an offset, or a time. A time refers to the last record that was appended before it. */
export type At = { readonly offset: number } | { readonly timeMs: number }

export const AT: Kind<At> = either<At>(
  mapKind(wholeNumber({ least: 0 }), offset => ({ offset })),
  mapKind(TIME_OR_AGO, timeMs => ({ timeMs })),
)

export interface PastReport {
  readonly partition: number
  /** Offset of the last record that is included in the state. */
  readonly offset: number
  /** Offset of the first record that was read to compute the state. */
  readonly fromOffset: number
  readonly doubt?: Doubt
  readonly entities: readonly EntityState[]
  readonly steps: readonly PastStep[]
}

/** Maximum number of steps to print. If there are more, only the last ones are printed. */
const MAX_STEPS = 50

/**
 * Returns the states of an entity at a position in the log.
 *
 * @throws CliFailure if the position is before the retained log, or if the consumer has not processed it yet
 */
export async function buildPastReports(
  environment: Environment,
  { at, entity, ...selection }: StateSelection & { readonly at: At; readonly entity: string },
  terminal: Terminal,
): Promise<PastReport[]> {
  try {
    const project = createProject(terminal, environment.config.env)
    const found = await prepareJob(environment, project, selection)
    const reports: PastReport[] = []
    for (const partition of await findHoldingPartitions(found, entity, selection.partition))
      reports.push(
        ...(await buildPartitionReports(found, environment, partition, { at, entity }, terminal.stop)),
      )
    if (reports.length > 0) return reports
  } catch (error) {
    throw toComparisonFailure(error, terminal)
  }
  throw new CliFailure(
    `${selection.consumer} has no entity of ${selection.topic} that matches "${entity}" at this position. If the entity has been forgotten since then, specify --partition.`,
  )
}

/** Returns the partitions that currently have a state of the entity, or only the specified partition. */
async function findHoldingPartitions(
  { live, partitions }: Job,
  entity: string,
  partition: number | undefined,
) {
  if (partition !== undefined) return partitions
  const found: LivePartition[] = []
  for (const partition of partitions)
    for await (const name of listEntities(live, partition.state))
      if (name.includes(entity)) {
        found.push(partition)
        break
      }
  return found
}

async function buildPartitionReports(
  job: Job,
  environment: Environment,
  { state, facts }: LivePartition,
  { at, entity }: { readonly at: At; readonly entity: string },
  stop: AbortSignal,
): Promise<PastReport[]> {
  const { topic, partition } = state
  const { appliedOffset } = facts.version
  const offset =
    'offset' in at ? at.offset : await findLastOffset(environment, state, at.timeMs, appliedOffset)
  const where = `${topic}/${partition}`
  if (offset > appliedOffset)
    throw new CliFailure(
      `${state.consumer} has processed ${where} up to offset ${appliedOffset}, and not up to ${offset} yet.`,
    )
  const logStart = job.reach.bounds[partition]?.start ?? 0
  const place = { ...facts, version: { ...facts.version, appliedOffset: offset - 1 } }
  if (offset < logStart)
    throw new CliFailure(
      `The log of ${where} now begins at offset ${logStart}, so the state at offset ${offset} cannot be computed any more.`,
    )
  const { doubt } = computeBeginning(place, logStart)
  const isMeant = (name: string) => name.includes(entity) && !isHolderName(name)
  const past = await computePastStates(
    { ...job, memory: () => new MemoryStateStore(job.skipped), stop },
    state,
    logStart,
    offset,
    isMeant,
  )
  const entities = preferExact(await readEntities(past, state), entity)
  const steps = preferExact(past.steps, entity)
  if (entities.length === 0 && steps.length === 0) return []
  return [{ partition, offset, fromOffset: logStart, ...omitUndefined({ doubt }), entities, steps }]
}

async function findLastOffset(
  environment: Environment,
  { topic, partition }: LivePartition['state'],
  timeMs: number,
  appliedOffset: number,
): Promise<number> {
  const offsets = await environment.offsets()
  const found = (await offsets.at(topic, timeMs))[partition] ?? -1
  return found < 0 ? appliedOffset : Math.min(found - 1, appliedOffset)
}

function readEntities(
  { states, timers, nowMs }: PastStates,
  state: LivePartition['state'],
): Promise<EntityState[]> {
  const readEntityTimers = async (_: unknown, entity: string) => timers.get(entity) ?? []
  return Promise.all(
    [...states].map(([entity, stored]) => {
      const { hold, state: own } = splitHold(stored)
      const { version, json } = splitState(own ?? '')
      const parts = { state: own && JSON.parse(json), hold: hold && JSON.parse(hold) }
      return readEntityState(
        { readEntityTimers },
        state,
        { partition: state.partition, entity, version, ...parts },
        nowMs,
      )
    }),
  )
}

export function formatPastReports(reports: readonly PastReport[], columns: number | undefined): string {
  return reports.map(report => formatPastReport(report, columns)).join('\n')
}

function formatPastReport(
  { partition, offset, fromOffset, doubt, entities, steps }: PastReport,
  columns: number | undefined,
) {
  const shown = steps.slice(-MAX_STEPS)
  const rows = shown.map(step => [
    ...[String(step.offset), step.appendedAt, step.of, step.decision],
    ...[step.emitted, step.timers].map(names => names.join(', ') || '-'),
  ])
  const headings = ['OFFSET', 'APPENDED', 'EVENT', 'DECISION', 'EMITTED', 'TIMERS AFTER']
  const notes = {
    'other-code':
      'Some of these records were processed with other code or settings. The result of the deployed code is shown.\n',
    'not-comparable':
      'The log no longer has earlier records: states that come from them are incomplete here.\n',
    replaced:
      'A drop or a reprocessing has replaced the live state since then. This state is computed from the log.\n',
  }
  return [
    `Partition ${partition} at offset ${offset}, from offset ${fromOffset} on:\n`,
    doubt ? notes[doubt] : '',
    entities.length > 0 ? formatEntities(entities) : 'No state at this position.\n',
    shown.length < steps.length
      ? `\n… ${steps.length - shown.length} earlier steps: use --json to show all\n`
      : '',
    shown.length > 0
      ? `\n${formatTable(
          headings.map(heading => ({ heading })),
          rows,
          columns,
        )}\n`
      : '\nNo step since then.\n',
  ].join('')
}
