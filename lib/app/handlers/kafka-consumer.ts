/** Creates the handlers in `functions/` that read from Kafka. */
import type { Application } from '#runtime/consumer'
import { type Choices, kafkaHandler, type WorkSource } from '#runtime/functions/consumers'
import type { Slice } from '#runtime/settings'
import { APPLICATION, createApplication } from '../application.ts'
import type { Vocabulary } from '../naming/names.ts'
import { FAMILIES, NAMES } from '../settings/index.ts'

/** Settings of every consumer of Sluice, in addition to those of the engine. */
type OwnSlices = readonly [typeof FAMILIES, typeof NAMES]

type ConsumerChoices<Slices extends readonly Slice[]> = Omit<
  Choices<readonly [...OwnSlices, ...Slices]>,
  'slices'
> & {
  readonly slices?: Slices
  /** Returns the application with the consumer's own reading of records, for a consumer of records that need not be events. */
  readonly adapt?: (application: Application, vocabulary: Vocabulary) => Application
}

/** Returns a Kafka-triggered handler that runs a process or a sink of Sluice. Its settings contain the families and the names. */
export function kafkaConsumer<State, Data, const Slices extends readonly Slice[] = readonly []>(
  name: string,
  source: WorkSource<State, Data, readonly [...OwnSlices, ...Slices]>,
  { slices, adapt = application => application, ...choices }: ConsumerChoices<Slices> = {},
) {
  const application = {
    ...APPLICATION,
    build: (config: Vocabulary) => adapt(createApplication(config), config),
  }
  const all = [FAMILIES, NAMES, ...(slices ?? [])] as unknown as readonly [...OwnSlices, ...Slices]
  return kafkaHandler(application, name, source, { ...choices, slices: all } as Choices<typeof all>)
}
