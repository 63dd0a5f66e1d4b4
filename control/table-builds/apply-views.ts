/**
 * Puts statements into force. A new or changed table is built beside those that are read: it is activated, the records of the past are
 * added to it, and it replaces the old one when the consumer `views` has applied them. The progress is stored, so that the next run
 * finishes what an interrupted one has left.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { toOutgoingRecord } from '#runtime/cloudevents'
import { derivedId, instant, parseEntity } from '#runtime/consumer'
import type { RedisClient } from '#runtime/operating/redis'
import { RedisSkippedRecords, RedisValue, StateInspection } from '#runtime/operating/states'
import { resolveSignals, type Signal } from '../../lib/app/naming/topic-table.ts'
import {
  APPLYING_DEAD_AFTER_MS,
  type ApplyingSign,
  applyingName,
  isApplying,
  openStoredPlan,
} from '../../lib/clock/view-plan.ts'
import type { Range } from '../../lib/log/read-records.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import { toDataschema } from '../../lib/telemetry/index.ts'
import {
  type ActivatedPlan,
  createActivatedPlan,
  hasTable,
  isRow,
  NO_TABLES,
  rowSource,
  type TablePlan,
  VIEW_DROPPED_TYPE,
  type ViewPlan,
} from '../../lib/views/index.ts'
import { VIEWS } from '../queries/states/view-rows.ts'
import type { Environment } from '../questions/environment.ts'
import {
  createBuildingPlan,
  createBuiltPlan,
  hasChanges,
  planChange,
  toNewGenerations,
} from '../statements/plan-change.ts'
import { storedStates } from '../tables/table.ts'
import { type ActivationPorts, activatePlan, readRanges, toPlace } from './activate.ts'
import { appendPast, type PastPorts, type PastProgress, type PastRange } from './past-records.ts'
import { type ResumableRun, ResumableRuns } from './resumable-runs.ts'

/** Unfinished change of the tables in force. */
interface Applying extends ResumableRun, ApplyingSign {
  readonly by: string
  /** Time at which the change was started, RFC 3339. */
  readonly begunAt: string
  /** Tables that are built. */
  readonly building: readonly TablePlan[]
  /** Ends of the sources' partitions before the tables were activated in them; absent before that. */
  readonly sources?: readonly Range[]
  /** Records of the past; absent until the tables are active in all partitions. */
  readonly past?: readonly PastRange[]
}

export interface ViewPorts extends ActivationPorts, Pick<PastPorts, 'skipped'> {
  readonly applying: ResumableRuns<Applying>
  readonly states: Pick<StateInspection, 'states' | 'summary'>
  readonly newId: () => string
}

export interface ApplyProgress extends PastProgress {
  phase: 'activating' | 'adding the past' | 'waiting for views' | 'dropping'
  /** Number of records of `view-rows` that the consumer has not applied yet. */
  pending: number
}

/** Returns the progress, such as `adding the past: 81240 of 960000 records, 40620 rows`. */
export function formatProgress({ phase, records, total, rows, pending }: ApplyProgress): string {
  if (phase === 'adding the past') return `${phase}: ${records} of ${total} records, ${rows} rows`
  return phase === 'waiting for views' ? `${phase}: ${pending} records to apply` : phase
}

/** Error for tables that cannot be changed yet, such as while another change runs. */
export class TablesNotReady extends OperationFailure {
  override readonly name = 'TablesNotReady'
}

export interface Watching {
  readonly progress: ApplyProgress
  readonly stop: AbortSignal
}

/** Opens the ports of a change. @param consumer consumer `views`, as in a deployment */
export async function openViewPorts(
  environment: Pick<Environment, 'connections' | 'offsets' | 'nowMs' | 'newId'>,
  consumer: ViewPorts['consumer'],
): Promise<ViewPorts> {
  const { connections, nowMs, newId } = environment
  const client = await connections.redis()
  const { env } = consumer
  return {
    ...{ nowMs, newId, inForce: await openStoredPlan(connections, env) },
    applying: createApplyingStore(client, env, nowMs),
    ...{ states: new StateInspection(client), skipped: new RedisSkippedRecords(client) },
    ...{ publisher: await connections.publisher(), log: await connections.log() },
    ...{ offsets: await environment.offsets(), consumer },
  }
}

