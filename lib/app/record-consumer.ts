/** Creates the handlers in `functions/` that read records which need not be events. */
import type { Application } from '#runtime/consumer/index.ts'
import type { Choices, WorkSource } from '#runtime/lambda/handler-types.ts'
import { kafkaHandler } from '#runtime/lambda/kafka-handler.ts'
import type { Slice } from '#runtime/settings/index.ts'
import { APPLICATION } from './application.ts'

/**
 * Returns a Kafka-triggered handler for a consumer of records. Mappings do not apply to it, so its bundle does not contain their
 * code.
 *
 * @param adapt returns the application with the consumer's own reading of records
 */
export function recordConsumer<State, Data, const Slices extends readonly Slice[] = readonly []>(
  name: string,
  adapt: (application: Application) => Application,
  source: WorkSource<State, Data, Slices>,
  choices: Choices<Slices> = {},
) {
  return kafkaHandler(adapt(APPLICATION), name, source, choices)
}
