/** Stores the position of a recording in a separate file, so that the recording can continue after it was stopped or killed. */
import { array, type InferOutput, integer, literal, minValue, number, object, pipe, string } from 'valibot'
import { readPosition } from '../position-file.ts'

const count = pipe(number(), integer(), minValue(0))

const POSITION = object({
  version: literal(1),
  /** Full name of the topic. */
  topic: string(),
  /** Filters as they were given on the command line. */
  filters: array(string()),
  /** Number of valid bytes in the file. Bytes after them are incomplete and are recorded again. */
  bytes: count,
  /** Number of lines in the file. */
  recorded: count,
  /** Number of records that were read, including records that do not match the filters. */
  read: count,
  /** Number of offsets that were deleted by retention before they could be read. */
  expired: count,
  /** Number of recorded lines without a value, because the value is too large to read. */
  oversize: count,
  ranges: array(object({ partition: count, start: count, end: count, next: count })),
})

export type RecordingPosition = InferOutput<typeof POSITION>

/**
 * Reads the position of a recording. Returns undefined if the file does not exist.
 *
 * @throws OperationFailure if the file is not a valid position
 */
export function loadPosition(path: string, name: string): Promise<RecordingPosition | undefined> {
  const refusal = 'it is not the position of a recording. Remove it, and record again.'
  return readPosition(path, name, POSITION, refusal)
}