/** Returns the store of unfinished changes. */
export function createApplyingStore(client: RedisClient, env: string, nowMs: () => number) {
  return new ResumableRuns<Applying>(new RedisValue(client, applyingName(env)), nowMs)
}

export function createProgress(): ApplyProgress {
  return { phase: 'activating', records: 0, rows: 0, total: 0, pending: 0 }
}

const SIGN_MS = 5_000
const LOOK_MS = 250
/** Groups in one request to Kafka. */
const AT_ONCE = 500

/**
 * Puts the wanted tables into force, after it has finished what an interrupted run has left.
 *
 * @param by operator
 * @throws TablesNotReady if another run is at work
 * @throws the reason of the signal if the work is stopped
 */
export async function applyViews(
  ports: ViewPorts,
  wanted: ViewPlan,
  by: string,
  watching: Watching,
  counts: Record<string, number>,
): Promise<void> {
  for (;;) {
    const change = planChange((await ports.inForce.read()) ?? NO_TABLES, wanted)
    const { underway } = await ports.applying.read()
    if (!underway && !hasChanges(change)) return
    const operation = ports.newId()
    const aliveMs = ports.nowMs()
    const begun = {
      operation,
      attempt: 0,
      begunAt: instant(aliveMs),
      aliveMs,
      by,
      building: toNewGenerations(change.build, operation),
    }
    const own = await acquireApplying(ports, begun)
    if (own.sources && !isInForce(own, await ports.inForce.read())) {
      // The function `clock` has taken the activation back, so the tables are built anew.
      await ports.applying.end(own)
      continue
    }
    const signs = setInterval(
      () => void storeProgress(ports, own, { aliveMs: ports.nowMs() }).catch(() => {}),
      SIGN_MS,
    )
    try {
      await storeProgress(ports, own, { aliveMs })
      await finish(ports, own, wanted, watching, counts)
    } finally {
      clearInterval(signs)
      await storeProgress(ports, own, { aliveMs: 0 }).catch(() => {})
    }
    await ports.applying.end(own)
    if (own.operation === operation) return
  }
}

function isInForce({ building }: Applying, plan: ActivatedPlan | undefined): boolean {
  return building.some(
    ({ generation }) => plan?.tables.some(table => table.generation === generation) ?? false,
  )
}

async function acquireApplying({ applying, nowMs }: ViewPorts, begun: Applying): Promise<Applying> {
  const own = await applying.take(begun, underway => {
    requireIdle(underway, nowMs())
    return true
  })
  return own as Applying
}

/** Checks that no other run is at work. @throws TablesNotReady */
export function requireIdle(underway: Applying | undefined, nowMs: number): void {
  if (!underway || !isApplying(underway, nowMs)) return
  throw new TablesNotReady(
    `Nothing was changed: the tables are being changed since ${underway.begunAt} by ${underway.by}. Wait until that has ended; if it was ` +
      `killed, try again in ${APPLYING_DEAD_AFTER_MS / 1000} seconds.`,
  )
}

/** Stores progress. @throws OperationFailure if another run has taken over */
async function storeProgress(
  { applying }: ViewPorts,
  own: Applying,
  change: Partial<Applying>,
): Promise<void> {
  if (!(await applying.note(own, underway => ({ ...underway, ...change }))))
    throw new OperationFailure('Another run of the command has taken over.')
}

async function finish(
  ports: ViewPorts,
  own: Applying,
  wanted: ViewPlan,
  watching: Watching,
  counts: Record<string, number>,
): Promise<void> {
  // Tables that are not wanted any more are not built further. Their groups are dropped below.
  const built = own.building.filter(table => hasTable(wanted.tables, table))
  if (built.length > 0) {
    const past = own.past ?? (await beginBuilding(ports, own, wanted, built))
    watching.progress.phase = 'adding the past'
    const store = async (next: readonly number[]) => {
      const ranges = past.map((range, index) => ({ ...range, next: next[index] as number }))
      await storeProgress(ports, own, { past: ranges })
      counts.rows = watching.progress.rows
    }
    await appendPast(
      { ...ports, operation: own.operation },
      past,
      built,
      store,
      watching.progress,
      watching.stop,
    )
    await waitUntilApplied(ports, watching)
    counts.built = built.length
  }
  const { plan } = await activatePlan(ports, inForce => {
    counts.dropped = planChange(inForce, wanted).dropped.length
    return createActivatedPlan(createBuiltPlan(inForce, wanted, built), [], inForce.packaged)
  })
  await waitUntilApplied(ports, watching)
  watching.progress.phase = 'dropping'
  counts.groups = await dropGroups(ports, plan, own.operation, watching.stop)
}

