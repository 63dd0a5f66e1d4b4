/** Consumer that reads data of all formats. It needs no server except a schema registry. */
import assert from 'node:assert/strict'
import type { LogRecord } from '#runtime/cloudevents'
import type { FailureData } from '#runtime/consumer'
import { type LambdaSchema, OnDemandDataReader } from '#runtime/test/support/inside'
import { kafkaEvent } from '#runtime/test/support/records'
import { AVRO_ID, PACKAGED } from './serialized.ts'
import { Stage } from './stage.ts'

export class FormatStage extends Stage {
  /** Wall clock of the reader. Only tests advance it. */
  nowMs = 0
  readonly #uri: string | undefined
  readonly #withinMs: number

  /**
   * Creates the stage.
   *
   * @param uri URL of the schema registry; without it, the packaged schemas are used
   * @param withinMs time limit for the registry, in milliseconds
   */
  constructor(uri?: string, withinMs = 60_000) {
    super()
    this.#withinMs = withinMs
    this.#uri = uri
    this.consumer = { ...this.consumer, reader: this.coldReader() }
  }

  /** Returns a reader without cached schemas, like the reader of a newly started function. */
  coldReader(): OnDemandDataReader {
    const place =
      this.#uri === undefined
        ? undefined
        : { url: this.#uri, answerWithinMs: this.#withinMs, allWithinMs: this.#withinMs }
    return new OnDemandDataReader(PACKAGED, place, () => this.nowMs)
  }
}

/** Returns the data of the first failure. */
export function findFailure({ events }: Stage): FailureData {
  const [event] = events
  assert.ok(event)
  return event.data as FailureData
}

const AVRO_METADATA: LambdaSchema = { schemaId: String(AVRO_ID), dataFormat: 'AVRO' }

/**
 * Delivers a record in the form that Lambda uses for a mapping with a registry: with this value, and with metadata about its
 * schema.
 */
export function delivered(
  stage: FormatStage,
  record: LogRecord,
  value: Buffer,
  valueSchemaMetadata: LambdaSchema = AVRO_METADATA,
) {
  stage.inLog([record])
  const groups = Object.entries(kafkaEvent([record]).records).map(([name, group]) => [
    name,
    group.map(record => ({ ...record, value: value.toString('base64'), valueSchemaMetadata })),
  ])
  return stage.consume({ records: Object.fromEntries(groups) })
}
