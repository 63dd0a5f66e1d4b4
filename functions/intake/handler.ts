/** Appends the event of each record in the topics of other applications to `readings`, or to `events`. */
import { createClusterFinder, inputsIn } from '../../lib/app/inputs.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { loadedInputs } from '../../lib/app/loaded-inputs.ts'
import { GENERAL, INPUTS, PARTITION_KEY } from '../../lib/app/settings/index.ts'
import { INTAKE } from '../../lib/intake/input.ts'
import { intake } from '../../lib/intake/intake.ts'
import { createRecordReader } from '../../lib/intake/read-record.ts'

export const handler = kafkaConsumer(
  INTAKE,
  ({ env, inputsFile, keyBy }) => intake(inputsIn(env, inputsFile), keyBy),
  {
    slices: [GENERAL, INPUTS, PARTITION_KEY],
    clusterFinder: createClusterFinder,
    foreignReader: async config => createRecordReader(await loadedInputs(config)),
  },
)
