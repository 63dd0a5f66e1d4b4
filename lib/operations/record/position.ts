/** Position of a recording, stored in a separate file, so that the recording can continue after a stop or a kill. */
import { array, type InferOutput, integer, literal, minValue, number, object, pipe, string } from 'valibot'
import { readPosition } from '../position-file.ts'

const count = pipe(number(), integer(), minValue(0))

const POSITION = object({
  version: literal(1),
  /** Full name of the topic. */
  topic: string(),
  /** Filters as given on the command line. */
  filters: array(string()),
  /** Number of bytes of the file that are valid. */
  bytes: count,
  /** Number of lines in the file. */
  recorded: count,
  /** Number of records read, including those that did not match the filters. */
  read: count,
  /** Number of offsets that retention deleted before they could be read. */
  expired: count,
  /** Number of records without their values, which are too large to be read. */
  oversize: count,
  ranges: array(object({ partition: count, start: count, end: count, next: count })),
})

export type RecordingPosition = InferOutput<typeof POSITION>

/** Returns undefined if the file is missing. @throws OperationFailure if it is not a position */
export function loadPosition(path: string, name: string): Promise<RecordingPosition | undefined> {
  const refusal = 'it is not the position of a recording. Remove it, and record again.'
  return readPosition(path, name, POSITION, refusal)
}