/** Activates the tables that are built, and returns the records that were appended before. */
async function beginBuilding(
  ports: ViewPorts,
  own: Applying,
  wanted: ViewPlan,
  built: readonly TablePlan[],
): Promise<readonly PastRange[]> {
  const signals = resolveSignals(own.building.map(({ signal }) => signal as Signal))
  const sources = own.sources ?? (await readRanges(ports, signals))
  // An interrupted run may have activated the tables in some partitions. Its activations are found after these ends.
  await storeProgress(ports, own, { sources })
  const ends = new Map((await readRanges(ports, signals)).map(range => [toPlace(range), range.end]))
  const since = sources.map(range => ({
    ...range,
    start: range.end,
    end: ends.get(toPlace(range)) ?? range.end,
  }))
  const generations = built.map(({ generation }) => generation)
  const next = (inForce: ActivatedPlan) =>
    createActivatedPlan(createBuildingPlan(inForce, wanted, built), generations, inForce.packaged)
  const { offsets } = await activatePlan(ports, next, since)
  const past = sources.map(range => {
    const end = offsets.get(toPlace(range)) as number
    return { ...range, next: range.start, end }
  })
  await storeProgress(ports, own, { past })
  return past
}

/** Waits until the consumer has applied the records that `view-rows` has now. */
async function waitUntilApplied(ports: ViewPorts, { progress, stop }: Watching): Promise<void> {
  const ranges = await readRanges(ports, ['view-rows'])
  progress.phase = 'waiting for views'
  for (;;) {
    const pending = ranges.map(async ({ topic, partition, end }) => {
      const key = { consumer: VIEWS.process.name, topic, partition }
      return Math.max(0, end - 1 - (await ports.states.summary(key)).appliedOffset)
    })
    progress.pending = (await Promise.all(pending)).reduce((sum, count) => sum + count, 0)
    if (progress.pending === 0) return
    await pause(LOOK_MS, undefined, { signal: stop })
  }
}

/** Drops the groups whose table is not in the plan. Returns their number. */
async function dropGroups(
  ports: ViewPorts,
  plan: ViewPlan,
  operation: string,
  stop: AbortSignal,
): Promise<number> {
  const { application, env, contentMode } = ports.consumer
  const plannedSources = new Set(plan.tables.map(({ name, generation }) => rowSource(name, generation)))
  const topic = {
    topic: application.kafkaTopic('view-rows', env),
    partitions: (await readRanges(ports, ['view-rows'])).length,
  }
  let dropped = 0
  let records: ReturnType<typeof createDrop>[] = []
  const send = async () => {
    await ports.publisher.publish(records)
    dropped += records.length
    records = []
    stop.throwIfAborted()
  }
  const createDrop = (entity: string, partition: number) => {
    const { source, subject = '' } = parseEntity(entity)
    const [, , table] = source.split('/')
    const event = {
      ...{ id: derivedId('view-dropped', operation, entity), source, subject, type: VIEW_DROPPED_TYPE },
      ...{ time: instant(ports.nowMs()), datacontenttype: 'application/json', data: { table } },
      dataschema: toDataschema(VIEW_DROPPED_TYPE),
    }
    return { ...toOutgoingRecord(topic.topic, subject, event, contentMode), partition }
  }
  for await (const { entity, partition } of storedStates(ports.states, VIEWS, topic, isRow)) {
    if (plannedSources.has(parseEntity(entity).source)) continue
    records.push(createDrop(entity, partition))
    if (records.length === AT_ONCE) await send()
  }
  await send()
  return dropped
}
