/** Progress of a replay in a file, so that it can continue after a stop or a kill. */
import {
  array,
  boolean,
  type InferOutput,
  integer,
  minValue,
  nullable,
  number,
  object,
  pipe,
  string,
} from 'valibot'
import { fileFailure } from '../../lib/operations/file-failure.ts'
import { readPosition, savePosition } from '../../lib/operations/position-file.ts'
import { CliFailure } from '../failure.ts'

const POSITION = object({
  /** See `identityOf`. */
  options: string(),
  /** The size of each file in bytes; null where it is a pipe. */
  sizes: array(nullable(number())),
  /** Shift of all events; null without one. */
  shiftMs: nullable(pipe(number(), integer())),
  /** How many items of the sequence are acknowledged. */
  done: pipe(number(), integer(), minValue(0)),
  isComplete: boolean(),
})

export type ReplayPosition = InferOutput<typeof POSITION>

/**
 * Returns undefined if the file is missing: no event has been published.
 *
 * @param path of the file
 * @param name of the file, for messages
 * @throws CliFailure for an invalid position, or that of another replay
 */
export async function loadPosition(
  path: string,
  name: string,
  { options, sizes }: Pick<ReplayPosition, 'options' | 'sizes'>,
): Promise<ReplayPosition | undefined> {
  const refusal = 'it does not say how far a replay has come.'
  const output = await readPosition(path, name, POSITION, refusal)
  if (output === undefined) return undefined
  if (output.options !== options || JSON.stringify(output.sizes) !== JSON.stringify(sizes))
    throw new CliFailure(
      `${name}: it belongs to a replay of other files, or with other options than its own (only --speed may differ). Name another position file.`,
    )
  return output
}

/** How often the file is written at most: so much can be published twice after a kill. */
const EACH_MS = 500

/** Keeps the file true while a replay runs. */
export class PositionKeeper {
  readonly #path: string
  readonly #nowMs: () => number
  #savedAtMs = Number.NEGATIVE_INFINITY

  /** @param nowMs milliseconds from any beginning */
  constructor(path: string, nowMs: () => number) {
    this.#path = path
    this.#nowMs = nowMs
  }

  /** Saves it if it was not saved just now. */
  async note(position: ReplayPosition): Promise<void> {
    if (this.#nowMs() - this.#savedAtMs >= EACH_MS) await this.save(position)
  }

  /** Writes the file completely or not at all. @throws CliFailure if it cannot be written */
  async save(position: ReplayPosition): Promise<void> {
    this.#savedAtMs = this.#nowMs()
    try {
      await savePosition(this.#path, position)
    } catch (error) {
      throw fileFailure(this.#path, error)
    }
  }
}
