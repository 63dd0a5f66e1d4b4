import { defined } from '../../consumer/defined.ts'
import { parkedBytesIn } from '../../pipeline/deciding/hold.ts'
import { byPlace } from '../../pipeline/deciding/timers.ts'
import { CopyStopped } from '../../pipeline/errors.ts'
import { type Fence, fenced, isOwnFence } from '../../pipeline/generations/fence.ts'
import type { Builder } from '../../pipeline/generations/generations.ts'
import { type KeptGrowths, withGrowths } from '../../pipeline/growing/history.ts'
import { endOf } from '../../pipeline/log/clock.ts'
import type {
  Change,
  KeptGrowth,
  LogClock,
  OutboxEntry,
  Partitioning,
  RememberedFailure,
  RememberedId,
  Snapshot,
  StateKey,
  StoredContext,
  StoredTimer,
  TimerPlace,
  Version,
  Wanted,
} from '../../pipeline/model.ts'
import type { SkippedRecords, StateStore } from '../../pipeline/ports.ts'
import {
  type CheckpointMeta,
  type CheckpointPages,
  type CheckpointPart,
  type Gone,
  isAbsent,
  type PartitionStates,
  type Reading,
  type Replacement,
  sameVersion,
  type TakenState,
  type Tracked,
} from '../../pipeline/recovery/checkpoints.ts'
import { bytesOfIds, idsInBytes } from '../../pipeline/recovery/id-bytes.ts'

const NEVER_GROWN: readonly KeptGrowth[] = []

export interface MemoryState {
  version: Version
  clock: LogClock
  partitioning?: Partitioning
  growths?: readonly KeptGrowth[]
  fence?: Fence
  appliedDigest: string | undefined
  emitted: number
  parkedBytes: number
  newEntities: string
  /** Which code made the last commit. */
  code?: string | undefined
  /** The first offset that it has decided, without a break. */
  codeFrom?: number | undefined
  context?: StoredContext
  readonly states: Map<string, string>
  readonly timers: Map<string, readonly StoredTimer[]>
  readonly ids: Map<string, RememberedId>
  readonly failures: Map<string, RememberedFailure>
  readonly outbox: Map<string, OutboxEntry>
  readonly tally: Map<string, number>
  /** Number of failures that were forgotten to make room, and not reported yet. */
  forgotten: number
  failuresFromMs: number | undefined
  changes?: Changes | undefined
  /** Absent unless it is a next generation. */
  builder?: Builder & { readonly number: number }
}

/** What commits have changed since a checkpoint. Commits are numbered. */
interface Changes {
  /** `takenAtMs` of the checkpoint, or a run that takes the first one. */
  since: number
  readonly epoch: number
  /** Log clock at that checkpoint, and the last commit that it has. */
  clockMs: number
  from: number
  commits: number
  readonly entities: Map<string, number>
  ids: { readonly commit: number; readonly id: RememberedId }[]
  context: number
  failures: number
}

/** Time without a checkpoint after which the Redis store stops noting changes, too. */
const TRACKED_MS = 60 * 60_000

/** Partition states in memory: for tests, and to apply a log again. The port's suite checks that it behaves like the Redis store. */
export class MemoryStateStore implements StateStore, PartitionStates, SkippedRecords {
  readonly #stateKeys = new Map<string, MemoryState>()
  readonly #skipped: SkippedRecords
  readonly #digests = new Map<string, Map<number, string>>()
  /** Numbers the runs that take a first checkpoint, below every time. */
  #runs = 0
  readonly #growths = new Map<string, KeptGrowths>()
  #next: MemoryStateStore | undefined
  #built = 0

  /** @param live the store of the live states, if this one holds copies of them: those skip the same records */
  constructor(live?: SkippedRecords) {
    this.#skipped = live ?? this
  }

  /** Puts states of entities where a test begins, as `storedState` makes them. */
  put(stateKey: StateKey, states: ReadonlyMap<string, string>): void {
    for (const [entity, state] of states) this.#stateKey(stateKey).states.set(entity, state)
  }

