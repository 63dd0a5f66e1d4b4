/** Handler of the consumer `intake`, for the functions that read inputs and the one that reads their redriven records. */
import { INTAKE } from '../intake/input.ts'
import { intake } from '../intake/intake.ts'
import { createRecordReader } from '../intake/read-record.ts'
import { createClusterFinder, inputsIn } from './inputs.ts'
import { kafkaConsumer } from './kafka-consumer.ts'
import { loadedInputs } from './loaded-inputs.ts'
import { GENERAL, INPUTS, PARTITION_KEY } from './settings/index.ts'

export function intakeConsumer() {
  return kafkaConsumer(INTAKE, ({ env, inputsFile, keyBy }) => intake(inputsIn(env, inputsFile), keyBy), {
    slices: [GENERAL, INPUTS, PARTITION_KEY],
    clusterFinder: createClusterFinder,
    foreignReader: async config => createRecordReader(await loadedInputs(config)),
  })
}
