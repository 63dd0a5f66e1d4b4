/** Inputs: topics of other applications, as `config/inputs.yaml` lists them. */
import type { TimeSource } from '../mapping/mapping.ts'
import type { RawSource } from '../mapping/raw-mapping.ts'

/** Consumer of all inputs. */
export const INTAKE = 'intake'

/** Topic of another application, whose records become events. */
export interface Input {
  readonly topic: string
  /** Names of mappings to readings, in the order in which they are tried; undefined for all mappings, by name. */
  readonly mappings?: readonly string[]
  /** Event of each record, if the records are not measurements. They are then appended to `events`. */
  readonly as?: InputEvent
}

/** Attributes of the events that an input brings to `events`. */
export interface InputEvent {
  /** CloudEvents type. */
  readonly type: string
  readonly source: string
  readonly subject: RawSource
  readonly times: readonly ['record' | TimeSource]
  /** Fields from which the id is derived; undefined for the position of the record. */
  readonly id?: readonly RawSource[]
  /** Paths of members of the data that are always texts. */
  readonly texts?: readonly (readonly string[])[]
  /** File with the JSON Schema of the data, relative to the folder of the inputs file. */
  readonly schema?: string
}

/** Returns the event types that inputs bring to `events`, each once. */
export function listInputTypes(inputs: readonly Input[]): readonly string[] {
  return [...new Set(inputs.flatMap(({ as }) => as?.type ?? []))]
}