  async skipped(stateKey: StateKey): Promise<ReadonlyMap<number, string>> {
    return new Map(this.#digests.get(nameOf(stateKey)))
  }

  async skip(stateKey: StateKey, offset: number, digest: string): Promise<'skipped' | 'already-applied'> {
    if (offset <= this.#stateKey(stateKey).version.appliedOffset) return 'already-applied'
    this.#digests.set(nameOf(stateKey), new Map([...(await this.skipped(stateKey)), [offset, digest]]))
    return 'skipped'
  }

  async unskip(stateKey: StateKey, offset: number): Promise<boolean> {
    return this.#digests.get(nameOf(stateKey))?.delete(offset) ?? false
  }

  async load(stateKey: StateKey, wanted: Wanted): Promise<Snapshot> {
    const skipped = await this.#skipped.skipped(stateKey)
    const held = this.#stateKey(stateKey)
    const { clock, states, timers, failures, forgotten, context, fence } = held
    if (fence) throw fenced(fence)
    const due = dueIn(timers, endOf(wanted.span, clock))
    const bytesOf = (entity: string) => bytesIn(states.get(entity)) + bytesIn(timers.get(entity))
    const passing = due.slice(0, wanted.timerLimit)
    const first = within(
      wanted.byteLimit / 2,
      passing.map(({ entity }) => bytesOf(entity)),
    )
    const brought = passing.slice(0, first.count)
    const dueEntities = new Set(brought.map(({ entity }) => entity))
    const others = wanted.entities.filter(entity => !dueEntities.has(entity))
    const { count } = within(wanted.byteLimit - first.bytes, others.map(bytesOf))
    const entities = [...dueEntities, ...others.slice(0, count)]
    const { growths, tally: _, ...facts } = metaOf(held, held.version)
    const isNamed = wanted.failures.length > 0
    return {
      ...facts,
      parkedBytes: held.parkedBytes,
      states: picked(states, entities),
      timers: picked(timers, entities),
      timersUpTo: due.length > brought.length ? brought.at(-1) : undefined,
      notLoaded: new Set(others.slice(count)),
      known: picked(held.ids, wanted.ids),
      failures: new Map(
        wanted.failures.flatMap(({ id, producerGroup }) => {
          const failure = failures.get(id)
          return failure?.producerGroup === producerGroup ? [[id, failure] as const] : []
        }),
      ),
      failureMemory: { bytes: failures.size * FAILURE_BYTES, forgotten },
      outbox: [...held.outbox.values()].sort((a, b) => (a.position < b.position ? -1 : 1)).map(copy),
      ...defined({
        growths: isNamed ? growths : undefined,
        skipped: skipped.size > 0 ? skipped : undefined,
        context: context && wanted.contexts && unlessAtHand(context, wanted.contexts),
      }),
    }
  }

  async commit(stateKey: StateKey, change: Change): Promise<'committed' | 'refused'> {
    const held = this.#stateKey(stateKey)
    const { base } = change
    if (held.fence || !sameVersion(held.version, base)) return 'refused'
    for (const [entity, state] of change.states) setOrDelete(held.states, entity, state ?? undefined)
    for (const [entity, timers] of change.timers)
      setOrDelete(held.timers, entity, timers.length > 0 ? timers : undefined)
    for (const entry of change.outbox) held.outbox.set(entry.position, copy(entry))
    for (const [name, count] of change.tally) held.tally.set(name, (held.tally.get(name) ?? 0) + count)
    for (const remembered of change.ids) held.ids.set(remembered.id, remembered)
    for (const failure of change.failures) {
      // Keep the newest last.
      held.failures.delete(failure.id)
      held.failures.set(failure.id, failure)
    }
    const { nowMs, highestAppendMs = 0 } = change.clock
    for (const [id, { appliedAtMs }] of held.ids)
      if (nowMs - appliedAtMs > change.idWindowMs) held.ids.delete(id)
    const { size } = held.failures
    for (const [id, { failedAtMs }] of held.failures)
      if (nowMs - failedAtMs > change.failureWindowMs) held.failures.delete(id)
    held.forgotten -= change.forgottenTold
    while (held.failures.size * FAILURE_BYTES > change.failureBytes) {
      held.failures.delete(firstOfLargest([...held.failures.values()]))
      held.forgotten += 1
    }
    const forgets = held.failures.size < size && change.failuresFromMs !== undefined
    Object.assign(held, {
      version: { epoch: base.epoch, appliedOffset: change.appliedOffset, fired: change.fired },
      clock: change.clock,
      failuresFromMs: forgets ? highestAppendMs + 1 : change.failuresFromMs,
      appliedDigest: change.appliedDigest,
      emitted: change.emitted,
      parkedBytes: change.parkedBytes,
      newEntities: change.newEntities ?? '',
    } satisfies Partial<MemoryState>)
    if (held.code === undefined || held.code !== change.code) held.codeFrom = base.appliedOffset + 1
    held.code = change.code
    if (change.context) held.context = change.context
    noteChanges(held, change, change.failures.length > 0 || held.failures.size < size)
    return 'committed'
  }

  async trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void> {
    for (const position of positions) this.#stateKey(stateKey).outbox.delete(position)
  }

  async take(stateKey: StateKey): Promise<TakenState | undefined> {
    const { version } = this.#stateKey(stateKey)
    return isAbsent(version) ? undefined : { version, pages: this.#pages(stateKey, version) }
  }

  async tracked(stateKey: StateKey): Promise<Tracked | undefined> {
    const { version, changes } = this.#stateKey(stateKey)
    return isAbsent(version) ? undefined : { version, since: changes?.since }
  }

  read(stateKey: StateKey, { since }: Tracked, scope: 'whole' | 'changes'): Reading {
    const run = { since, commits: 0 }
    return {
      pages: this.#readPages(stateKey, run, scope),
      stored: async takenAtMs => {
        const { changes, clock } = this.#stateKey(stateKey)
        if (!changes || changes.since !== run.since) return
        for (const [entity, commit] of changes.entities)
          if (commit <= run.commits) changes.entities.delete(entity)
        changes.ids = changes.ids.filter(({ commit }) => commit > run.commits)
        Object.assign(changes, { since: takenAtMs, from: run.commits, clockMs: clock.nowMs })
      },
    }
  }

  async replace(stateKey: StateKey, base: Version, pages: CheckpointPages): Promise<Replacement> {
    if (this.#stateKey(stateKey).fence?.why === 'topic-growing') return 'moved'
    const number = this.begin(stateKey, { kind: 'replacement', attempt: 0 })
    const next = await this.assembled(stateKey, pages)
    if (this.next.held(stateKey).builder?.number !== number) return 'overtaken'
    this.begin(stateKey, undefined)
    const { version } = this.#stateKey(stateKey)
    if (!sameVersion(version, base)) return 'moved'
    this.place(stateKey, next, next.version.epoch)
    return 'replaced'
  }

  /** The next generations of these states. */
  get next(): MemoryStateStore {
    this.#next ??= new MemoryStateStore(this)
    return this.#next
  }

  /** Removes a next generation, and begins another one unless nobody builds it. Returns its number. */
  begin(stateKey: StateKey, builder: Builder | undefined): number {
    const number = this.numbered()
    this.next.restore(stateKey, builder && { ...emptyState(), builder: { ...builder, number } })
    return number
  }

  /** Returns a number that no next generation has had. */
  numbered(): number {
    this.#built += 1
    return this.#built
  }

  /** Returns the state that the pages say, and remembers how its topic has grown. */
  async assembled({ topic }: StateKey, pages: CheckpointPages): Promise<MemoryState> {
    const next = emptyState()
    for await (const page of pages)
      for (const part of page) add(next, part.kind === 'ids' ? part : structuredClone(part))
    for (const stored of next.states.values()) next.parkedBytes += parkedBytesIn(stored)
    if (next.growths) this.#growths.set(topic, withGrowths(this.#growths.get(topic), next.growths))
    return next
  }

  /** Puts a state in the place of the present one, in an epoch above both. Contents of before a growth do not undo it. */
  place(stateKey: StateKey, next: MemoryState, above: number): number {
    const { version, partitioning, growths } = this.#stateKey(stateKey)
    const epoch = Math.max(version.epoch, above) + 1
    const isOlder = (partitioning?.generation ?? 0) > (next.partitioning?.generation ?? 0)
    const { builder: _, ...contents } = next
    this.restore(stateKey, {
      ...contents,
      ...(isOlder ? defined({ partitioning, growths }) : {}),
      version: { ...next.version, epoch },
    })
    return epoch
  }

  /** Number of records by `outcome/reason`. */
  tally(stateKey: StateKey): ReadonlyMap<string, number> {
    return this.#stateKey(stateKey).tally
  }

  /** How a topic has grown, by the states that were put in place. */
  growths(topic: string): readonly KeptGrowth[] {
    return this.#growths.get(topic)?.growths ?? NEVER_GROWN
  }

  /** Refuses commits from now on. A fence that stands already stays, unless it is of an earlier attempt of the same. */
  fence(stateKey: StateKey, fence: Fence): void {
    const held = this.#stateKey(stateKey)
    if (held.fence && !isOwnFence(held.fence, fence)) return
    const raisesEpoch = fence.why === 'topic-growing' && !held.fence
    held.fence = fence
    if (raisesEpoch) held.version = { ...held.version, epoch: held.version.epoch + 1 }
  }

  /** Removes the fence, unless it is another command's, and a state that the fence alone has made. */
  unfence(stateKey: StateKey, by: Fence): void {
    const { fence, ...held } = this.#stateKey(stateKey)
    if (!isOwnFence(fence, by)) return
    const { epoch, appliedOffset } = held.version
    const isNew = epoch === 1 && appliedOffset < 0 && held.states.size === 0
    this.restore(stateKey, isNew ? undefined : held)
  }

  /** A copy of the current partition state. `restore` puts it back, like a failover to a replica that lags. */
  copyOf(stateKey: StateKey): unknown {
    return structuredClone(this.#stateKey(stateKey))
  }

  /** The current partition state itself. */
  held(stateKey: StateKey): MemoryState {
    return this.#stateKey(stateKey)
  }

  restore(stateKey: StateKey, copy: unknown): void {
    const name = nameOf(stateKey)
    if (copy === undefined) this.#stateKeys.delete(name)
    else this.#stateKeys.set(name, structuredClone(copy) as MemoryState)
  }

  #stateKey(stateKey: StateKey): MemoryState {
    const name = nameOf(stateKey)
    const held = this.#stateKeys.get(name) ?? emptyState()
    this.#stateKeys.set(name, held)
    return held
  }

  async *#pages(stateKey: StateKey, version: Version): AsyncGenerator<CheckpointPart[]> {
    const held = this.#stateKey(stateKey)
    yield [{ kind: 'meta', meta: metaOf(held, version) }]
    yield* contentsOf(held)
    if (!sameVersion(this.#stateKey(stateKey).version, version))
      throw new CopyStopped('moved', 'a commit came while the partition state was read')
  }

  async *#readPages(
    stateKey: StateKey,
    run: { since: number | undefined; commits: number },
    scope: 'whole' | 'changes',
  ): CheckpointPages {
    const live = this.#stateKey(stateKey)
    const isKnown = () => {
      const { version, changes } = this.#stateKey(stateKey)
      return changes !== undefined && changes.since === run.since && changes.epoch === version.epoch
    }
    if (scope === 'whole' && !isKnown()) {
      this.#runs += 1
      run.since = -this.#runs
      const { version, clock } = live
      const since = { since: run.since, epoch: version.epoch, clockMs: clock.nowMs, from: 0 }
      live.changes = { ...since, commits: 0, entities: new Map(), ids: [], context: 0, failures: 0 }
    }
    const moved = () =>
      new CopyStopped('moved', 'the state was replaced, or another run has taken a checkpoint')
    if (!isKnown()) throw moved()
    // A real store reads on while there are commits, and has what was there at the end.
    const held = structuredClone(this.#stateKey(stateKey))
    const changes = held.changes as Changes
    run.commits = changes.commits
    yield* scope === 'whole' ? contentsOf(held) : changedPages(held, changes)
    yield [{ kind: 'meta', meta: metaOf(held, held.version) }]
    if (!isKnown()) throw moved()
  }
}

function* contentsOf(held: MemoryState): Generator<CheckpointPart[]> {
  yield entitiesOf(held)
  yield [{ kind: 'ids', bytes: bytesOfIds([...held.ids.values()]) }]
  yield partsBeside(held)
}

function entitiesOf({ states, timers }: Pick<MemoryState, 'states' | 'timers'>): CheckpointPart[] {
  return [
    ...Array.from(states, ([entity, state]) => ({ kind: 'state' as const, entity, state })),
    ...Array.from(timers, ([entity, own]) => ({ kind: 'timers' as const, entity, timers: own })),
  ]
}

function* changedPages(
  held: MemoryState,
  { entities, ids, from, ...changed }: Changes,
): Generator<CheckpointPart[]> {
  const names = [...entities.keys()]
  const without = (part: ReadonlyMap<string, unknown>) => names.filter(entity => !part.has(entity))
  yield [
    { kind: 'gone', gone: { states: without(held.states), timers: without(held.timers) } },
    ...entitiesOf({ states: picked(held.states, names), timers: picked(held.timers, names) }),
  ]
  yield [{ kind: 'ids', bytes: bytesOfIds(ids.map(({ id }) => id)) }]
  const oldest = Math.min(
    held.clock.nowMs + 1,
    ...[...held.ids.values()].map(({ appliedAtMs }) => appliedAtMs),
  )
  const failures = changed.failures > from ? (['failures'] as const) : []
  yield [{ kind: 'gone', gone: { idsBeforeMs: oldest, whole: ['outbox', ...failures] } }]
  yield partsBeside({
    outbox: held.outbox,
    failures: failures.length > 0 ? held.failures : new Map(),
    context: changed.context > from ? held.context : undefined,
  })
}

function partsBeside({
  outbox,
  failures,
  context,
}: Pick<MemoryState, 'outbox' | 'failures'> & { readonly context?: StoredContext | undefined }) {
  const parts: CheckpointPart[] = [
    ...Array.from(outbox.values(), entry => ({ kind: 'outbox' as const, outbox: entry })),
    ...Array.from(failures.values(), failure => ({ kind: 'failure' as const, failure })),
  ]
  return context ? [...parts, { kind: 'context' as const, context }] : parts
}

function metaOf(held: MemoryState, version: Version): CheckpointMeta {
  const { clock, partitioning, growths, appliedDigest, emitted, tally, newEntities, failuresFromMs } = held
  return {
    ...{ version, clock, appliedDigest, emitted, failuresFromMs, tally: Object.fromEntries(tally) },
    ...defined({ partitioning, growths, newEntities: newEntities || undefined }),
  }
}

function noteChanges(held: MemoryState, change: Change, changesFailures: boolean): void {
  const { changes, version, clock } = held
  if (!changes) return
  if (changes.epoch !== version.epoch || clock.nowMs - changes.clockMs > TRACKED_MS) {
    held.changes = undefined
    return
  }
  changes.commits += 1
  const commit = changes.commits
  for (const entity of [...change.states.keys(), ...change.timers.keys()])
    changes.entities.set(entity, commit)
  for (const id of change.ids) changes.ids.push({ commit, id })
  if (change.context) changes.context = commit
  if (changesFailures) changes.failures = commit
}

function emptyState(): MemoryState {
  return {
    version: { epoch: 0, appliedOffset: -1, fired: 0 },
    clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
    appliedDigest: undefined,
    emitted: 0,
    parkedBytes: 0,
    newEntities: '',
    states: new Map(),
    timers: new Map(),
    ids: new Map(),
    failures: new Map(),
    outbox: new Map(),
    tally: new Map(),
    forgotten: 0,
    failuresFromMs: undefined,
  }
}

function add(held: MemoryState, part: CheckpointPart): void {
  if (part.kind === 'state') held.states.set(part.entity, part.state)
  else if (part.kind === 'timers') held.timers.set(part.entity, part.timers)
  else if (part.kind === 'outbox') held.outbox.set(part.outbox.position, part.outbox)
  else if (part.kind === 'failure') held.failures.set(part.failure.id, part.failure)
  else if (part.kind === 'id') held.ids.set(part.id.id, part.id)
  else if (part.kind === 'ids') for (const id of idsInBytes(part.bytes)) held.ids.set(id.id, id)
  else if (part.kind === 'gone') forget(held, part.gone)
  else if (part.kind === 'context') held.context = part.context
  else {
    // What a store says of a state beside this, such as its fence, is not part of its contents.
    const { version, clock, partitioning, growths, appliedDigest, emitted, failuresFromMs } = part.meta
    const { newEntities = '', tally } = part.meta
    const meta = { version, clock, appliedDigest, emitted, failuresFromMs, newEntities }
    Object.assign(held, meta, defined({ partitioning, growths }), { tally: new Map(Object.entries(tally)) })
  }
}

function setOrDelete<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name)
  else map.set(name, value)
}

function forget(held: MemoryState, { states = [], timers = [], idsBeforeMs = 0, whole = [] }: Gone): void {
  for (const entity of states) held.states.delete(entity)
  for (const entity of timers) held.timers.delete(entity)
  for (const [id, { appliedAtMs }] of held.ids) if (appliedAtMs < idsBeforeMs) held.ids.delete(id)
  for (const part of whole) held[part].clear()
}

function nameOf({ consumer, topic, partition }: StateKey): string {
  return JSON.stringify([consumer, topic, partition])
}

/** The entities with a timer that fires before the end of a span, in the order in which their first timers fire. */
function dueIn(timers: ReadonlyMap<string, readonly StoredTimer[]>, endMs: number) {
  const due: TimerPlace[] = []
  for (const [entity, own] of timers) {
    const thresholdMs = own.reduce((least, timer) => Math.min(least, timer.thresholdMs), endMs)
    if (thresholdMs < endMs) due.push({ entity, thresholdMs })
  }
  return due.sort(byPlace)
}

/** How many of these sizes fit (at least one, if there are any), and their sum. */
function within(limit: number, sizes: readonly number[]): { readonly count: number; readonly bytes: number } {
  let bytes = 0
  for (const [count, size] of sizes.entries()) {
    if (count > 0 && bytes + size > limit) return { count, bytes }
    bytes += size
  }
  return { count: sizes.length, bytes }
}

function bytesIn(stored: string | readonly StoredTimer[] | undefined): number {
  if (stored === undefined) return 0
  return Buffer.byteLength(typeof stored === 'string' ? stored : JSON.stringify(stored))
}

/** Approximate size of a failure in a real store. */
const FAILURE_BYTES = 64

/** The oldest failure of the producer group that has the most failures. */
function firstOfLargest(failures: readonly RememberedFailure[]): string {
  const groups = [...Map.groupBy(failures, ({ producerGroup }) => producerGroup).values()]
  const largest = groups.reduce((most, group) => (group.length > most.length ? group : most))
  return (largest[0] as RememberedFailure).id
}

function picked<T>(from: ReadonlyMap<string, T>, names: readonly string[]): Map<string, T> {
  return new Map(names.flatMap(name => (from.has(name) ? [[name, from.get(name) as T]] : [])))
}

/** Leaves out the content of the context if the caller of `load` already has it. */
function unlessAtHand(
  { hash, json }: StoredContext,
  atHand: readonly string[],
): NonNullable<Snapshot['context']> {
  return atHand.includes(hash) ? { hash } : { hash, json }
}

/** A real store never returns the same object that was put in. */
function copy(entry: OutboxEntry): OutboxEntry {
  return JSON.parse(JSON.stringify(entry))
}
