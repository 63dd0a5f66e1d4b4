/** Position of a replay, stored in a file, so that the replay can continue after a stop or a kill. */
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
  /** Identity of the replay, see `identityOf`. */
  options: string(),
  /** Size of each file in bytes; null for a pipe. */
  sizes: array(nullable(number())),
  /** Shift of all events in milliseconds; null without a shift. */
  shiftMs: nullable(pipe(number(), integer())),
  /** Number of acknowledged items of the sequence. */
  done: pipe(number(), integer(), minValue(0)),
  isComplete: boolean(),
})

export type ReplayPosition = InferOutput<typeof POSITION>

/**
 * Reads the position. Returns undefined if the file is missing, which means that nothing was published.
 *
 * @param path path of the file
 * @param name name of the file in messages
 * @throws CliFailure for an invalid position, or that of another replay
 */
export async function loadPosition(
  path: string,
  name: string,
  { options, sizes }: Pick<ReplayPosition, 'options' | 'sizes'>,
): Promise<ReplayPosition | undefined> {
  const refusal = 'it is not the position of a replay.'
  const output = await readPosition(path, name, POSITION, refusal)
  if (output === undefined) return undefined
  if (output.options !== options || JSON.stringify(output.sizes) !== JSON.stringify(sizes))
    throw new CliFailure(
      `${name}: it belongs to a replay of other files or with other options (only --speed may differ). Use another position file.`,
    )
  return output
}

/** Minimum interval between writes of the file, in milliseconds. After a kill, items of this time can be published twice. */
const EACH_MS = 500

/** Keeps the file up to date during a replay. */
export class PositionKeeper {
  readonly #path: string
  readonly #nowMs: () => number
  #savedAtMs = Number.NEGATIVE_INFINITY

  /** @param nowMs returns the time of a monotonic clock, in milliseconds */
  constructor(path: string, nowMs: () => number) {
    this.#path = path
    this.#nowMs = nowMs
  }

  /** Saves the position, unless it was saved recently. */
  async note(position: ReplayPosition): Promise<void> {
    if (this.#nowMs() - this.#savedAtMs >= EACH_MS) await this.save(position)
  }

  /**
   * Writes the file atomically.
   *
   * @throws CliFailure if it cannot be written
   */
  async save(position: ReplayPosition): Promise<void> {
    this.#savedAtMs = this.#nowMs()
    try {
      await savePosition(this.#path, position)
    } catch (error) {
      throw fileFailure(this.#path, error)
    }
  }
}
