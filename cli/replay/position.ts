/** Position of a replay. It is stored in a file, so that the replay can continue after the process has been stopped or killed. */
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
  /** Identity of the replay. See `identityOf`. */
  options: string(),
  /** Size of each file in bytes; null for a pipe. */
  sizes: array(nullable(number())),
  /** Time by which all events are shifted, in milliseconds; null if they are not shifted. */
  shiftMs: nullable(pipe(number(), integer())),
  /** Number of acknowledged items of the sequence. */
  done: pipe(number(), integer(), minValue(0)),
  isComplete: boolean(),
})

export type ReplayPosition = InferOutput<typeof POSITION>

/**
 * Reads the position. Returns undefined if the file does not exist, which means that nothing has been published.
 *
 * @param path path of the file
 * @param name name of the file in messages
 * @throws CliFailure if the position is invalid or belongs to another replay
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

/**
 * Minimum interval between writes of the file, in milliseconds. If the process is killed, the items of the last interval can be
 * published twice.
 */
const EACH_MS = 500

/** Keeps the file up to date during a replay. */
export class PositionKeeper {
  readonly #path: string
  readonly #nowMs: () => number
  #savedAtMs = Number.NEGATIVE_INFINITY

  /** Creates a keeper for a file. @param nowMs returns the time of a monotonic clock, in milliseconds */
  constructor(path: string, nowMs: () => number) {
    this.#path = path
    this.#nowMs = nowMs
  }

  /** Saves the position, unless the file was written less than the minimum interval ago. */
  async note(position: ReplayPosition): Promise<void> {
    if (this.#nowMs() - this.#savedAtMs >= EACH_MS) await this.save(position)
  }

  /**
   * Writes the file atomically.
   *
   * @throws CliFailure if the file cannot be written
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
