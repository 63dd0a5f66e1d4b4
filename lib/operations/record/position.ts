/** Progress of a recording, in a file beside it, so that it can continue after a stop or a kill. */
import { array, type InferOutput, integer, literal, minValue, number, object, pipe, string } from 'valibot'
import { readPosition } from '../position-file.ts'

const count = pipe(number(), integer(), minValue(0))

const POSITION = object({
  version: literal(1),
  /** Whole name of the topic. */
  topic: string(),
  /** Filters as written on the command line. */
  filters: array(string()),
  /** How many bytes of the file are good. */
  bytes: count,
  /** Lines in the file. */
  recorded: count,
  /** Records that were read, whether they fitted the filters or not. */
  read: count,
  /** Offsets that retention took before they could be read. */
  expired: count,
  /** Records without their values, which are too large to be read. */
  oversize: count,
  ranges: array(object({ partition: count, start: count, end: count, next: count })),
})

export type RecordingPosition = InferOutput<typeof POSITION>

/** Returns undefined if the file is missing. @throws OperationFailure if it is not a position */
export function loadPosition(path: string, name: string): Promise<RecordingPosition | undefined> {
  const refusal = 'it does not say how far a recording has come. Remove it, and record anew.'
  return readPosition(path, name, POSITION, refusal)
}
