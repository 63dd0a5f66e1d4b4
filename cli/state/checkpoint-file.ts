/** A checkpoint as a file, in the format of the scheduled checkpoints. Pure. */
import { CheckpointParser, CheckpointWriter } from '../../lib/runtime/adapters/checkpoints/format.ts'
import { linesByPiece, UnreadableText } from '../../lib/runtime/adapters/files/lines.ts'
import { type Checkpoint, NOTHING } from '../../lib/runtime/adapters/redis/checkpoint.ts'
import type {
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
} from '../../lib/runtime/pipeline/model.ts'
import {
  type CheckpointMeta,
  type CheckpointPart,
  DamagedCheckpoint,
} from '../../lib/runtime/pipeline/recovery/checkpoints.ts'
import { CliFailure } from '../failure.ts'

export interface CheckpointFile {
  readonly stateKey: StateKey
  /** RFC 3339. */
  readonly takenAt: string
  readonly checkpoint: Checkpoint
}

/** The lines of the file, each with its end. */
export function* linesOf({ stateKey, takenAt, checkpoint }: CheckpointFile): Generator<string> {
  const { appliedOffset, epoch } = checkpoint.version
  const writer = new CheckpointWriter()
  yield writer.header({ ...stateKey, appliedOffset, epoch, takenAt })
  for (const part of parts(checkpoint)) yield writer.lines([part])
  yield writer.trailer()
}

/** In an order that follows from the contents: the same state gives the same lines. */
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

/**
 * @param name of the file, for messages
 * @throws CliFailure if it is not a checkpoint, has another version, or is incomplete
 */
export async function readCheckpoint(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<CheckpointFile> {
  const parser = new CheckpointParser()
  const gathering = new Gathering()
  try {
    for await (const lines of linesByPiece(pieces))
      for (const line of lines) {
        const part = parser.line(line)
        if (part) gathering.take(part)
      }
    const { consumer, topic, partition, takenAt } = parser.end()
    return { stateKey: { consumer, topic, partition }, takenAt, checkpoint: gathering.checkpoint() }
  } catch (error) {
    if (error instanceof DamagedCheckpoint) throw new CliFailure(`${name}: ${error.message}.`)
    if (!(error instanceof UnreadableText)) throw error
    throw new CliFailure(
      `${name}: ${error.message}: it is not a checkpoint, or was cut off. Take another copy.`,
    )
  }
}

class Gathering {
  #meta: CheckpointMeta = NOTHING
  readonly #states = new Map<string, string>()
  readonly #timers = new Map<string, readonly StoredTimer[]>()
  readonly #outbox: OutboxEntry[] = []
  readonly #ids: RememberedId[] = []
  readonly #failures: RememberedFailure[] = []
  #context: StoredContext | undefined

  take(part: CheckpointPart): void {
    if (part.kind === 'meta') this.#meta = part.meta
    else if (part.kind === 'state') this.#states.set(part.entity, part.state)
    else if (part.kind === 'timers') this.#timers.set(part.entity, part.timers)
    else if (part.kind === 'outbox') this.#outbox.push(part.outbox)
    else if (part.kind === 'failure') this.#failures.push(part.failure)
    else if (part.kind === 'context') this.#context = part.context
    else this.#ids.push(part.id)
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
