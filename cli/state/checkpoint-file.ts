/** Converts a checkpoint to and from the contents of a file. The format is the same as for scheduled checkpoints. Pure. */
import {
  CheckpointParser,
  CheckpointWriter,
  type Header,
} from '../../packages/runtime/adapters/checkpoints/format.ts'
import { isUnreadableText, linesByPiece } from '../../packages/runtime/adapters/files/lines.ts'
import { type Checkpoint, NOTHING } from '../../packages/runtime/adapters/redis/checkpoint.ts'
import type {
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
} from '../../packages/runtime/pipeline/model.ts'
import {
  type CheckpointMeta,
  type CheckpointPart,
  DamagedCheckpoint,
  type RemovedParts,
} from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { idsInBytes } from '../../packages/runtime/pipeline/recovery/id-bytes.ts'
import { CliFailure } from '../failure.ts'

export interface CheckpointFile {
  readonly stateKey: StateKey
  /** Time of the checkpoint, RFC 3339. */
  readonly takenAt: string
  readonly checkpoint: Checkpoint
}

/** Yields the lines of the file, including their line ends. */
export function* linesOf({ stateKey, takenAt, checkpoint }: CheckpointFile): Generator<string> {
  const { appliedOffset, epoch } = checkpoint.version
  const writer = new CheckpointWriter()
  yield writer.header({ ...stateKey, appliedOffset, epoch, takenAt })
  for (const part of parts(checkpoint)) yield writer.lines([part])
  yield writer.trailer()
}

/** Yields the parts of a checkpoint. Their order depends only on the contents, so that equal states produce equal lines. */
function* parts(checkpoint: Checkpoint): Generator<CheckpointPart> {
  const { states, timers, outbox, ids, failures, context, ...meta } = checkpoint
  const tally = Object.fromEntries(Object.entries(meta.tally).sort(byName))
  yield { kind: 'meta', meta: { ...meta, tally } }
  for (const [entity, state] of [...states].sort(byName)) yield { kind: 'state', entity, state }
  for (const [entity, own] of [...timers].sort(byName)) yield { kind: 'timers', entity, timers: own }
  for (const entry of outbox) yield { kind: 'outbox', outbox: entry }
  for (const id of [...ids].sort(byClock)) yield { kind: 'id', id }
  for (const failure of [...failures].sort((a, b) => byName([a.id], [b.id])))
    yield { kind: 'failure', failure }
  if (context) yield { kind: 'context', context }
}

/** Contents of a file in pieces, with the file's name. */
export interface NamedPieces {
  readonly name: string
  readonly pieces: AsyncIterable<Uint8Array>
}

/**
 * Reads a checkpoint.
 *
 * @param files file with a complete state, and the files with later changes, oldest first
 * @throws CliFailure if a file is not a checkpoint, has another version, is incomplete, or does not continue the previous file
 */
export async function readCheckpoint(files: readonly NamedPieces[]): Promise<CheckpointFile> {
  const gathering = new Gathering()
  let last: Header | undefined
  for (const { name, pieces } of files) {
    const header = await gathered(name, pieces, gathering)
    const { after, consumer, topic, partition } = header
    const isOfSame =
      !last || (consumer === last.consumer && topic === last.topic && partition === last.partition)
    if (after !== last?.takenAt || !isOfSame)
      throw new CliFailure(
        after === undefined
          ? `${name} contains a complete state: specify it first, or alone.`
          : `${name} contains the changes since the checkpoint of ${after}: specify the files in order, the complete state first.`,
      )
    last = header
  }
  if (!last) throw new TypeError('at least one file')
  const { consumer, topic, partition, takenAt } = last
  return { stateKey: { consumer, topic, partition }, takenAt, checkpoint: gathering.checkpoint() }
}

async function gathered(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  gathering: Gathering,
): Promise<Header> {
  const parser = new CheckpointParser()
  try {
    for await (const lines of linesByPiece(pieces))
      for (const line of lines) {
        const part = parser.line(line)
        if (part) gathering.take(part)
      }
    return parser.end()
  } catch (error) {
    if (error instanceof DamagedCheckpoint) throw new CliFailure(`${name}: ${error.message}.`)
    if (!isUnreadableText(error)) throw error
    throw new CliFailure(
      `${name}: ${error.message}: it is not a checkpoint, or was truncated. Use another copy.`,
    )
  }
}

class Gathering {
  #meta: CheckpointMeta = NOTHING
  readonly #states = new Map<string, string>()
  readonly #timers = new Map<string, readonly StoredTimer[]>()
  #outbox: OutboxEntry[] = []
  #ids: RememberedId[] = []
  #failures: RememberedFailure[] = []
  #context: StoredContext | undefined

  take(part: CheckpointPart): void {
    if (part.kind === 'meta') this.#meta = part.meta
    else if (part.kind === 'state') this.#states.set(part.entity, part.state)
    else if (part.kind === 'timers') this.#timers.set(part.entity, part.timers)
    else if (part.kind === 'outbox') this.#outbox.push(part.outbox)
    else if (part.kind === 'failure') this.#failures.push(part.failure)
    else if (part.kind === 'context') this.#context = part.context
    else if (part.kind === 'gone') this.#forget(part.gone)
    else for (const id of part.kind === 'id' ? [part.id] : idsInBytes(part.bytes)) this.#ids.push(id)
  }

  #forget({ states = [], timers = [], idsBeforeMs = 0, whole = [] }: RemovedParts): void {
    for (const entity of states) this.#states.delete(entity)
    for (const entity of timers) this.#timers.delete(entity)
    this.#ids = this.#ids.filter(({ appliedAtMs }) => appliedAtMs >= idsBeforeMs)
    if (whole.includes('outbox')) this.#outbox = []
    if (whole.includes('failures')) this.#failures = []
  }

  checkpoint(): Checkpoint {
    return {
      ...this.#meta,
      states: this.#states,
      timers: this.#timers,
      outbox: this.#outbox,
      ids: this.#ids.toReversed(),
      failures: this.#failures,
      ...(this.#context ? { context: this.#context } : {}),
    }
  }
}

function byName([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function byClock(a: RememberedId, b: RememberedId): number {
  return a.appliedAtMs - b.appliedAtMs || byName([a.id], [b.id])
}
