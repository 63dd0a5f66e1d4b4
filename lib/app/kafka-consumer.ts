/** Creates the handlers in `functions/` that read from Kafka. */
import type { Choices, WorkSource } from '#runtime/lambda/handler-types.ts'
import { kafkaHandler } from '#runtime/lambda/kafka-handler.ts'
import type { Slice } from '#runtime/settings/index.ts'
import { APPLICATION } from './application.ts'

/** Returns a Kafka-triggered handler that runs a process or a sink of Sluice. */
export function kafkaConsumer<State, Data, const Slices extends readonly Slice[] = readonly []>(
  name: string,
  source: WorkSource<State, Data, Slices>,
  choices: Choices<Slices> = {},
) {
  return kafkaHandler(APPLICATION, name, source, choices)
}
